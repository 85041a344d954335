//! The list of allowed CAs, as it is read and changed.

use std::sync::Arc;

use gatehouse_attestation::{AllowedCas, CaFacts, ChainPolicy, KnownCas, certificates_in};
use gatehouse_model::{EkVendors, ErrorKind, Timestamp, clean_label};

use super::EkTrusts;
use crate::authz::{Grant, ReadPreference, UpdatePreference};
use crate::cluster::{Effective, Preference, PreferenceError, Source};
use crate::entity::PreferenceKey;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// Digits of a fingerprint that name a CA.
const MIN_FINGERPRINT: usize = 8;
/// A CA's end that is worth a warning, in seconds ahead.
const SOON: i64 = 90 * 86_400;

/// The CAs that are allowed: listing, foreseeing and changing them.
pub struct EkCas {
    pub(super) core: Arc<Core>,
    pub(super) preference: Preference,
    pub(super) trusts: Arc<EkTrusts>,
}

/// The allow-list as it is in force.
#[derive(Clone, Debug)]
pub(crate) struct AllowList {
    cas: Vec<CaFacts>,
}

/// A CA as a person reads it.
#[derive(Clone, Debug)]
pub struct CaEntry {
    pub facts: CaFacts,
    /// The TPM maker, if this release knows the certificate.
    pub vendor: Option<&'static str>,
    pub warnings: Vec<CaWarning>,
}

/// What deserves a second look at a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaWarning {
    #[error("it has expired; it is trusted all the same, as listed")]
    Expired,
    #[error("it expires within 90 days")]
    EndsSoon,
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("it is for TPMs that are made of software: whoever rules the host below can copy them")]
    Virtual,
    #[error("it is not among the TPM makers' CAs that this release knows")]
    Unknown,
}

/// The list with what stands beside it.
#[derive(Clone, Debug)]
pub struct EkCaList {
    pub entries: Vec<CaEntry>,
    pub source: Source,
    pub vendors: EkVendors,
    pub vendors_source: Source,
    pub policy: ChainPolicy,
    /// Of the preference: what a change starts from.
    pub revision: String,
}

/// Why the list cannot be changed so.
#[derive(Debug, thiserror::Error)]
pub enum EkCaError {
    #[error("these certificates cannot be allowed: {0}")]
    Certificates(String),
    #[error("no allowed CA has the fingerprint \"{0}\"")]
    NotListed(String),
    #[error("{1} allowed CAs have fingerprints that begin with \"{0}\"")]
    Ambiguous(String, usize),
    #[error("a fingerprint has {MIN_FINGERPRINT} digits at least")]
    ShortFingerprint,
    #[error("nothing to do: no certificate was given")]
    Nothing,
    #[error("invalid EKCert allow-list: {0}")]
    AllowedCas(String),
    #[error(transparent)]
    Preference(#[from] PreferenceError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for EkCaError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Certificates(_) | Self::ShortFingerprint | Self::Nothing => ErrorKind::InvalidInput,
            Self::NotListed(_) => ErrorKind::NotFound,
            Self::Ambiguous(..) => ErrorKind::Conflict,
            Self::AllowedCas(_) => ErrorKind::Internal,
            Self::Preference(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Certificates(_) => "invalid_ekcert_ca",
            Self::NotListed(_) => "ca_not_found",
            Self::Ambiguous(..) => "ambiguous_ca",
            Self::ShortFingerprint => "short_fingerprint",
            Self::Nothing => "no_certificate",
            Self::AllowedCas(_) => "allow_list_invalid",
            Self::Preference(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Certificates(_) | Self::Nothing => {
                Some("give CAs' certificates as PEM, DER, or several of them in one file".to_owned())
            }
            Self::NotListed(_) | Self::ShortFingerprint | Self::Ambiguous(..) => {
                Some("`tctl ekcas ls` shows the fingerprints".to_owned())
            }
            Self::AllowedCas(_) | Self::Store(_) => None,
            Self::Preference(error) => error.hint(),
        }
    }
}

/// The certificates of a file or of pasted text, each once. What is no certificate of a CA, and which it is, is said.
pub(crate) fn certificates_of(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut ders: Vec<Vec<u8>> = Vec::new();
    for (index, der) in certificates_in(bytes).map_err(|error| error.to_string())?.into_iter().enumerate() {
        let mut one = AllowedCas::default();
        one.add(&der).map_err(|reason| format!("certificate {}: {reason}", index.saturating_add(1)))?;
        if !ders.contains(&der) {
            ders.push(der);
        }
    }
    Ok(ders)
}

impl AllowList {
    pub(crate) fn of(effective: &Effective) -> Result<Self, String> {
        let listed = AllowedCas::from_pems(&effective.ekcert_allowed_cas);
        Ok(Self { cas: listed.map_err(|error| error.to_string())?.facts() })
    }

    pub(crate) fn cas(&self) -> &[CaFacts] {
        &self.cas
    }

    /// Adds what is not listed yet; how many that were.
    pub(crate) fn add(&mut self, cas: Vec<CaFacts>) -> usize {
        let before = self.cas.len();
        for facts in cas {
            if self.cas.iter().all(|listed| listed.sha256 != facts.sha256) {
                self.cas.push(facts);
            }
        }
        self.cas.len().saturating_sub(before)
    }

