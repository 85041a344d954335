//! Imports of devices from files.

use gatehouse_domain::authz::{CreateDevices, Grant};
use gatehouse_domain::device::{ImportLines, Sheet};
use gatehouse_domain::entity::{DeviceImport, LineVerdict};

use super::page_token;
use crate::{ApiError, ConsoleContext};

fn grant(console: &ConsoleContext) -> Result<Grant<CreateDevices>, ApiError> {
    console.principal.grant::<CreateDevices>().map_err(|error| console.refuse(error))
}

pub(crate) async fn list(console: &ConsoleContext) -> Result<Vec<DeviceImport>, ApiError> {
    let grant = grant(console)?;
    console.services.imports.list(&grant).await.map_err(|error| console.refuse(error))
}

/// The lines of one kind, by page from 1 on.
///
/// # Errors
/// As the import's own; a kind or a page that there cannot be.
pub(crate) async fn lines(
    console: &ConsoleContext,
    id: &str,
    verdict: Option<&str>,
    page: Option<&str>,
) -> Result<(ImportLines, LineVerdict), ApiError> {
    let grant = grant(console)?;
    let page = page.map(page_token::number).transpose()?.map_or(0, |page| page - 1);
    let verdict = match verdict {
        Some(name) => LineVerdict::ALL
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
            .ok_or_else(|| ApiError::invalid("invalid_filter", "there are no lines of this kind"))?,
        // What there is most likely something to be said about.
        None => {
            let import =
                console.services.imports.get(&grant, id).await.map_err(|error| console.refuse(error))?;
            let filled = LineVerdict::ALL.into_iter().find(|verdict| import.contents.count(*verdict) > 0);
            filled.unwrap_or(LineVerdict::Fresh)
        }
    };
    let lines = console.services.imports.lines(&grant, id, verdict, page).await;
    lines.map(|lines| (lines, verdict)).map_err(|error| console.refuse(error))
}

/// Reads a file and keeps what it says to be confirmed.
pub(crate) async fn draft(
    console: &ConsoleContext,
    name: &str,
    bytes: axum::body::Bytes,
) -> Result<DeviceImport, ApiError> {
    let grant = grant(console)?;
    let sheet = Sheet::read(bytes).await.map_err(|error| console.refuse(error))?;
    console.services.imports.draft(&grant, name, sheet).await.map_err(|error| console.refuse(error))
}

/// Confirms; false if it was confirmed before.
pub(crate) async fn start(console: &ConsoleContext, id: &str) -> Result<(DeviceImport, bool), ApiError> {
    let grant = grant(console)?;
    console.services.imports.start(&grant, id).await.map_err(|error| console.refuse(error))
}

pub(crate) async fn discard(console: &ConsoleContext, id: &str) -> Result<(), ApiError> {
    let grant = grant(console)?;
    console.services.imports.discard(&grant, id).await.map_err(|error| console.refuse(error))
}
