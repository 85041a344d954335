use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_attestation::{AllowedCas, CaFacts, ChainPolicy, KnownCas};
use gatehouse_model::resource::{DeviceTrustSpec, PREFERENCE_NAME, PreferenceSpec};
use gatehouse_model::{
    BootDrift, ConfirmedBy, DeviceTrustMode, EkVendors, ErrorKind, Leniency, LinkScheme, SecondFactor,
    Timestamp, WebSessionMaxAge,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::last_admin::{AdminGuard, LastAdmin};
use crate::audit::{EventKind, LastChange, last_change};
use crate::authz::{Grant, ReadPreference, UpdatePreference};
use crate::entity::{PREFERENCE_KEYS, PreferenceKey, StoredValue};
use crate::ports::{Store, StoreError, UnitOfWork};
use crate::{Core, Decision};

/// Code of every error that says: what you changed is no longer what you saw.
pub(super) const STALE: &str = "stale_revision";

/// The `cluster_auth_preference`: dynamic values win over the configuration file, which wins over the defaults,
/// each key by itself.
#[derive(Clone)]
pub struct Preference {
    core: Arc<Core>,
    changed: Arc<tokio::sync::Notify>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Dynamic,
    File,
    Default,
}

impl Source {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// The values in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    pub second_factor: SecondFactor,
    pub mode: DeviceTrustMode,
    pub auto_enroll: bool,
    /// PEM.
    pub ekcert_allowed_cas: Vec<String>,
    /// TPM makers whose pinned CAs are allowed beside those.
    pub ekcert_allowed_vendors: EkVendors,
    /// How faults of EK certificates' chains are taken.
    pub ekcert_policy: ChainPolicy,
    /// After how long a browser's session has to be authorized anew.
    pub web_session_max_age: Option<WebSessionMaxAge>,
    /// Scheme of the links that open the device's client.
    pub link_scheme: LinkScheme,
    /// What becomes of devices that booted otherwise than they did when they were good last.
    pub boot_drift: BootDrift,
    /// Whether missing CAs of EK certificates are fetched from where the certificates say.
    pub ekcert_fetch_cas: bool,
    /// Whether devices enrol themselves whose TPMs were announced.
    pub ship_ahead: bool,
    /// A browser on another machine than the device can be authorized, by a code.
    pub remote_browser: bool,
}

/// The preference with where each value comes from.
#[derive(Clone, Debug)]
pub struct PreferenceDocument {
    pub effective: Effective,
    /// Only what is set dynamically.
    pub dynamic: PreferenceSpec,
    pub sources: BTreeMap<&'static str, Source>,
    /// Who changed a value last.
    pub last_change: Option<LastChange>,
    /// Keys of the file that a dynamic value shadows.
    pub shadowed: Vec<&'static str>,
    /// Changes with every change of a dynamic value.
    pub revision: String,
}

/// A CA whose EK certificates are accepted, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedCa {
    pub subject: String,
    /// SHA-256 of the certificate, in hexadecimal digits.
    pub fingerprint: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl PreferenceDocument {
    /// Of a document that holds values as they are now, what is to be set: what still equals the value of the file or the default
    /// stays theirs, or saving a document unchanged would pin all of them.
    #[must_use]
    pub fn only_changes(&self, spec: PreferenceSpec) -> PreferenceSpec {
        let effective = &self.effective;
        let keep = |key: PreferenceKey, same: bool| {
            self.sources.get(key.as_str()) == Some(&Source::Dynamic) || !same
        };
        let trust = spec.device_trust;
        PreferenceSpec {
            second_factor: spec
                .second_factor
                .filter(|value| keep(PreferenceKey::SecondFactor, *value == effective.second_factor)),
            device_trust: DeviceTrustSpec {
                mode: trust.mode.filter(|value| keep(PreferenceKey::Mode, *value == effective.mode)),
                auto_enroll: trust
                    .auto_enroll
                    .filter(|value| keep(PreferenceKey::AutoEnroll, *value == effective.auto_enroll)),
                ekcert_allowed_cas: trust.ekcert_allowed_cas.filter(|value| {
                    keep(PreferenceKey::EkcertAllowedCas, *value == effective.ekcert_allowed_cas)
                }),
                ekcert_allowed_vendors: trust.ekcert_allowed_vendors.filter(|value| {
                    keep(PreferenceKey::EkcertAllowedVendors, *value == effective.ekcert_allowed_vendors)
                }),
                ekcert_sha1: trust
                    .ekcert_sha1
                    .filter(|value| keep(PreferenceKey::EkcertSha1, *value == effective.ekcert_policy.sha1)),
                ekcert_expired_ca: trust.ekcert_expired_ca.filter(|value| {
                    keep(PreferenceKey::EkcertExpiredCa, *value == effective.ekcert_policy.expired_ca)
                }),
                ekcert_expired_ek: trust.ekcert_expired_ek.filter(|value| {
                    keep(PreferenceKey::EkcertExpiredEk, *value == effective.ekcert_policy.expired_ek)
                }),
                web_session_max_age: trust.web_session_max_age.filter(|value| {
                    keep(PreferenceKey::WebSessionMaxAge, Some(*value) == effective.web_session_max_age)
                }),
                link_scheme: trust
                    .link_scheme
                    .filter(|value| keep(PreferenceKey::LinkScheme, *value == effective.link_scheme)),
                boot_drift: trust
                    .boot_drift
                    .filter(|value| keep(PreferenceKey::BootDrift, *value == effective.boot_drift)),
                ekcert_fetch_cas: trust.ekcert_fetch_cas.filter(|value| {
                    keep(PreferenceKey::EkcertFetchCas, *value == effective.ekcert_fetch_cas)
                }),
                ship_ahead: trust
                    .ship_ahead
                    .filter(|value| keep(PreferenceKey::ShipAhead, *value == effective.ship_ahead)),
                remote_browser: trust
                    .remote_browser
                    .filter(|value| keep(PreferenceKey::RemoteBrowser, *value == effective.remote_browser)),
            },
        }
    }

    /// The CAs of the allow-list, in its order.
    #[must_use]
    pub fn allowed_cas(&self) -> Vec<AllowedCa> {
        let listed = AllowedCas::from_pems(&self.effective.ekcert_allowed_cas).unwrap_or_default();
        let shown = |ca: CaFacts| AllowedCa {
            subject: gatehouse_model::clean_label(&ca.subject),
            fingerprint: hex::encode(Sha256::digest(&ca.der)),
            not_before: Timestamp::from_secs(ca.not_before),
            not_after: Timestamp::from_secs(ca.not_after),
        };
        listed.facts().into_iter().map(shown).collect()
    }
}

/// Why the preference cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum PreferenceError {
    #[error("device trust has invalid EKCert allowed CAs entry: {0}")]
    AllowedCas(String),
    #[error("device trust has invalid EKCert allowed vendors entry: {0}")]
    AllowedVendors(String),
    #[error("the preference was changed meanwhile{}", .0.as_ref().map(|change| format!(" {change}")).unwrap_or_default())]
    Stale(Option<LastChange>),
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for PreferenceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::AllowedCas(_) | Self::AllowedVendors(_) => ErrorKind::InvalidInput,
            Self::Stale(_) => ErrorKind::Conflict,
            Self::LastAdmin(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::AllowedCas(_) => "invalid_ekcert_ca",
            Self::AllowedVendors(_) => "invalid_ekcert_vendor",
            Self::Stale(_) => STALE,
            Self::LastAdmin(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::AllowedCas(_) => Some("give each CA as one PEM certificate".to_owned()),
            Self::AllowedVendors(_) => {
                Some("`all` stands for every maker of TPMs in hardware that this release knows".to_owned())
            }
            Self::Stale(_) => Some("get it again and repeat your change".to_owned()),
            Self::LastAdmin(error) => error.hint(),
            Self::Store(_) => None,
        }
    }
}

