use std::collections::BTreeMap;

use gatehouse_domain::Failure;
use gatehouse_domain::authz::{ForeseePreference, ForeseeRole, Grant, ReadPreference, UpdatePreference};
use gatehouse_domain::cluster::{LockedOut, PreferenceDocument, PreferenceError, Yourself};
use gatehouse_domain::entity::{PREFERENCE_KEYS, PreferenceKey};
use gatehouse_model::resource::PreferenceSpec;
use gatehouse_model::{DeviceTrustMode, SecondFactor};

use super::page_token;
use super::roles::{asks_more, to_confirm};
use crate::{ApiError, ConsoleContext};

/// Names of locked-out users that are shown at once.
pub(crate) const NAMES: i64 = 50;

/// The settings' page.
pub(crate) struct Settings {
    pub(crate) document: PreferenceDocument,
    pub(crate) may_update: bool,
}

/// What is to be said beside settings that were not saved.
#[derive(Clone, Debug)]
pub(crate) enum SettingsRemark {
    /// They lock people out, and are to be confirmed.
    Confirm { locked_out: LockedOut, mode: DeviceTrustMode },
    /// Somebody else was faster: what the values are now, by key.
    Meanwhile(BTreeMap<&'static str, String>),
}

/// Settings that were not saved: why, and what there is to say beside them.
pub(crate) type NotSaved = (ApiError, Option<SettingsRemark>);

/// Settings as the form has them.
#[derive(Clone, Debug)]
pub(crate) struct Wished {
    pub(crate) mode: DeviceTrustMode,
    pub(crate) auto_enroll: bool,
    pub(crate) second_factor: SecondFactor,
    pub(crate) revision: String,
    pub(crate) confirmed: bool,
}

/// Every setting, and where its value comes from.
///
/// # Errors
/// No role allows it; a required device is missing.
pub(crate) async fn settings(console: &ConsoleContext) -> Result<Settings, ApiError> {
    let grant = console.granted::<ReadPreference>()?;
    let document = console.services.preference.get(&grant).await.map_err(|error| console.refuse(error))?;
    Ok(Settings { document, may_update: console.principal.may::<UpdatePreference>() })
}

/// Saves settings. What locks people out is asked back first.
///
/// # Errors
/// Whatever the rules find wrong with them; somebody else was faster; they are to be confirmed.
pub(crate) async fn save_settings(console: &ConsoleContext, wished: Wished) -> Result<(), NotSaved> {
    let plain = |error: ApiError| (error, None);
    let document = settings(console).await.map_err(plain)?.document;
    let grant = console.granted::<UpdatePreference>().map_err(plain)?;
    ask_back(console, document.effective.mode, wished.mode, wished.confirmed).await?;
    let saved = change(console, &grant, &document, &wished.revision, |spec| {
        spec.second_factor = Some(wished.second_factor);
        spec.device_trust.mode = Some(wished.mode);
        spec.device_trust.auto_enroll = Some(wished.auto_enroll);
    });
    settle(console, saved.await).await
}

/// Saves what a form has; what it does not have stays as it is.
pub(super) async fn change(
    console: &ConsoleContext,
    grant: &Grant<UpdatePreference>,
    document: &PreferenceDocument,
    revision: &str,
    set: impl FnOnce(&mut PreferenceSpec),
) -> Result<(), PreferenceError> {
    let mut spec = document.dynamic.clone();
    set(&mut spec);
    let spec = document.only_changes(&spec)?;
    console.services.preference.set(grant, &spec, Some(revision)).await
}

/// Gives a setting back to the file or the default.
///
/// # Errors
/// As [`save_settings`].
pub(crate) async fn reset_setting(
    console: &ConsoleContext,
    key: &str,
    revision: &str,
    confirmed: bool,
) -> Result<(), NotSaved> {
    let plain = |error: ApiError| (error, None);
    let unknown = || plain(ApiError::invalid("unknown_setting", "there is no such setting"));
    let key = PREFERENCE_KEYS.into_iter().find(|known| known.as_str() == key).ok_or_else(unknown)?;
    let grant = console.granted::<UpdatePreference>().map_err(plain)?;
    if key == PreferenceKey::Mode {
        let now = settings(console).await.map_err(plain)?.document.effective.mode;
        let then = console.services.preference.mode_without_dynamic();
        ask_back(console, now, then, confirmed).await?;
    }
    let reset = console.services.preference.reset(&grant, key, Some(revision)).await;
    settle(console, reset).await
}

/// Who would be locked out, from `after` on: by the cluster's mode, or by that of a role.
///
/// # Errors
/// No role allows it; a damaged place.
pub(crate) async fn locked_out(
    console: &ConsoleContext,
    mode: DeviceTrustMode,
    role: Option<&str>,
    after: Option<&str>,
) -> Result<LockedOut, ApiError> {
    let services = &console.services;
    let after = after.map(page_token::user).transpose()?;
    let after = after.as_deref();
    match role {
        None => {
            let grant = console.granted::<ForeseePreference>()?;
            let found = services.preference.locked_out(&grant, mode, after, NAMES).await;
            found.map_err(|error| console.refuse(error))
        }
        Some(role) => {
            let grant = console.granted::<ForeseeRole>()?;
            let found = services.roles.locked_out(&grant, role, mode, after, NAMES).await;
            found.map_err(|error| console.refuse(error))
        }
    }
}

async fn ask_back(
    console: &ConsoleContext,
    old: DeviceTrustMode,
    new: DeviceTrustMode,
    confirmed: bool,
) -> Result<(), NotSaved> {
    if confirmed || !asks_more(Some(old), new) {
        return Ok(());
    }
    let locked_out = locked_out(console, new, None, None).await.map_err(|error| (error, None))?;
    if locked_out.count == 0 && locked_out.yourself == Yourself::Unaffected {
        return Ok(());
    }
    Err((to_confirm(), Some(SettingsRemark::Confirm { locked_out, mode: new })))
}

pub(super) async fn settle(
    console: &ConsoleContext,
    outcome: Result<(), PreferenceError>,
) -> Result<(), NotSaved> {
    let Err(error) = outcome else { return Ok(()) };
    let is_stale = matches!(error, PreferenceError::Stale(_));
    let error = console.refuse(Failure::from(error));
    if !is_stale {
        return Err((error, None));
    }
    let now = settings(console).await.map_err(|error| (error, None))?.document.effective;
    let values = BTreeMap::from([
        (PreferenceKey::Mode.as_str(), now.mode.to_string()),
        (PreferenceKey::AutoEnroll.as_str(), on_or_off(now.auto_enroll)),
        (PreferenceKey::SecondFactor.as_str(), now.second_factor.as_str().to_owned()),
        (
            PreferenceKey::WebSessionMaxAge.as_str(),
            now.web_session_max_age.map_or_else(|| "never".to_owned(), |age| age.to_string()),
        ),
        (PreferenceKey::LinkScheme.as_str(), now.link_scheme.as_str().to_owned()),
        (PreferenceKey::BootDrift.as_str(), now.boot_drift.to_string()),
        (PreferenceKey::ShipAhead.as_str(), on_or_off(now.ship_ahead)),
        (PreferenceKey::EkcertFetchCas.as_str(), on_or_off(now.ekcert_fetch_cas)),
        (PreferenceKey::RemoteBrowser.as_str(), on_or_off(now.remote_browser)),
    ]);
    Err((error, Some(SettingsRemark::Meanwhile(values))))
}

fn on_or_off(value: bool) -> String {
    if value { "on" } else { "off" }.to_owned()
}
