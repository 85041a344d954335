//! The cookie of a visit, carried by tower-sessions, and what it remembers: what is said once, on the next page.
//!
//! tower-sessions writes its records whole and the last one wins, so nothing in them decides anything. Who somebody is
//! stands in the session's own row, found by the cookie's hash, which is why the ids here come from the domain.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use gatehouse_app::{SESSION_COOKIE, session_cookie};
use gatehouse_domain::account::{WebRecordError, WebRecords};
use gatehouse_domain::{SecretToken, Services};
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use super::session;

/// In a record while it is in memory, never in one that is kept: the id that the domain gave out.
const NEXT_ID: &str = "next-id";
/// What is said on the next page.
const SAID: &str = "said";
/// Longest text that is said, in bytes.
const MAX_SAID: usize = 1024;
/// Stands in for tower-sessions' own date, which the domain does not ask for: it has a clock of its own.
const NO_DATE: time::OffsetDateTime = time::OffsetDateTime::UNIX_EPOCH;

/// Keeps the records of tower-sessions.
#[derive(Clone)]
pub(super) struct Records(Arc<Services>);

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Records")
    }
}

impl Records {
    fn records(&self) -> &WebRecords {
        &self.0.web_records
    }

    async fn put(&self, record: &Record) -> Result<()> {
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        let put = self.records().put(&token(record.id)?, &data).await;
        put.map_err(|error| match error {
            WebRecordError::TooLarge => Error::Encode(error.to_string()),
            WebRecordError::Store(error) => Error::Backend(error.to_string()),
        })
    }
}

