//! What holds for how devices boot and get in.

use gatehouse_model::BootDrift;

use super::settings::{NotSaved, change, settings, settle};
use crate::ConsoleContext;

/// These settings as the form has them.
#[derive(Clone, Debug)]
pub(crate) struct WishedBoot {
    pub(crate) boot_drift: BootDrift,
    pub(crate) ship_ahead: bool,
    pub(crate) fetch_cas: bool,
    pub(crate) revision: String,
}

/// Saves them; what else is set stays.
///
/// # Errors
/// No role allows it; somebody else was faster.
pub(crate) async fn save_boot_settings(console: &ConsoleContext, wished: WishedBoot) -> Result<(), NotSaved> {
    let document = settings(console).await.map_err(|error| (error, None))?.document;
    let grant = console.granted().map_err(|error| (error, None))?;
    let saved = change(console, &grant, &document, &wished.revision, |spec| {
        spec.device_trust.boot_drift = Some(wished.boot_drift);
        spec.device_trust.ship_ahead = Some(wished.ship_ahead);
        spec.device_trust.ekcert_fetch_cas = Some(wished.fetch_cas);
    });
    settle(console, saved.await).await
}
