//! The CAs and policies that EK certificates are judged by.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use gatehouse_attestation::{
    AllowedCas, ChainError, ChainPolicy, EkCertificate, EkPath, Finding, Intermediates, KnownCas,
    verify_ek_path_pinned,
};
use gatehouse_model::{EkVendors, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::cluster::Effective;
use crate::entity::{Digest, EkFinding};

/// What EK certificates must lead to; see [`EkTrusts::of`].
#[derive(Debug)]
pub(crate) struct EkTrust {
    listed: AllowedCas,
    /// SHA-256 of the certificates that vendors' names allow, wherever their bytes come from.
    pinned: HashSet<[u8; 32]>,
    policy: ChainPolicy,
}

/// The trust of the values in force, parsed once for as long as they stay the same.
#[derive(Debug, Default)]
pub(crate) struct EkTrusts(Mutex<Option<(Digest, Arc<EkTrust>)>>);

impl EkTrusts {
    /// None where nothing is allowed by name or by certificate: then certificates are not verified at all.
    ///
    /// # Errors
    /// An entry of the list that is not the certificate of a CA.
    pub(crate) fn of(&self, effective: &Effective) -> Result<Option<Arc<EkTrust>>, String> {
        if effective.ekcert_allowed_cas.is_empty() && effective.ekcert_allowed_vendors.is_empty() {
            return Ok(None);
        }
        let key = fingerprint(effective);
        let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((known, trust)) = kept.as_ref()
            && *known == key
        {
            return Ok(Some(Arc::clone(trust)));
        }
        let trust = Arc::new(EkTrust::new(
            &effective.ekcert_allowed_cas,
            &effective.ekcert_allowed_vendors,
            effective.ekcert_policy,
        )?);
        *kept = Some((key, Arc::clone(&trust)));
        Ok(Some(trust))
    }
}

/// Of all that a verdict depends on, but for the moment.
pub(crate) fn fingerprint(effective: &Effective) -> Digest {
    let mut hash = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hash.update(bytes.len().to_be_bytes());
        hash.update(bytes);
    };
    let policy = effective.ekcert_policy;
    for leniency in [policy.sha1, policy.expired_ca, policy.expired_ek] {
        put(leniency.as_str().as_bytes());
    }
    for name in effective.ekcert_allowed_vendors.names() {
        put(name.as_bytes());
    }
    put(b"");
    for pem in &effective.ekcert_allowed_cas {
        put(pem.as_bytes());
    }
    hash.finalize().into()
}

impl EkTrust {
    pub(crate) fn new(pems: &[String], vendors: &EkVendors, policy: ChainPolicy) -> Result<Self, String> {
        let listed = AllowedCas::from_pems(pems).map_err(|error| error.to_string())?;
        let pinned = KnownCas::of_this_release().of_vendors(vendors.names());
        let pinned =
            pinned.map_err(|error| error.to_string())?.into_iter().map(|known| known.sha256).collect();
        Ok(Self { listed, pinned, policy })
    }

    pub(crate) const fn listed(&self) -> &AllowedCas {
        &self.listed
    }

    /// Finds a path to an allowed CA. `sent` are certificates that nobody vouches for: they link, and those of them that a
    /// vendor's name allows are anchors.
    pub(crate) fn judge(
        &self,
        leaf: &EkCertificate,
        sent: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<EkPath, ChainError> {
        let linking = Intermediates::from_device(sent);
        let pinned = |sha256: &[u8; 32]| self.pinned.contains(sha256);
        verify_ek_path_pinned(leaf, &self.listed, pinned, &linking, &self.policy, now)
    }
}

/// A finding as it is kept.
pub(crate) fn finding_of(finding: &Finding) -> EkFinding {
    EkFinding {
        code: finding.kind.code().to_owned(),
        about: finding.certificate.clone(),
        lowers_tier: finding.lowers_tier,
    }
}
