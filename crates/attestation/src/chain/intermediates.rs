use super::allowed::facts;
use super::authority::{Authorities, Authority};
use super::{CaFacts, MAX_INTERMEDIATES, MAX_PATH_CERTIFICATES, MAX_SIGNATURE_CHECKS};
use crate::ek_cert::EkCertificate;
use crate::nv::{MAX_CERTIFICATE_BYTES, MAX_SENT_BYTES, MAX_SENT_CERTIFICATES};

/// Certificates that may link an EK certificate to an allowed CA. They need not be trusted: what they say counts as far as
/// an allowed CA has signed it.
#[derive(Clone, Debug, Default)]
pub struct Intermediates(pub(super) Authorities);

impl Intermediates {
    /// Certificates of our own: of the allow-list, or pinned. What is unreadable or of no use is passed over.
    #[must_use]
    pub fn from_ders<T: AsRef<[u8]>>(ders: impl IntoIterator<Item = T>) -> Self {
        let mut found = Self::default();
        for der in ders.into_iter().take(MAX_INTERMEDIATES) {
            found.add(der.as_ref());
        }
        found
    }

    /// Certificates that a device has sent of its NV memory: bounded in number and size, and otherwise as
    /// [`Self::from_ders`].
    #[must_use]
    pub fn from_device<T: AsRef<[u8]>>(ders: impl IntoIterator<Item = T>) -> Self {
        let mut found = Self::default();
        let mut left = MAX_SENT_BYTES;
        for der in ders.into_iter().take(MAX_SENT_CERTIFICATES) {
            let der = der.as_ref();
            if let Some(fewer) = left.checked_sub(der.len()) {
                left = fewer;
                found.add(der);
            }
        }
        found
    }

    fn add(&mut self, der: &[u8]) {
        if der.len() <= MAX_CERTIFICATE_BYTES
            && let Ok(authority) = Authority::parse(der)
        {
            self.0.push(authority);
        }
    }

    /// The CAs among them that stand above an EK certificate, from its issuer upwards, as far as signatures lead.
    #[must_use]
    pub fn above(&self, leaf: &EkCertificate) -> Vec<CaFacts> {
        let mut found: Vec<&Authority> = Vec::new();
        let mut checks = 0;
        let mut child = leaf.certificate();
        while found.len() < MAX_PATH_CERTIFICATES {
            let next = self.0.issuers_of(child).into_iter().find(|issuer| {
                checks += 1;
                checks <= MAX_SIGNATURE_CHECKS
                    && issuer.is_ca()
                    && found.iter().all(|known| known.sha256 != issuer.sha256)
                    && issuer.key.as_ref().is_ok_and(|key| {
                        key.verify(&child.signature_algorithm, &child.tbs, &child.signature).is_ok()
                    })
            });
            let Some(issuer) = next else { break };
            found.push(issuer);
            child = &issuer.certificate;
        }
        found.into_iter().map(facts).collect()
    }

    /// What there is to know of each.
    #[must_use]
    pub fn facts(&self) -> Vec<CaFacts> {
        self.0.list().iter().map(facts).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.list().is_empty()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.list().len()
    }
}
