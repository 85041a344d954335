//! Tells open pages what has changed, as server-sent events: topics, never content. What a page shows of a topic it
//! fetches like any page.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream};
use gatehouse_app::ConsoleContext;
use gatehouse_domain::Services;
use gatehouse_domain::authz::Principal;
use gatehouse_domain::identity::RequestFacts;
use gatehouse_domain::live::{Topic, topics};
use gatehouse_domain::ports::{Changes, Heard};
use http::{HeaderValue, StatusCode};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::open_streams::OpenStream;
use super::{Console, session};

/// Between two looks at the session, and so the longest silence.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes so close together are told together.
const GATHER: Duration = Duration::from_millis(80);
/// What goes on without a pause, as an import does, is told so often.
const PATIENCE: Duration = Duration::from_secs(1);
/// Then the browser comes again: a connection is not kept for ever.
const LIFETIME: Duration = Duration::from_secs(15 * 60);
/// More topics at once are told as one: everything.
const MAX_TOPICS: usize = 200;

/// One open page.
struct Listening {
    services: Arc<Services>,
    changes: Box<dyn Changes>,
    cookie: String,
    facts: RequestFacts,
    until: Instant,
    /// The server is told to stop.
    stop: CancellationToken,
    greeted: bool,
    over: bool,
    /// The device that the session was trusted for when it was last looked at.
    device: Option<String>,
    /// Counts as long as this is there.
    _open: OpenStream,
}

pub(super) async fn stream(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    let cookie = session::cookie(request.headers()).map(str::to_owned);
    let (Some(cookie), Some(user)) = (cookie, context.principal.signed_in()) else {
        // 204 tells an EventSource not to come again.
        return StatusCode::NO_CONTENT.into_response();
    };
    let Some(open) = console.streams.open(user) else {
        // Nor does it after 429, until its page is looked at again.
        return (StatusCode::TOO_MANY_REQUESTS, "too many open pages listen already: close some\n")
            .into_response();
    };
    let listening = Listening {
        changes: console.services.live.watch(),
        services: Arc::clone(&console.services),
        cookie,
        facts: context.facts.clone(),
        until: Instant::now() + LIFETIME,
        stop: request.extensions().get::<CancellationToken>().cloned().unwrap_or_default(),
        greeted: false,
        over: false,
        device: device_of(&context.principal),
        _open: open,
    };
    let mut response = Sse::new(events(listening)).into_response();
    // Proxies must not gather it.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn events(listening: Listening) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listening, |mut listening| async move {
        listening.next().await.map(|event| (Ok(event), listening))
    })
}

impl Listening {
    /// `None` at the end.
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        if !self.greeted {
            self.greeted = true;
            return Some(Event::default().event("hello").data("listening"));
        }
        let heard = match self.hear().await {
            Some(Next::Heard(heard)) => Some(heard),
            Some(Next::Silence) => None,
            None => return None,
        };
        let principal = self.services.identity.by_cookie(&self.cookie, self.facts.clone()).await;
        let principal = match principal {
            Ok(principal) if principal.signed_in().is_some() => principal,
            // Ended, expired, locked, or its cookie was rotated: the page looks for itself.
            _ => {
                self.over = true;
                return Some(told(&BTreeSet::from([Topic::Session])));
            }
        };
        let mut found = BTreeSet::new();
        // Whoever loses the trust of a device is told, also where what took it is nothing that they may hear of: an
        // administrator's change, or time.
        let device = device_of(&principal);
        if device != self.device {
            self.device = device;
            found.insert(Topic::Session);
        }
        for heard in heard.iter().flatten() {
            found.extend(topics(&principal, heard));
        }
        if found.len() > MAX_TOPICS {
            found = BTreeSet::from([Topic::Everything]);
        }
        if found.is_empty() { Some(Event::default().comment("")) } else { Some(told(&found)) }
    }

    /// What is heard until it is silent for a moment; `None` when the time is over.
    async fn hear(&mut self) -> Option<Next> {
        tokio::select! {
            heard = self.changes.next() => {
                let mut all = vec![heard?];
                let told_by = Instant::now() + PATIENCE;
                while let Ok(Some(more)) = tokio::time::timeout(GATHER, self.changes.next()).await {
                    all.push(more);
                    if all.len() >= MAX_TOPICS || Instant::now() >= told_by {
                        break;
                    }
                }
                Some(Next::Heard(all))
            }
            () = tokio::time::sleep(HEARTBEAT) => (Instant::now() < self.until).then_some(Next::Silence),
            () = self.stop.cancelled() => None,
        }
    }
}

fn device_of(principal: &Principal) -> Option<String> {
    Some(principal.signed_in()?.device.as_ref()?.device_id.clone())
}

enum Next {
    Heard(Vec<Heard>),
    Silence,
}

fn told(topics: &BTreeSet<Topic>) -> Event {
    let names: Vec<String> = topics.iter().map(ToString::to_string).collect();
    Event::default().event("changed").data(names.join(" "))
}
