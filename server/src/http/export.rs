//! The audit log as lines of JSON: read and sent piece by piece, however long it is.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use gatehouse_app::api::{AuditQuery, export_events};
use gatehouse_app::{ApiError, ConsoleContext, Refusal};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::{Console, pages, session};

/// What is still to be sent.
struct Export {
    console: Console,
    context: ConsoleContext,
    cookie: String,
    /// Lines that were read already.
    lines: Option<String>,
    next: Option<AuditQuery>,
}

/// Sends the events that the address asks for.
pub(super) async fn lines(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    request: Request,
) -> Response {
    let cookie = session::cookie(request.headers()).map(str::to_owned);
    let Some(cookie) = cookie.filter(|_| context.principal.signed_in().is_some()) else {
        return pages::to_login(request.uri());
    };
    // What stands in the way is told as a page, before the first line.
    let first = match AuditQuery::read(request.uri().query().unwrap_or_default()) {
        Ok(query) => export_events(&context, &query).await,
        Err(error) => Err(error),
    };
    let (lines, next) = match first {
        Ok(first) => first,
        Err(error) => {
            let (parts, _) = request.into_parts();
            return pages::refused(&console, context, parts, Refusal(error)).await;
        }
    };
    let export = Export { console, context, cookie, lines: Some(lines), next };
    // Fused: what compresses it asks once more after the end.
    let lines = stream::unfold(export, |export| export.send()).fuse();
    let body = Body::from_stream(lines);
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson; charset=utf-8"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.jsonl\""));
    response
}

impl Export {
    /// The next piece. One that fails breaks the download off, so that nobody takes a part for the whole.
    async fn send(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        if let Some(lines) = self.lines.take() {
            return Some((Ok(lines.into()), self));
        }
        let query = self.next.take()?;
        match self.read(&query).await {
            Ok((lines, next)) => {
                self.next = next;
                Some((Ok(lines.into()), self))
            }
            Err(error) => Some((Err(std::io::Error::other(error)), self)),
        }
    }

    /// Who asks is asked anew for each piece: a lock or an ended session ends the download.
    async fn read(&mut self, query: &AuditQuery) -> Result<(String, Option<AuditQuery>), ApiError> {
        let (identity, facts) = (&self.console.services.identity, self.context.facts.clone());
        let principal = identity.by_cookie(&self.cookie, facts).await;
        self.context.principal = principal.map_err(|error| self.context.refuse(error))?;
        export_events(&self.context, query).await
    }
}