impl Preference {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, changed: Arc::default() }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// The values in force, within a unit of work.
    pub(crate) async fn effective(&self, work: &mut dyn UnitOfWork) -> Result<Effective, StoreError> {
        self.merged(&work.preference_values().await?)
    }

    /// The values in force, from the dynamic ones.
    pub(crate) fn merged(&self, dynamic: &[StoredValue]) -> Result<Effective, StoreError> {
        Ok(merge(&spec_of(dynamic)?, &self.core.static_preference).0)
    }

    /// The mode in force, from its dynamic value.
    pub(crate) fn mode(&self, dynamic: Option<&str>) -> DeviceTrustMode {
        dynamic.map(read_mode).or(self.core.static_preference.device_trust.mode).unwrap_or_default()
    }

    /// The values in force, for what a stranger may know of them.
    ///
    /// # Errors
    /// Storage.
    pub async fn current(&self) -> Result<Effective, StoreError> {
        self.effective(self.core.read().await?.as_mut()).await
    }

    /// Values, their sources and what is shadowed.
    ///
    /// # Errors
    /// Storage.
    pub async fn get(&self, _grant: &Grant<ReadPreference>) -> Result<PreferenceDocument, StoreError> {
        self.document().await
    }

    /// As [`Preference::get`], for the server's own start.
    ///
    /// # Errors
    /// Storage.
    pub async fn document(&self) -> Result<PreferenceDocument, StoreError> {
        let mut work = self.core.read().await?;
        let dynamic = dynamic(work.as_mut()).await?;
        let last_change = last_change(work.as_mut(), EventKind::PREFERENCE_UPDATE, PREFERENCE_NAME).await?;
        let (effective, sources) = merge(&dynamic, &self.core.static_preference);
        let shadowed = shadowed(&dynamic, &self.core.static_preference);
        let revision = revision(&dynamic);
        Ok(PreferenceDocument { effective, dynamic, sources, last_change, shadowed, revision })
    }

    /// Takes back a dynamic value: what the file says, or the default, holds again.
    ///
    /// # Errors
    /// As [`Preference::set`].
    pub async fn reset(
        &self,
        grant: &Grant<UpdatePreference>,
        key: PreferenceKey,
        expected_revision: Option<&str>,
    ) -> Result<(), PreferenceError> {
        let mut spec = dynamic(self.core.read().await?.as_mut()).await?;
        let found = expected_revision.map_or_else(|| revision(&spec), str::to_owned);
        match key {
            PreferenceKey::SecondFactor => spec.second_factor = None,
            PreferenceKey::Mode => spec.device_trust.mode = None,
            PreferenceKey::AutoEnroll => spec.device_trust.auto_enroll = None,
            PreferenceKey::EkcertAllowedCas => spec.device_trust.ekcert_allowed_cas = None,
            PreferenceKey::EkcertAllowedVendors => spec.device_trust.ekcert_allowed_vendors = None,
            PreferenceKey::EkcertSha1 => spec.device_trust.ekcert_sha1 = None,
            PreferenceKey::EkcertExpiredCa => spec.device_trust.ekcert_expired_ca = None,
            PreferenceKey::EkcertExpiredEk => spec.device_trust.ekcert_expired_ek = None,
            PreferenceKey::WebSessionMaxAge => spec.device_trust.web_session_max_age = None,
            PreferenceKey::LinkScheme => spec.device_trust.link_scheme = None,
            PreferenceKey::BootDrift => spec.device_trust.boot_drift = None,
            PreferenceKey::EkcertFetchCas => spec.device_trust.ekcert_fetch_cas = None,
            PreferenceKey::ShipAhead => spec.device_trust.ship_ahead = None,
            PreferenceKey::RemoteBrowser => spec.device_trust.remote_browser = None,
        }
        self.set(grant, &spec, Some(&found)).await
    }

    /// Holds the sessions that are there to what the file may have said anew; for the server's start.
    ///
    /// # Errors
    /// Storage.
    pub async fn hold_sessions(&self) -> Result<(), StoreError> {
        let mut work = self.core.begin().await?;
        let effective = self.effective(work.as_mut()).await?;
        hold_sessions_to(&effective, work.as_mut()).await?;
        work.commit().await
    }

    /// The mode that holds without a dynamic one.
    #[must_use]
    pub fn mode_without_dynamic(&self) -> DeviceTrustMode {
        self.core.static_preference.device_trust.mode.unwrap_or_default()
    }

    /// Sets the dynamic values: keys that `spec` leaves out fall back to the file and the defaults.
    ///
    /// # Errors
    /// CA entries that are no certificates; a `revision` that is not the current one; a mode that locks out every
    /// administrator.
    pub async fn set(
        &self,
        grant: &Grant<UpdatePreference>,
        spec: &PreferenceSpec,
        expected_revision: Option<&str>,
    ) -> Result<(), PreferenceError> {
        let mut work = self.core.begin().await?;
        if self.set_in(work.as_mut(), grant, spec, expected_revision).await? {
            work.commit().await?;
            self.tell_changed();
        }
        Ok(())
    }

    /// As [`Preference::set`], as the first part of a unit of work that does more; whether anything changes. Once it is
    /// committed, [`Preference::tell_changed`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn set_in(
        &self,
        work: &mut dyn UnitOfWork,
        grant: &Grant<UpdatePreference>,
        spec: &PreferenceSpec,
        expected_revision: Option<&str>,
    ) -> Result<bool, PreferenceError> {
        if let Some(pems) = &spec.device_trust.ekcert_allowed_cas {
            AllowedCas::from_pems(pems).map_err(|error| PreferenceError::AllowedCas(error.to_string()))?;
        }
        if let Some(vendors) = &spec.device_trust.ekcert_allowed_vendors {
            KnownCas::of_this_release()
                .of_vendors(vendors.names())
                .map_err(|error| PreferenceError::AllowedVendors(error.to_string()))?;
        }
        // Holds off every other change of the preference, from here to the end.
        let guard = AdminGuard::before(&self.core, work, grant.by()).await?;
        let before = dynamic(work).await?;
        if expected_revision.is_some_and(|expected| expected != revision(&before)) {
            let change = last_change(work, EventKind::PREFERENCE_UPDATE, PREFERENCE_NAME).await?;
            return Err(PreferenceError::Stale(change));
        }
        let mut changed = Vec::new();
        for key in PREFERENCE_KEYS {
            let (old, new) = (value_of(&before, key), value_of(spec, key));
            if old == new {
                continue;
            }
            changed.push(json!({"key": key.as_str(), "from": audit_form(key, old), "to": audit_form(key, new.clone())}));
            match new {
                Some(value) => {
                    let updated_by = grant.by().user.clone();
                    work.put_preference_value(&StoredValue {
                        key: key.as_str().to_owned(),
                        json: value.to_string(),
                        updated: self.core.now(),
                        updated_by,
                    })
                    .await?;
                }
                None => {
                    work.delete_preference_value(key.as_str()).await?;
                }
            }
        }
        if changed.is_empty() {
            return Ok(false);
        }
        guard.after(work).await??;
        let effective = merge(spec, &self.core.static_preference).0;
        hold_sessions_to(&effective, work).await?;
        let event = self
            .core
            .event(EventKind::PREFERENCE_UPDATE, grant.by())
            .about(PREFERENCE_NAME)
            .with_details(Value::Array(changed));
        work.append_event(&event).await?;
        Ok(true)
    }

    /// To be called when a change is committed.
    pub(crate) fn tell_changed(&self) {
        self.changed.notify_one();
    }

    /// Waits until the preference is changed on this server.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// Trust that browsers' sessions have already is cut to what they would get now; it is never lengthened.
