//! What the inventory answers beside its pages: a line by itself, and the whole list as a file.

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse as _, Response};
use futures::stream;
use gatehouse_app::{ConsoleContext, Refusal, device_row, parameters};
use gatehouse_domain::authz::{Grant, ListDevices};
use gatehouse_domain::device::{DeviceQuery, DevicesExported, SearchError};
use gatehouse_domain::entity::ListPlace;
use gatehouse_domain::{Decision, Failure};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::request::Parts;
use http::{StatusCode, Uri};

use super::{Console, pages};

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

/// All devices of the list that the query names, piece by piece.
pub(super) async fn export(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    uri: Uri,
    parts: Parts,
) -> Response {
    if context.principal.signed_in().is_none() {
        return pages::to_login(&uri);
    }
    let pairs = parameters(uri.query().unwrap_or_default());
    let query = DeviceQuery::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let begun = match (grant(&context), query) {
        (Ok(grant), Ok(query)) => {
            // What is wrong from the beginning is said on a page.
            let first = console.services.devices.export(&grant, &query, None).await;
            first.map(|first| (grant, query, first)).map_err(Failure::from)
        }
        (Err(failure), _) => Err(failure),
        (_, Err(error)) => Err(error.into()),
    };
    let (grant, query, first) = match begun {
        Ok(begun) => begun,
        Err(failure) => {
            let refusal = Refusal(context.refuse(failure));
            return pages::refused(&console, context.clone(), parts, refusal).await;
        }
    };
    let head = Bytes::from_static(DevicesExported::HEAD.as_bytes());
    let state = Some((first.next.clone(), Bytes::from(first.csv())));
    let pieces = stream::try_unfold((state, Some(head)), move |(state, head)| {
        let (services, grant, query) = (console.services.clone(), grant.clone(), query.clone());
        async move {
            if let Some(head) = head {
                return Ok::<_, SearchError>(Some((head, (state, None))));
            }
            let Some((next, piece)) = state else { return Ok(None) };
            let next = following(&services, &grant, &query, next).await?;
            Ok(Some((piece, (next, None))))
        }
    });
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"devices.csv\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}

/// The piece that begins at `place`. A failure ends the answer short, which browsers show as a failed download.
async fn following(
    services: &gatehouse_domain::Services,
    grant: &Grant<ListDevices>,
    query: &DeviceQuery,
    place: Option<ListPlace>,
) -> Result<Option<(Option<ListPlace>, Bytes)>, SearchError> {
    let Some(place) = place else { return Ok(None) };
    match services.devices.export(grant, query, Some(place)).await {
        Ok(piece) => Ok(Some((piece.next.clone(), Bytes::from(piece.csv())))),
        Err(error) => {
            tracing::error!(code = error.code(), %error, "an export ended short");
            Err(error)
        }
    }
}
