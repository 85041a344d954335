//! Who listens is told of what was committed: on SQLite by this server, which is the only one; on PostgreSQL by the
//! database, whichever server it was.

use std::time::Duration;

use async_trait::async_trait;
use gatehouse_domain::entity::AuditEvent;
use gatehouse_domain::ports::store::Stored;
use gatehouse_domain::ports::{Change, Changes, Heard};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::broadcast;

use crate::decode::to_json;

/// Messages that a listener may lag behind before it misses some.
const KEPT: usize = 1024;
/// Of the messages between the servers on one database.
const CHANNEL: &str = "gatehouse_changes";
const CHANGES_A_MESSAGE: usize = 8;
/// PostgreSQL's payloads end at 8000 bytes.
const MAX_MESSAGE: usize = 7900;
/// Stands for changes that are too long to be told.
const MISSED: &str = "";
/// Between two attempts to reach the database.
const RETRY: Duration = Duration::from_secs(2);

/// Hands changes to every listener.
#[derive(Clone)]
pub(crate) struct Feed(broadcast::Sender<Heard>);

impl Feed {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }

    /// For a unit of work that begins.
    pub(crate) fn unit(&self) -> Told {
        Told { changes: Vec::new(), feed: Some(self.clone()) }
    }

    pub(crate) fn listen(&self) -> Box<dyn Changes> {
        Box::new(Listener(self.0.subscribe()))
    }

    fn tell(&self, heard: Heard) {
        // Without listeners there is nobody to tell.
        let _ = self.0.send(heard);
    }
}

/// What a unit of work has changed so far.
pub(crate) struct Told {
    changes: Vec<Change>,
    /// `None` where the database tells.
    feed: Option<Feed>,
}

impl Told {
    /// For who tells of nothing, or leaves it to the database.
    pub(crate) fn without_feed() -> Self {
        Self { changes: Vec::new(), feed: None }
    }

    pub(crate) fn note(&mut self, event: &AuditEvent) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.note_change(Change {
            event: event.event.clone(),
            device_id: event.device.as_ref().and_then(|device| some(&device.device_id)),
            user: some(&event.user),
            target: some(&event.target),
            session_id: some(&event.session_id),
        });
    }

    pub(crate) fn note_change(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// As the database is to tell it.
    pub(crate) fn messages(&self) -> Stored<Vec<String>> {
        let spelled = |changes: &[Change]| {
            let text = to_json(&changes.iter().map(Spelled::from).collect::<Vec<_>>())?;
            Ok(if text.len() < MAX_MESSAGE { text } else { MISSED.to_owned() })
        };
        self.changes.chunks(CHANGES_A_MESSAGE).map(spelled).collect()
    }

    /// Tells it, unless the database does.
    pub(crate) fn committed(self) {
        if let Some(feed) = self.feed.filter(|_| !self.changes.is_empty()) {
            feed.tell(Heard::Changes(self.changes));
        }
    }
}

/// A change between servers, which may be of two releases.
#[derive(Serialize, Deserialize)]
struct Spelled {
    event: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

impl From<&Change> for Spelled {
    fn from(change: &Change) -> Self {
        Self {
            event: change.event.clone(),
            device: change.device_id.clone(),
            user: change.user.clone(),
            target: change.target.clone(),
            session: change.session_id.clone(),
        }
    }
}

impl From<Spelled> for Change {
    fn from(spelled: Spelled) -> Self {
        Self {
            event: spelled.event,
            device_id: spelled.device,
            user: spelled.user,
            target: spelled.target,
            session_id: spelled.session,
        }
    }
}

struct Listener(broadcast::Receiver<Heard>);

#[async_trait]
impl Changes for Listener {
    async fn next(&mut self) -> Option<Heard> {
        match self.0.recv().await {
            Ok(heard) => Some(heard),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

/// Listens to the database for as long as the pool is open.
pub(crate) fn listen_to(pool: &PgPool, feed: &Feed) {
    let (pool, feed) = (pool.clone(), feed.clone());
    tokio::spawn(async move {
        while !pool.is_closed() {
            if let Err(error) = hear(&pool, &feed).await {
                tracing::warn!(%error, "lost the database's word of changes; listening anew");
            }
            tokio::select! {
                () = pool.close_event() => return,
                () = tokio::time::sleep(RETRY) => {}
            }
        }
    });
}

async fn hear(pool: &PgPool, feed: &Feed) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // Whatever happened before that was not heard.
    feed.tell(Heard::Missed);
    loop {
        match listener.try_recv().await? {
            Some(message) => match serde_json::from_str::<Vec<Spelled>>(message.payload()) {
                Ok(changes) => feed.tell(Heard::Changes(changes.into_iter().map(Change::from).collect())),
                Err(_) => feed.tell(Heard::Missed),
            },
            // The connection was lost and made anew.
            None => feed.tell(Heard::Missed),
        }
    }
}
