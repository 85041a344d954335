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

#[cfg(test)]
mod tests {
    use gatehouse_model::resource::PreferenceSpec;
    use gatehouse_model::{AttestationTier, Leniency};
    use gatehouse_testkit::soft_tpm::{CaTemplate, EkKind, SoftTpm, SoftTpmCa};

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

    fn leaf(ca: &SoftTpmCa) -> EkCertificate {
        EkCertificate::parse(&ca.issue(&SoftTpm::with_shared_key(EkKind::P256))).unwrap()
    }

    /// As if a vendor's name allowed these certificates.
    fn naming(listed: &[String], pinned: &[&SoftTpmCa]) -> EkTrust {
        let trust = EkTrust::new(listed, &EkVendors::default(), ChainPolicy::default()).unwrap();
        let pinned = pinned.iter().map(|ca| Sha256::digest(ca.der()).into()).collect();
        EkTrust { pinned, ..trust }
    }

    #[test]
    fn a_pinned_ca_is_an_anchor_wherever_its_bytes_come_from() {
        let root = SoftTpmCa::root(&CaTemplate::new("Root"));
        let intermediate = root.intermediate(&CaTemplate::new("Intermediate"));
        let leaf = leaf(&intermediate);
        let trust = naming(&[], &[&intermediate]);
        let path = trust.judge(&leaf, &[intermediate.der()], NOW).unwrap();
        assert_eq!((path.tier, path.intermediates.len()), (AttestationTier::TpmEkcertTrusted, 0));
        // As a root is, over an intermediate that is not.
        let path = naming(&[], &[&root]).judge(&leaf, &[intermediate.der(), root.der()], NOW).unwrap();
        assert_eq!(path.intermediates.len(), 1);
        // The name alone is not enough: somebody has to have the bytes.
        assert_eq!(trust.judge(&leaf, &[], NOW).unwrap_err().code(), "unknown_issuer");
    }

    #[test]
    fn a_ca_that_a_device_sends_is_no_anchor_by_itself() {
        let root = SoftTpmCa::root(&CaTemplate::new("Root"));
        let twin = SoftTpmCa::root(&CaTemplate::new("Root"));
        let trust = naming(&[], &[&root]);
        assert!(trust.judge(&leaf(&twin), &[twin.der()], NOW).is_err());
        assert!(trust.judge(&leaf(&twin), &[twin.der(), root.der()], NOW).is_err());
        let listed = naming(&[twin.pem()], &[&root]);
        assert!(listed.judge(&leaf(&twin), &[], NOW).is_ok(), "what is listed counts beside the names");
    }

    #[test]
    fn nothing_is_verified_where_nothing_is_allowed_and_what_is_parsed_is_kept() {
        let trusts = EkTrusts::default();
        let ca = SoftTpmCa::root(&CaTemplate::new("Root"));
        let mut effective = Effective::from(PreferenceSpec::default());
        assert!(trusts.of(&effective).unwrap().is_none());
        effective.ekcert_allowed_cas = vec![ca.pem()];
        let one = trusts.of(&effective).unwrap().unwrap();
        assert!(Arc::ptr_eq(&one, &trusts.of(&effective).unwrap().unwrap()));
        effective.ekcert_policy.expired_ek = Leniency::Refuse;
        assert!(!Arc::ptr_eq(&one, &trusts.of(&effective).unwrap().unwrap()), "a policy is part of it");
        effective.ekcert_allowed_cas = Vec::new();
        effective.ekcert_allowed_vendors = EkVendors::new(["all"]).unwrap();
        assert!(trusts.of(&effective).unwrap().unwrap().listed.is_empty());
        effective.ekcert_allowed_vendors = EkVendors::new(["acme"]).unwrap();
        assert!(trusts.of(&effective).unwrap_err().contains("acme"));
    }

    /// Real chips, whose CAs' certificates come with them.
    #[test]
    fn vendors_names_allow_the_chips_of_the_corpus() {
        let Some(corpus) = std::env::var_os("GATEHOUSE_TPM_CORPUS").map(std::path::PathBuf::from) else {
            assert!(std::env::var_os("GATEHOUSE_REQUIRE_CORPUS").is_none(), "no corpus");
            println!("skipped: GATEHOUSE_TPM_CORPUS names no folder");
            return;
        };
        let mut cas = Vec::new();
        for folder in std::fs::read_dir(corpus.join("vendor-cas")).unwrap() {
            let folder = folder.unwrap().path();
            if !folder.is_dir() {
                continue;
            }
            for file in std::fs::read_dir(folder).unwrap() {
                let bytes = std::fs::read(file.unwrap().path()).unwrap();
                cas.extend(gatehouse_attestation::certificates_in(&bytes).unwrap_or_default());
            }
        }
        let all = Intermediates::from_ders(&cas);
        let named = |names: &[&str]| {
            EkTrust::new(&[], &EkVendors::new(names).unwrap(), ChainPolicy::default()).unwrap()
        };
        let (everybody, amd, nobody) = (named(&["all"]), named(&["amd"]), named(&[]));
        let (mut by_all, mut by_amd) = (0, 0);
        for file in std::fs::read_dir(corpus.join("ek-certs")).unwrap() {
            let path = file.unwrap().path();
            let Some(leaf) = std::fs::read(&path).ok().and_then(|bytes| EkCertificate::parse(&bytes).ok())
            else {
                continue;
            };
            let sent: Vec<Vec<u8>> = all.above(&leaf).into_iter().map(|facts| facts.der).collect();
            by_all += usize::from(everybody.judge(&leaf, &sent, NOW).is_ok());
            by_amd += usize::from(amd.judge(&leaf, &sent, NOW).is_ok());
            assert!(nobody.judge(&leaf, &sent, NOW).is_err(), "{}", path.display());
        }
        println!(
            "{by_all} EK certificates of the corpus are allowed by all makers' names, {by_amd} by AMD's"
        );
        assert!(by_all >= 5 && by_amd < by_all, "{by_all} {by_amd}");
    }
}
