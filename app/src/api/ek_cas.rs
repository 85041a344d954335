use gatehouse_domain::authz::{ForeseePreference, ListDevices, ReadPreference, UpdatePreference};
use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::ek::{AddPreview, EkCaList, FailingEks, RemovePreview};
use gatehouse_model::{EkVendors, Leniency};

use super::settings::change;
use crate::{ApiError, ConsoleContext};

/// Devices of one page.
const PAGE: i64 = 50;

/// The page of the CAs that are allowed.
pub(crate) struct EkCaView {
    pub(crate) list: EkCaList,
    pub(crate) document: PreferenceDocument,
    /// Absent where the viewer may not list devices.
    pub(crate) failing: Option<FailingEks>,
    pub(crate) may_update: bool,
}

/// Policies and vendors as the form has them.
pub(crate) struct EkPolicy {
    pub(crate) vendors: Vec<String>,
    pub(crate) sha1: Leniency,
    pub(crate) expired_ca: Leniency,
    pub(crate) expired_ek: Leniency,
    pub(crate) revision: String,
}

/// The CAs that are allowed, and which devices they do not cover.
///
/// # Errors
/// No role allows it; a required device is missing.
pub(crate) async fn ek_cas(console: &ConsoleContext, after: &str) -> Result<EkCaView, ApiError> {
    let grant = console.granted::<ReadPreference>()?;
    let services = &console.services;
    let list = services.ek_cas.list(&grant).await.map_err(|error| console.refuse(error))?;
    let document = services.preference.get(&grant).await.map_err(|error| console.refuse(error))?;
    let failing = match console.principal.grant::<ListDevices>() {
        Ok(grant) => {
            let found = services.ek_cas.failing(&grant, after, PAGE).await;
            Some(found.map_err(|error| console.refuse(error))?)
        }
        Err(_) => None,
    };
    Ok(EkCaView { list, document, failing, may_update: console.principal.may::<UpdatePreference>() })
}

/// What allowing CAs would do.
///
/// # Errors
/// What is no certificate of a CA.
pub(crate) async fn preview_add(console: &ConsoleContext, bytes: &[u8]) -> Result<AddPreview, ApiError> {
    let grant = console.granted::<ForeseePreference>()?;
    console.services.ek_cas.preview_add(&grant, bytes).await.map_err(|error| console.refuse(error))
}

/// What allowing CAs no longer would do.
///
/// # Errors
/// Fingerprints that name none.
pub(crate) async fn preview_remove(
    console: &ConsoleContext,
    fingerprints: &[String],
) -> Result<RemovePreview, ApiError> {
    let grant = console.granted::<ForeseePreference>()?;
    console.services.ek_cas.preview_remove(&grant, fingerprints).await.map_err(|error| console.refuse(error))
}

/// Allows CAs; answers with how many were new.
///
/// # Errors
/// What is no certificate of a CA; somebody else was faster.
pub(crate) async fn add_cas(
    console: &ConsoleContext,
    bytes: &[u8],
    revision: &str,
) -> Result<usize, ApiError> {
    let grant = console.granted::<UpdatePreference>()?;
    let added = console.services.ek_cas.add(&grant, bytes, Some(revision)).await;
    added.map_err(|error| console.refuse(error))
}

/// Allows CAs no longer; answers with how many they were.
///
/// # Errors
/// Fingerprints that name none; somebody else was faster.
pub(crate) async fn remove_cas(
    console: &ConsoleContext,
    fingerprints: &[String],
    revision: &str,
) -> Result<usize, ApiError> {
    let grant = console.granted::<UpdatePreference>()?;
    let removed = console.services.ek_cas.remove(&grant, fingerprints, Some(revision)).await;
    removed.map(|removed| removed.len()).map_err(|error| console.refuse(error))
}

/// Saves policies and vendors.
///
/// # Errors
/// A vendor that nobody knows; somebody else was faster.
pub(crate) async fn save_policy(console: &ConsoleContext, wished: EkPolicy) -> Result<(), ApiError> {
    let read = console.granted::<ReadPreference>()?;
    let grant = console.granted::<UpdatePreference>()?;
    let preference = &console.services.preference;
    let document = preference.get(&read).await.map_err(|error| console.refuse(error))?;
    let vendors = EkVendors::new(&wished.vendors)
        .map_err(|error| ApiError::invalid("invalid_ekcert_vendor", &error))?;
    let saved = change(console, &grant, &document, &wished.revision, |spec| {
        let trust = &mut spec.device_trust;
        trust.ekcert_allowed_vendors = Some(vendors);
        trust.ekcert_sha1 = Some(wished.sha1);
        trust.ekcert_expired_ca = Some(wished.expired_ca);
        trust.ekcert_expired_ek = Some(wished.expired_ek);
    });
    saved.await.map_err(|error| console.refuse(error))
}