async fn hold_sessions_to(effective: &Effective, work: &mut dyn UnitOfWork) -> Result<(), StoreError> {
    if let Some(age) = effective.web_session_max_age {
        work.shorten_web_trust(age.secs()).await?;
    }
    if !effective.remote_browser {
        work.untrust_sessions_confirmed_by(ConfirmedBy::Code).await?;
    }
    Ok(())
}

/// Keys of the file that a dynamic value of this database shadows; for checking a file before a start.
///
/// # Errors
/// Storage.
pub async fn shadowed_keys(
    store: &dyn Store,
    file: &PreferenceSpec,
) -> Result<Vec<&'static str>, StoreError> {
    Ok(shadowed(&dynamic(store.read().await?.as_mut()).await?, file))
}

fn shadowed(dynamic: &PreferenceSpec, file: &PreferenceSpec) -> Vec<&'static str> {
    let (dynamic, file) = (set_keys(dynamic), set_keys(file));
    file.into_iter().filter(|key| dynamic.contains(key)).map(PreferenceKey::as_str).collect()
}

async fn dynamic(work: &mut dyn UnitOfWork) -> Result<PreferenceSpec, StoreError> {
    spec_of(&work.preference_values().await?)
}

/// A mode that this server does not know is the strictest one: never fail open.
fn read_mode(json: &str) -> DeviceTrustMode {
    serde_json::from_str(json).unwrap_or(DeviceTrustMode::Required)
}

