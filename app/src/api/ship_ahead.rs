//! TPMs that are announced before their devices arrive.

use gatehouse_domain::authz::{AnnounceTpms, CreateDevices, ListDevices};
use gatehouse_domain::device::ShipAheadImport;
use gatehouse_domain::entity::ShipAhead;

use crate::{ApiError, ConsoleContext};

/// Most that a page shows.
pub(crate) const SHOWN: i64 = 200;

/// The newest announcements, whether there are more, and whether announced TPMs enrol at all.
pub(crate) async fn newest(console: &ConsoleContext) -> Result<(Vec<ShipAhead>, bool, bool), ApiError> {
    let grant = console.principal.grant::<ListDevices>().map_err(|error| console.refuse(error))?;
    let listed = console.services.ship_ahead.list(&grant, None, SHOWN).await;
    let (rows, more) = listed.map_err(|error| console.refuse(error))?;
    let effective = console.services.preference.current().await.map_err(|error| console.refuse(error))?;
    Ok((rows, more.is_some(), effective.ship_ahead))
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
