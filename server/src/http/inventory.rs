//! What the inventory answers beside its pages: a line by itself, and the whole list as a file.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use gatehouse_app::{ApiError, ConsoleContext, Refusal, device_row, parameters};
use gatehouse_domain::Failure;
use gatehouse_domain::authz::{Grant, ListDevices};
use gatehouse_domain::device::{DeviceQuery, DevicesExported};
use gatehouse_domain::entity::ListPlace;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::request::Parts;
use http::{StatusCode, Uri};

use super::{Console, pages, session};

/// The line of one device, for a page that shows it already. A device that is gone has none.
pub(super) async fn row(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    if context.principal.signed_in().is_none() {
        return pages::to_login(&uri);
    }
    let found = match grant(&context) {
        Ok(grant) => console.services.devices.listed(&grant, &id).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match found {
        Ok(Some((device, at))) => {
            ([(CACHE_CONTROL, "no-store")], Html(device_row(device, at))).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "there is no such device\n").into_response(),
        Err(failure) => {
            let error = context.refuse(failure);
            let status = StatusCode::from_u16(error.kind.http_status());
            (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), format!("{error}\n")).into_response()
        }
    }
}

fn grant(context: &ConsoleContext) -> Result<Grant<ListDevices>, Failure> {
    context.principal.grant::<ListDevices>().map_err(Failure::from)
}

/// What is still to be sent of a list.
struct Export {
    console: Console,
    context: ConsoleContext,
    cookie: String,
    query: DeviceQuery,
    /// Lines that were read already.
    lines: Option<Bytes>,
    next: Option<ListPlace>,
}

/// All devices of the list that the query names, piece by piece.
pub(super) async fn export(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    uri: Uri,
    parts: Parts,
) -> Response {
    let cookie = session::cookie(&parts.headers).map(str::to_owned);
    let Some(cookie) = cookie.filter(|_| context.principal.signed_in().is_some()) else {
        return pages::to_login(&uri);
    };
    let pairs = parameters(uri.query().unwrap_or_default());
    let query = DeviceQuery::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    // What is wrong from the beginning is said on a page.
    let begun = match query {
        Ok(query) => piece(&console, &context, &query, None).await.map(|first| (query, first)),
        Err(error) => Err(error.into()),
    };
    let (query, first) = match begun {
        Ok(begun) => begun,
        Err(failure) => {
            let refusal = Refusal(context.refuse(failure));
            return pages::refused(&console, context.clone(), parts, refusal).await;
        }
    };
    let next = first.next.clone();
    let lines = Bytes::from(format!("{}{}", DevicesExported::HEAD, first.csv()));
    let export = Export { console, context, cookie, query, lines: Some(lines), next };
    // Fused: what compresses it asks once more after the end.
    let pieces = stream::unfold(export, Export::send).fuse();
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"devices.csv\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// The piece that begins at `place`.
async fn piece(
    console: &Console,
    context: &ConsoleContext,
    query: &DeviceQuery,
    place: Option<ListPlace>,
) -> Result<DevicesExported, Failure> {
    let grant = grant(context)?;
    console.services.devices.export(&grant, query, place).await.map_err(Failure::from)
}

impl Export {
    /// The next piece. One that fails breaks the download off, so that nobody takes a part for the whole.
    async fn send(mut self) -> Option<(Result<Bytes, std::io::Error>, Self)> {
        if let Some(lines) = self.lines.take() {
            return Some((Ok(lines), self));
        }
        let place = self.next.take()?;
        match self.read(place).await {
            Ok(piece) => {
                self.next = piece.next.clone();
                Some((Ok(Bytes::from(piece.csv())), self))
            }
            Err(error) => Some((Err(std::io::Error::other(error)), self)),
        }
    }

    /// Who asks is asked anew for each piece, and whether the list is still theirs to read: a lock, an ended session or
    /// a role that was taken away ends the download.
    async fn read(&mut self, place: ListPlace) -> Result<DevicesExported, ApiError> {
        let (identity, facts) = (&self.console.services.identity, self.context.facts.clone());
        let principal = identity.by_cookie(&self.cookie, facts).await;
        self.context.principal = principal.map_err(|error| self.context.refuse(error))?;
        let piece = piece(&self.console, &self.context, &self.query, Some(place)).await;
        piece.map_err(|failure| self.context.refuse(failure))
    }
}
