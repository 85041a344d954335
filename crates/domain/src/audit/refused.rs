//! Requests that were refused: noted, so that the id that somebody was shown with the error is found; but only so many of
//! one session, since each is a row that somebody else has to keep.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use gatehouse_model::{ErrorKind, Timestamp};

use super::{AuditLog, EventKind};
use crate::authz::Attribution;
use crate::entity::AuditFilter;
use crate::ports::StoreError;

/// Refused requests of one session that are noted within an hour; with the last of them comes the word that there may be
/// more. Those stand in the server's own log, as all of them do.
const MAX_NOTED: u32 = 60;
const HOUR_SECS: i64 = 3600;

/// What was refused, and why.
#[derive(Clone, Debug)]
pub struct RefusedRequest {
    /// Method and pattern of what was asked for, never an address that may hold a secret.
    pub request: String,
    pub kind: ErrorKind,
    pub code: String,
    pub message: String,
}

/// What becomes of one more refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Noting {
    Noted,
    /// Noted, with the word that no more are.
    AndSaidSo,
    LogOnly,
}

/// What this server has noted of refused requests, by session.
#[derive(Default)]
pub(super) struct Counts(Mutex<Sessions>);

#[derive(Default)]
struct Sessions {
    noted: HashMap<String, Hour>,
    /// When those whose hour is over were last left out.
    tidied: Option<Timestamp>,
}

/// The hour that begins with the first refusal.
struct Hour {
    since: Timestamp,
    count: u32,
}

impl Hour {
    fn is_over(&self, now: Timestamp) -> bool {
        now.secs_since(self.since) >= HOUR_SECS
    }
}

impl Counts {
    /// Whether one more would be noted.
    fn has_room(&self, session: &str, now: Timestamp) -> bool {
        let sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.noted.get(session).is_none_or(|hour| hour.is_over(now) || hour.count <= MAX_NOTED)
    }

    /// Counts one more.
    fn count(&self, session: &str, now: Timestamp) -> Noting {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.tidied.is_none_or(|tidied| now.secs_since(tidied) >= HOUR_SECS) {
            sessions.noted.retain(|_, hour| !hour.is_over(now));
            sessions.tidied = Some(now);
        }
        let hour = sessions.noted.entry(session.to_owned()).or_insert(Hour { since: now, count: 0 });
        if hour.is_over(now) {
            *hour = Hour { since: now, count: 0 };
        }
        hour.count = hour.count.saturating_add(1);
        match hour.count.cmp(&(MAX_NOTED + 1)) {
            std::cmp::Ordering::Less => Noting::Noted,
            std::cmp::Ordering::Equal => Noting::AndSaidSo,
            std::cmp::Ordering::Greater => Noting::LogOnly,
        }
    }
}

impl AuditLog {
    /// Notes a request that was refused. What has left an event of its own already is not noted again; strangers leave
    /// none but those that the rules write; and where storage is what failed, nothing can be noted.
    ///
    /// # Errors
    /// Storage.
    pub async fn note_refused(&self, by: &Attribution, refused: &RefusedRequest) -> Result<(), StoreError> {
        if by.user.is_empty() || by.request_id.is_empty() || refused.kind == ErrorKind::Unavailable {
            return Ok(());
        }
        let now = self.core.now();
        let session = if by.session_id.is_empty() { &by.user } else { &by.session_id };
        if !self.refused.has_room(session, now) {
            return Ok(());
        }
        let filter = AuditFilter { request_id: Some(by.request_id.clone()), ..AuditFilter::default() };
        if !self.core.read().await?.events(&filter, 1).await?.is_empty() {
            return Ok(());
        }
        let kind = EventKind::REQUEST_REFUSED;
        let noting = self.refused.count(session, now);
        let event = self.core.event(kind, by).about(&refused.request);
        let mut event = event.failed(kind, &refused.code, &refused.message);
        match noting {
            Noting::Noted => {}
            Noting::AndSaidSo => {
                event.message = format!(
                    "more than {MAX_NOTED} requests of this session were refused: further ones within the hour are in \
                     the server's own log only"
                );
            }
            Noting::LogOnly => return Ok(()),
        }
        self.core.append_alone(&event).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn a_session_that_is_refused_over_and_over_is_noted_for_a_while() {
        let counts = Counts::default();
        for place in 0..MAX_NOTED {
            assert_eq!(counts.count("a", NOW.plus_secs(place.into())), Noting::Noted);
        }
        assert!(counts.has_room("a", NOW));
        assert_eq!(counts.count("a", NOW.plus_secs(61)), Noting::AndSaidSo);
        assert!(!counts.has_room("a", NOW.plus_secs(62)));
        for _ in 0..1000 {
            assert_eq!(counts.count("a", NOW.plus_secs(HOUR_SECS - 1)), Noting::LogOnly);
        }
        assert!(counts.has_room("b", NOW));
        assert_eq!(counts.count("b", NOW), Noting::Noted);
        assert!(counts.has_room("a", NOW.plus_secs(HOUR_SECS)));
        assert_eq!(counts.count("a", NOW.plus_secs(HOUR_SECS)), Noting::Noted);
    }

    #[test]
    fn what_is_over_takes_no_memory() {
        let counts = Counts::default();
        for number in 0..100 {
            counts.count(&number.to_string(), NOW);
        }
        counts.count("last", NOW.plus_secs(HOUR_SECS));
        assert_eq!(counts.0.lock().unwrap().noted.len(), 1);
    }
}
