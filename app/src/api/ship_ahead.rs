//! TPMs that are announced before their devices arrive.

use gatehouse_domain::authz::{AnnounceTpms, CreateDevices, ListDevices};
use gatehouse_domain::device::ShipAheadImport;
use gatehouse_domain::entity::{ShipAhead, ShipAheadCursor};

use super::page_token;
use crate::{ApiError, ConsoleContext};

/// Announcements of one page.
const PAGE: i64 = 50;

/// A page of announcements.
pub(crate) struct ShipAheadList {
    pub(crate) rows: Vec<ShipAhead>,
    /// Token of the next page.
    pub(crate) next: Option<String>,
    /// Announced TPMs enrol at all.
    pub(crate) is_on: bool,
}

/// A page of announcements, newest first.
///
/// # Errors
/// No role allows it; a damaged token.
pub(crate) async fn ship_ahead_list(
    console: &ConsoleContext,
    after: Option<&str>,
) -> Result<ShipAheadList, ApiError> {
    let grant = console.principal.grant::<ListDevices>().map_err(|error| console.refuse(error))?;
    let before = after.map(page_token::read::<ShipAheadCursor>).transpose()?;
    let listed = console.services.ship_ahead.list(&grant, before.as_ref(), PAGE).await;
    let (rows, next) = listed.map_err(|error| console.refuse(error))?;
    let effective = console.services.preference.current().await.map_err(|error| console.refuse(error))?;
    Ok(ShipAheadList { rows, next: next.as_ref().and_then(page_token::write), is_on: effective.ship_ahead })
}

/// Announces the TPMs of a list, or says what that would do.
pub(crate) async fn import(
    console: &ConsoleContext,
    csv: &[u8],
    dry_run: bool,
) -> Result<ShipAheadImport, ApiError> {
    let announces = console.principal.grant::<AnnounceTpms>().map_err(|error| console.refuse(error))?;
    let registers = console.principal.grant::<CreateDevices>().map_err(|error| console.refuse(error))?;
    let done = console.services.ship_ahead.import(&announces, &registers, csv, dry_run).await;
    done.map_err(|error| console.refuse(error))
}

/// Takes an announcement back.
pub(crate) async fn remove(console: &ConsoleContext, id: &str) -> Result<(), ApiError> {
    let grant = console.principal.grant::<AnnounceTpms>().map_err(|error| console.refuse(error))?;
    console.services.ship_ahead.remove(&grant, id).await.map_err(|error| console.refuse(error))
}