/// A policy that this server does not know is the strictest one.
fn read_leniency(json: &str) -> Leniency {
    serde_json::from_str(json).unwrap_or(Leniency::Refuse)
}

fn spec_of(dynamic: &[StoredValue]) -> Result<PreferenceSpec, StoreError> {
    let mut spec = PreferenceSpec::default();
    for stored in dynamic {
        let corrupt = || StoreError::Corrupt { what: format!("preference value of {}", stored.key) };
        let Some(key) = PREFERENCE_KEYS.into_iter().find(|key| key.as_str() == stored.key) else {
            continue; // written by a newer server
        };
        let parse = |_| corrupt();
        match key {
            PreferenceKey::SecondFactor => {
                spec.second_factor = Some(serde_json::from_str(&stored.json).map_err(parse)?)
            }
            PreferenceKey::Mode => spec.device_trust.mode = Some(read_mode(&stored.json)),
            PreferenceKey::AutoEnroll => {
                spec.device_trust.auto_enroll = Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            PreferenceKey::EkcertAllowedCas => {
                spec.device_trust.ekcert_allowed_cas =
                    Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            // What a newer server allows is not understood here; what is not understood is not allowed.
            PreferenceKey::EkcertAllowedVendors => {
                spec.device_trust.ekcert_allowed_vendors =
                    Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            PreferenceKey::EkcertSha1 => spec.device_trust.ekcert_sha1 = Some(read_leniency(&stored.json)),
            PreferenceKey::EkcertExpiredCa => {
                spec.device_trust.ekcert_expired_ca = Some(read_leniency(&stored.json));
            }
            PreferenceKey::EkcertExpiredEk => {
                spec.device_trust.ekcert_expired_ek = Some(read_leniency(&stored.json));
            }
            PreferenceKey::WebSessionMaxAge => {
                spec.device_trust.web_session_max_age =
                    Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            PreferenceKey::LinkScheme => {
                spec.device_trust.link_scheme = Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            // A policy that this server does not know is the strictest one.
            PreferenceKey::BootDrift => {
                spec.device_trust.boot_drift =
                    Some(serde_json::from_str(&stored.json).unwrap_or(BootDrift::Review));
            }
            PreferenceKey::EkcertFetchCas => {
                spec.device_trust.ekcert_fetch_cas = Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            PreferenceKey::ShipAhead => {
                spec.device_trust.ship_ahead = Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
            PreferenceKey::RemoteBrowser => {
                spec.device_trust.remote_browser = Some(serde_json::from_str(&stored.json).map_err(parse)?);
            }
        }
    }
    Ok(spec)
}

fn merge(dynamic: &PreferenceSpec, file: &PreferenceSpec) -> (Effective, BTreeMap<&'static str, Source>) {
    let mut sources = BTreeMap::new();
    let mut pick = |key: PreferenceKey| {
        let source = if set_keys(dynamic).contains(&key) {
            Source::Dynamic
        } else if set_keys(file).contains(&key) {
            Source::File
        } else {
            Source::Default
        };
        sources.insert(key.as_str(), source);
        source
    };
    let none = PreferenceSpec::default();
    let from = |source: Source| match source {
        Source::Dynamic => dynamic,
        Source::File => file,
        Source::Default => &none,
    };
    let mut trust = |key| &from(pick(key)).device_trust;
    let safe = ChainPolicy::default();
    let effective = Effective {
        mode: trust(PreferenceKey::Mode).mode.unwrap_or_default(),
        auto_enroll: trust(PreferenceKey::AutoEnroll).auto_enroll.unwrap_or_default(),
        ekcert_allowed_cas: trust(PreferenceKey::EkcertAllowedCas)
            .ekcert_allowed_cas
            .clone()
            .unwrap_or_default(),
        ekcert_allowed_vendors: trust(PreferenceKey::EkcertAllowedVendors)
            .ekcert_allowed_vendors
            .clone()
            .unwrap_or_default(),
        ekcert_policy: ChainPolicy {
            sha1: trust(PreferenceKey::EkcertSha1).ekcert_sha1.unwrap_or(safe.sha1),
            expired_ca: trust(PreferenceKey::EkcertExpiredCa).ekcert_expired_ca.unwrap_or(safe.expired_ca),
            expired_ek: trust(PreferenceKey::EkcertExpiredEk).ekcert_expired_ek.unwrap_or(safe.expired_ek),
        },
        web_session_max_age: trust(PreferenceKey::WebSessionMaxAge).web_session_max_age,
        link_scheme: trust(PreferenceKey::LinkScheme).link_scheme.clone().unwrap_or_default(),
        boot_drift: trust(PreferenceKey::BootDrift).boot_drift.unwrap_or_default(),
        ekcert_fetch_cas: trust(PreferenceKey::EkcertFetchCas).ekcert_fetch_cas.unwrap_or_default(),
        ship_ahead: trust(PreferenceKey::ShipAhead).ship_ahead.unwrap_or_default(),
        remote_browser: trust(PreferenceKey::RemoteBrowser).remote_browser.unwrap_or_default(),
        second_factor: from(pick(PreferenceKey::SecondFactor)).second_factor.unwrap_or_default(),
    };
    (effective, sources)
}

fn set_keys(spec: &PreferenceSpec) -> Vec<PreferenceKey> {
    PREFERENCE_KEYS.into_iter().filter(|key| value_of(spec, *key).is_some()).collect()
}

fn value_of(spec: &PreferenceSpec, key: PreferenceKey) -> Option<Value> {
    match key {
        PreferenceKey::SecondFactor => spec.second_factor.map(|value| json!(value)),
        PreferenceKey::Mode => spec.device_trust.mode.map(|value| json!(value)),
        PreferenceKey::AutoEnroll => spec.device_trust.auto_enroll.map(|value| json!(value)),
        PreferenceKey::EkcertAllowedCas => {
            spec.device_trust.ekcert_allowed_cas.as_ref().map(|value| json!(value))
        }
        PreferenceKey::EkcertAllowedVendors => {
            spec.device_trust.ekcert_allowed_vendors.as_ref().map(|value| json!(value))
        }
        PreferenceKey::EkcertSha1 => spec.device_trust.ekcert_sha1.map(|value| json!(value)),
        PreferenceKey::EkcertExpiredCa => spec.device_trust.ekcert_expired_ca.map(|value| json!(value)),
        PreferenceKey::EkcertExpiredEk => spec.device_trust.ekcert_expired_ek.map(|value| json!(value)),
        PreferenceKey::WebSessionMaxAge => spec.device_trust.web_session_max_age.map(|value| json!(value)),
        PreferenceKey::LinkScheme => spec.device_trust.link_scheme.as_ref().map(|value| json!(value)),
        PreferenceKey::BootDrift => spec.device_trust.boot_drift.map(|value| json!(value)),
        PreferenceKey::EkcertFetchCas => spec.device_trust.ekcert_fetch_cas.map(|value| json!(value)),
        PreferenceKey::ShipAhead => spec.device_trust.ship_ahead.map(|value| json!(value)),
        PreferenceKey::RemoteBrowser => spec.device_trust.remote_browser.map(|value| json!(value)),
    }
}

/// CA lists are long; the log says how many and which.
fn audit_form(key: PreferenceKey, value: Option<Value>) -> Value {
    match (key, value) {
        (_, None) => Value::Null,
        (PreferenceKey::EkcertAllowedCas, Some(Value::Array(pems))) => Value::Array(
            pems.iter()
                .map(|pem| json!(hex::encode(Sha256::digest(pem.as_str().unwrap_or_default()))))
                .collect(),
        ),
        (_, Some(value)) => value,
    }
}

fn revision(dynamic: &PreferenceSpec) -> String {
    let values: Vec<_> = PREFERENCE_KEYS.into_iter().map(|key| value_of(dynamic, key)).collect();
    hex::encode(&Sha256::digest(json!(values).to_string())[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamic_wins_over_the_file_key_by_key() {
        let file = PreferenceSpec {
            second_factor: Some(SecondFactor::Off),
            device_trust: DeviceTrustSpec {
                mode: Some(DeviceTrustMode::Required),
                auto_enroll: Some(true),
                ..DeviceTrustSpec::default()
            },
        };
        let dynamic = PreferenceSpec {
            second_factor: None,
            device_trust: DeviceTrustSpec { mode: Some(DeviceTrustMode::Off), ..DeviceTrustSpec::default() },
        };
        let (effective, sources) = merge(&dynamic, &file);
        assert_eq!(effective.mode, DeviceTrustMode::Off);
        assert!(effective.auto_enroll);
        assert_eq!(effective.second_factor, SecondFactor::Off);
        assert_eq!(sources["device_trust.mode"], Source::Dynamic);
        assert_eq!(sources["device_trust.auto_enroll"], Source::File);
        assert_eq!(sources["device_trust.ekcert_allowed_cas"], Source::Default);
    }

    #[test]
    fn what_was_not_changed_is_not_pinned() {
        let trust = |mode, auto_enroll| DeviceTrustSpec { mode, auto_enroll, ..DeviceTrustSpec::default() };
        let dynamic =
            PreferenceSpec { second_factor: None, device_trust: trust(Some(DeviceTrustMode::Off), None) };
        let (effective, sources) = merge(&dynamic, &PreferenceSpec::default());
        let document = PreferenceDocument {
            revision: revision(&dynamic),
            effective,
            dynamic,
            sources,
            last_change: None,
            shadowed: Vec::new(),
        };
        let saved = PreferenceSpec {
            second_factor: Some(SecondFactor::On),
            device_trust: trust(Some(DeviceTrustMode::Off), Some(true)),
        };
        let expected = PreferenceSpec {
            second_factor: None,
            device_trust: trust(Some(DeviceTrustMode::Off), Some(true)),
        };
        assert_eq!(document.only_changes(saved), expected);
        assert_eq!(document.allowed_cas(), []);
    }

    #[test]
    fn defaults_are_optional_and_on() {
        let (effective, _) = merge(&PreferenceSpec::default(), &PreferenceSpec::default());
        assert_eq!((effective.mode, effective.second_factor), (DeviceTrustMode::Optional, SecondFactor::On));
    }
}