    /// Takes out the CAs that fingerprints, or how they begin, name; answers with those.
    pub(crate) fn remove(&mut self, fingerprints: &[String]) -> Result<Vec<CaFacts>, EkCaError> {
        let mut removed = Vec::new();
        for wanted in fingerprints {
            let digits = wanted.trim().replace(':', "").to_ascii_lowercase();
            if digits.len() < MIN_FINGERPRINT {
                return Err(EkCaError::ShortFingerprint);
            }
            let named = |facts: &CaFacts| hex::encode(facts.sha256).starts_with(&digits);
            match self.cas.iter().filter(|facts| named(facts)).count() {
                0 => return Err(EkCaError::NotListed(clean_label(&digits))),
                1 => {}
                several => return Err(EkCaError::Ambiguous(clean_label(&digits), several)),
            }
            let (gone, kept) = std::mem::take(&mut self.cas).into_iter().partition(named);
            self.cas = kept;
            removed.extend(gone);
        }
        Ok(removed)
    }

    /// One PEM text each, below the name of its subject (RFC 7468 allows text there).
    pub(crate) fn pems(&self) -> Vec<String> {
        self.cas.iter().map(CaFacts::to_pem).collect()
    }
}

impl CaEntry {
    pub(super) fn new(facts: CaFacts, now: Timestamp) -> Self {
        let known = KnownCas::of_this_release().pinned(&facts.sha256);
        let warnings = [
            (facts.not_after < now.secs(), CaWarning::Expired),
            ((now.secs()..now.secs().saturating_add(SOON)).contains(&facts.not_after), CaWarning::EndsSoon),
            (facts.not_before > now.secs(), CaWarning::NotYetValid),
            (known.is_some_and(|known| known.virtual_tpms), CaWarning::Virtual),
            (known.is_none(), CaWarning::Unknown),
        ];
        let warnings = warnings.into_iter().filter_map(|(is_so, warning)| is_so.then_some(warning)).collect();
        Self { facts, vendor: known.map(|known| known.vendor), warnings }
    }
}

impl EkCas {
    pub(crate) fn new(core: Arc<Core>, preference: Preference, trusts: Arc<EkTrusts>) -> Self {
        Self { core, preference, trusts }
    }

    /// The CAs that are allowed.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(&self, _grant: &Grant<ReadPreference>) -> Result<EkCaList, EkCaError> {
        let document = self.preference.document().await?;
        let now = self.core.now();
        let list = AllowList::of(&document.effective).map_err(EkCaError::AllowedCas)?;
        let source =
            |key: PreferenceKey| document.sources.get(key.as_str()).copied().unwrap_or(Source::Default);
        Ok(EkCaList {
            entries: list.cas.into_iter().map(|facts| CaEntry::new(facts, now)).collect(),
            source: source(PreferenceKey::EkcertAllowedCas),
            vendors_source: source(PreferenceKey::EkcertAllowedVendors),
            vendors: document.effective.ekcert_allowed_vendors,
            policy: document.effective.ekcert_policy,
            revision: document.revision,
        })
    }

    /// Allows CAs; answers with how many were new. `revision` is the preference's that the change starts from.
    ///
    /// # Errors
    /// What is no certificate of a CA; somebody else was faster.
    pub async fn add(
        &self,
        grant: &Grant<UpdatePreference>,
        bytes: &[u8],
        revision: Option<&str>,
    ) -> Result<usize, EkCaError> {
        let ders = certificates_of(bytes).map_err(EkCaError::Certificates)?;
        let mut added = AllowedCas::default();
        for der in &ders {
            added.add(der).map_err(|reason| EkCaError::Certificates(reason.to_string()))?;
        }
        let document = self.preference.document().await?;
        let mut list = AllowList::of(&document.effective).map_err(EkCaError::AllowedCas)?;
        let new = list.add(added.facts());
        if new > 0 {
            let mut spec = document.dynamic;
            spec.device_trust.ekcert_allowed_cas = Some(list.pems());
            self.preference.set(grant, &spec, Some(revision.unwrap_or(&document.revision))).await?;
        }
        Ok(new)
    }

    /// Allows CAs no longer; answers with them.
    ///
    /// # Errors
    /// Fingerprints that name none or several; somebody else was faster.
    pub async fn remove(
        &self,
        grant: &Grant<UpdatePreference>,
        fingerprints: &[String],
        revision: Option<&str>,
    ) -> Result<Vec<CaFacts>, EkCaError> {
        if fingerprints.is_empty() {
            return Err(EkCaError::Nothing);
        }
        let document = self.preference.document().await?;
        let mut list = AllowList::of(&document.effective).map_err(EkCaError::AllowedCas)?;
        let removed = list.remove(fingerprints)?;
        let mut spec = document.dynamic;
        spec.device_trust.ekcert_allowed_cas = Some(list.pems());
        self.preference.set(grant, &spec, Some(revision.unwrap_or(&document.revision))).await?;
        Ok(removed)
    }
}
