//! What holds for browsers' sessions that a device speaks for.

use gatehouse_model::{LinkScheme, WebSessionMaxAge};

use super::settings::{NotSaved, change, settings, settle};
use crate::ConsoleContext;

/// These settings as the form has them.
#[derive(Clone, Debug)]
pub(crate) struct WishedWeb {
    /// None leaves it to the configuration file, and without one to the session.
    pub(crate) max_age: Option<WebSessionMaxAge>,
    pub(crate) link_scheme: LinkScheme,
    pub(crate) remote_browser: bool,
    pub(crate) revision: String,
}

/// Saves them; what else is set stays.
///
/// # Errors
/// No role allows it; somebody else was faster.
pub(crate) async fn save_web_settings(console: &ConsoleContext, wished: WishedWeb) -> Result<(), NotSaved> {
    let document = settings(console).await.map_err(|error| (error, None))?.document;
    let grant = console.granted().map_err(|error| (error, None))?;
    let saved = change(console, &grant, &document, &wished.revision, |spec| {
        spec.device_trust.web_session_max_age = wished.max_age;
        spec.device_trust.link_scheme = Some(wished.link_scheme);
        spec.device_trust.remote_browser = Some(wished.remote_browser);
    });
    settle(console, saved.await).await
}
