mod effective;
mod values;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_attestation::{AllowedCas, CaFacts, KnownCas};
use gatehouse_model::resource::{PREFERENCE_NAME, PreferenceSpec};
use gatehouse_model::{ConfirmedBy, DeviceTrustMode, ErrorKind, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use self::effective::{merge, shadowed, sources};
use self::values::{Values, audit_form, read_mode};
use super::last_admin::{AdminGuard, LastAdmin};
use crate::audit::{EventKind, LastChange, last_change};
use crate::authz::{Grant, ReadPreference, UpdatePreference};
use crate::entity::{PREFERENCE_KEYS, PreferenceKey, StoredValue};
use crate::ports::{Store, StoreError, UnitOfWork};
use crate::{Core, Decision};

pub use effective::{Effective, Source};

/// Code of every error that says: what you changed is no longer what you saw.
pub(super) const STALE: &str = "stale_revision";

/// The `cluster_auth_preference`: dynamic values win over the configuration file, which wins over the defaults,
/// each key by itself.
#[derive(Clone)]
pub struct Preference {
    core: Arc<Core>,
    changed: Arc<tokio::sync::Notify>,
    /// The values in force, made once for as long as the dynamic ones stay the same.
    kept: Arc<Mutex<Option<Kept>>>,
}

/// Dynamic values as they are stored, and what is in force with them.
type Kept = (Vec<StoredValue>, Arc<Effective>);

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
    ///
    /// # Errors
    /// None, of values that have a type each.
    pub fn only_changes(&self, spec: &PreferenceSpec) -> Result<PreferenceSpec, StoreError> {
        let now = Values::of(&PreferenceSpec::from(self.effective.clone()));
        let is_set = |key: PreferenceKey| self.sources.get(key.as_str()) == Some(&Source::Dynamic);
        Values::of(spec).only(|key, value| is_set(key) || now.get(key) != Some(value)).spec()
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
        Self { core, changed: Arc::default(), kept: Arc::default() }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// The values in force, within a unit of work.
    pub(crate) async fn effective(&self, work: &mut dyn UnitOfWork) -> Result<Arc<Effective>, StoreError> {
        self.merged(&work.preference_values().await?)
    }

    /// The values in force, from the dynamic ones.
    pub(crate) fn merged(&self, dynamic: &[StoredValue]) -> Result<Arc<Effective>, StoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, effective)) = kept.as_ref()
            && known == dynamic
        {
            return Ok(Arc::clone(effective));
        }
        let effective = Arc::new(merge(&Values::stored(dynamic)?, &self.file())?);
        *kept = Some((dynamic.to_vec(), Arc::clone(&effective)));
        Ok(effective)
    }

    /// The values of the configuration file.
    fn file(&self) -> Values {
        Values::of(&self.core.static_preference)
    }

    /// The mode in force, from its dynamic value.
    pub(crate) fn mode(&self, dynamic: Option<&str>) -> DeviceTrustMode {
        dynamic.map(read_mode).or(self.core.static_preference.device_trust.mode).unwrap_or_default()
    }

    /// The values in force, for what a stranger may know of them.
    ///
    /// # Errors
    /// Storage.
    pub async fn current(&self) -> Result<Arc<Effective>, StoreError> {
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
        let file = self.file();
        Ok(PreferenceDocument {
            effective: merge(&dynamic, &file)?,
            sources: sources(&dynamic, &file),
            last_change,
            shadowed: shadowed(&dynamic, &file),
            revision: dynamic.revision(),
            dynamic: dynamic.spec()?,
        })
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
        let values = dynamic(self.core.read().await?.as_mut()).await?;
        let found = expected_revision.map_or_else(|| values.revision(), str::to_owned);
        let others = values.only(|other, _| other != key).spec()?;
        self.set(grant, &others, Some(&found)).await
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
        if expected_revision.is_some_and(|expected| expected != before.revision()) {
            let change = last_change(work, EventKind::PREFERENCE_UPDATE, PREFERENCE_NAME).await?;
            return Err(PreferenceError::Stale(change));
        }
        let after = Values::of(spec);
        let mut changed = Vec::new();
        for key in PREFERENCE_KEYS {
            let (old, new) = (before.get(key), after.get(key));
            if old == new {
                continue;
            }
            changed
                .push(json!({"key": key.as_str(), "from": audit_form(key, old), "to": audit_form(key, new)}));
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
        let effective = merge(&after, &self.file())?;
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
    Ok(shadowed(&dynamic(store.read().await?.as_mut()).await?, &Values::of(file)))
}

async fn dynamic(work: &mut dyn UnitOfWork) -> Result<Values, StoreError> {
    Values::stored(&work.preference_values().await?)
}

#[cfg(test)]
mod tests {
    use gatehouse_model::SecondFactor;
    use gatehouse_model::resource::DeviceTrustSpec;

    use super::*;

    #[test]
    fn what_was_not_changed_is_not_pinned() {
        let trust = |mode, auto_enroll| DeviceTrustSpec { mode, auto_enroll, ..DeviceTrustSpec::default() };
        let dynamic =
            PreferenceSpec { second_factor: None, device_trust: trust(Some(DeviceTrustMode::Off), None) };
        let (values, file) = (Values::of(&dynamic), Values::default());
        let document = PreferenceDocument {
            revision: values.revision(),
            effective: merge(&values, &file).unwrap(),
            dynamic,
            sources: sources(&values, &file),
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
        assert_eq!(document.only_changes(&saved).unwrap(), expected);
        assert_eq!(document.allowed_cas(), []);
    }
}
