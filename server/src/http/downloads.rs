//! Files that are made for the asking.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use gatehouse_app::ConsoleContext;
use gatehouse_domain::authz::CreateDevices;
use gatehouse_domain::device::{IMPORT_TEMPLATE, ImportError};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Uri};

use super::{Console, pages};

const CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// A list to begin with.
pub(super) async fn import_template() -> Response {
    file(HeaderValue::from_static("attachment; filename=\"devices.csv\""), IMPORT_TEMPLATE.to_owned())
}

/// What an import's lines were found to be, and what came of them.
pub(super) async fn import_report(
    State(console): State<Console>,
    Extension(context): Extension<ConsoleContext>,
    Path(id): Path<String>,
    uri: Uri,
    parts: Parts,
) -> Response {
    if context.principal.signed_in().is_none() {
        return pages::to_login(&uri);
    }
    let report = async {
        let grant = context.principal.grant::<CreateDevices>()?;
        console.services.imports.report(&grant, &id).await
    };
    match report.await {
        // Spreadsheets take UTF-8 for what it is only with the mark.
        Ok(text) => file(
            HeaderValue::from_static("attachment; filename=\"import-report.csv\""),
            format!("\u{feff}{text}"),
        ),
        Err(error) => {
            let error: ImportError = error;
            let refusal = gatehouse_app::Refusal(context.refuse(error));
            pages::refused(&console, context.clone(), parts, refusal).await
        }
    }
}

fn file(disposition: HeaderValue, text: String) -> Response {
    ([(CONTENT_TYPE, CSV), (CONTENT_DISPOSITION, disposition)], text).into_response()
}