#[async_trait]
impl SessionStore for Records {
    /// Keeps a record under an id of the domain's making: the one that it gave out, else a fresh one.
    async fn create(&self, record: &mut Record) -> Result<()> {
        let given = record.data.remove(NEXT_ID);
        let text = match given.as_ref().and_then(serde_json::Value::as_str) {
            Some(text) => text.to_owned(),
            None => self.records().new_id().reveal().to_owned(),
        };
        record.id = text.parse().map_err(|_| Error::Encode("not the id of a cookie".to_owned()))?;
        self.put(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.put(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let found = self.records().load(&token(*id)?).await;
        // A visit that remembers nothing has no record, and keeps its id all the same: were tower-sessions told so, it would
        // make up another one, which is no session's. Signing in never keeps an id that came with the request.
        let data = match found.map_err(|error| Error::Backend(error.to_string()))? {
            Some(data) => serde_json::from_str(&data).map_err(|error| Error::Decode(error.to_string()))?,
            None => Default::default(),
        };
        Ok(Some(Record { id: *id, data, expiry_date: NO_DATE }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.records().delete(&token(*id)?).await.map_err(|error| Error::Backend(error.to_string()))
    }
}

fn token(id: Id) -> Result<SecretToken> {
    SecretToken::read_cookie(&id.to_string())
        .ok_or_else(|| Error::Decode("not the id of a cookie".to_owned()))
}

/// Reads and sets the cookie.
pub(super) fn layer(services: &Arc<Services>) -> SessionManagerLayer<Records> {
    SessionManagerLayer::new(Records(Arc::clone(services)))
        .with_name(SESSION_COOKIE)
        .with_path("/")
        .with_secure(true)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        // It ends with the browser; the session itself ends when its row says so.
        .with_expiry(Expiry::OnSessionEnd)
}

/// On an answer: the cookie is to be forgotten.
#[derive(Clone, Copy, Debug)]
struct Forget;

/// On an answer: it carries the cookie of a session that has just begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begun;

/// Lets a cookie out only where it changes. While one request is under way another may rotate the cookie: what the
/// first one sends when it is done must neither bring the old one back nor take the new one away.
pub(super) async fn guard(mut request: Request, next: Next) -> Response {
    let before = session::cookie(request.headers()).map(str::to_owned);
    if before.is_none() {
        // None, or two of which one is somebody's attempt to slip in their own.
        leave_out(SESSION_COOKIE, request.headers_mut());
    }
    let mut response = next.run(request).await;
    let forget = response.extensions_mut().remove::<Forget>().is_some();
    let sent: Vec<HeaderValue> = response.headers_mut().get_all(SET_COOKIE).iter().cloned().collect();
    response.headers_mut().remove(SET_COOKIE);
    for mut header in sent {
        let value = header.to_str().ok().and_then(|text| text.split_once('='));
        let value = value.filter(|(name, _)| *name == SESSION_COOKIE);
        let value = value.map(|(_, rest)| rest.split(';').next().unwrap_or_default());
        let passes = match value {
            Some("") => forget,
            Some(value) => Some(value) != before.as_deref(),
            None => true,
        };
        if passes {
            header.set_sensitive(true);
            response.headers_mut().append(SET_COOKIE, header);
        }
    }
    response
}

/// Takes a cookie out of a request's headers.
fn leave_out(name: &str, headers: &mut HeaderMap) {
    let is_it = |pair: &&str| pair.trim().split_once('=').is_some_and(|(found, _)| found == name);
    let all: Vec<HeaderValue> = headers.get_all(COOKIE).iter().cloned().collect();
    headers.remove(COOKIE);
    for header in all {
        let Ok(text) = header.to_str() else { continue };
        let kept = text.split(';').filter(|pair| !is_it(pair)).collect::<Vec<_>>().join(";");
        if let Some(value) = HeaderValue::from_str(kept.trim()).ok().filter(|value| !value.is_empty()) {
            headers.append(COOKIE, value);
        }
    }
}

/// Has the answer carry this cookie, with what the visit remembers.
pub(super) async fn carry(visit: &Session, cookie: &SecretToken) {
    let carried = async {
        visit.insert(NEXT_ID, cookie.reveal()).await?;
        visit.cycle_id().await
    };
    if let Err(error) = carried.await {
        tracing::error!(%error, "a session's new cookie cannot be carried");
    }
}

/// Has the answer carry the session's new cookie, unless a form has just begun another session or ended this one.
pub(super) async fn hand_out(visit: &Session, cookie: &SecretToken, response: &mut Response) {
    if response.extensions().get::<Forget>().is_some() || response.extensions().get::<Begun>().is_some() {
        return;
    }
    carry(visit, cookie).await;
    // tower-sessions sends no cookie with a failure of ours; but the one before has stopped working.
    if response.status().is_server_error()
        && let Ok(value) = HeaderValue::from_str(&session_cookie(cookie))
    {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Has the browser forget its cookie; what is said afterwards is said to nobody in particular.
pub(super) async fn forget(visit: &Session, response: &mut Response) {
    if let Err(error) = visit.flush().await {
        tracing::error!(%error, "the record of a visit cannot be deleted");
    }
    response.extensions_mut().insert(Forget);
}

/// Says something on the next page.
pub(super) async fn say(visit: &Session, text: &str) {
    let mut end = text.len().min(MAX_SAID);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // A message that is lost is no reason to fail: what it tells of has been done.
    if let Err(error) = visit.insert(SAID, text.get(..end).unwrap_or_default()).await {
        tracing::error!(%error, "a message cannot be kept");
    }
}

/// What is to be said on this page, once.
pub(super) async fn said(visit: &Session) -> Option<String> {
    // Nobody without a cookie has been told anything.
    visit.id()?;
    let said = match visit.get_value(SAID).await {
        // Removing it makes a write, so it is looked for first.
        Ok(Some(_)) => visit.remove::<String>(SAID).await,
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    said.unwrap_or_else(|error| {
        tracing::error!(%error, "what a visit remembers cannot be read");
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_cookies_neither_is_left_and_others_stay() {
        let mut headers = HeaderMap::new();
        for text in ["a=1; __Host-gatehouse_session=x; b=2", "__Host-gatehouse_session=y"] {
            headers.append(COOKIE, HeaderValue::from_static(text));
        }
        leave_out(SESSION_COOKIE, &mut headers);
        let left: Vec<_> = headers.get_all(COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(left, ["a=1; b=2"]);
    }
}
