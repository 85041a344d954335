use std::collections::HashMap;

use crate::digest::sha256;
use crate::spki::{NamedCurve, PublicKey, SpkiError};
use crate::x509::{Certificate, CertificateError, IssuerKey};

/// A certificate that may stand above another one, with its key ready for use.
#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) certificate: Certificate,
    pub(super) key: Result<IssuerKey, SpkiError>,
    /// Of the certificate.
    pub(super) sha256: [u8; 32],
}

impl Authority {
    pub(super) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = Certificate::parse(der)?;
        let key = PublicKey::parse(&certificate.spki).map(IssuerKey::new);
        Ok(Self { sha256: sha256(der), certificate, key })
    }

    /// RFC 5280 section 4.2.1.9 and 4.2.1.3: whether it may issue certificates at all.
    pub(super) fn is_ca(&self) -> bool {
        let extensions = &self.certificate.extensions;
        extensions.basic_constraints.is_some_and(|basic| basic.ca)
            && extensions.key_usage.is_none_or(|usage| usage.signs_certificates)
    }

    /// `RSA-2048`, `ECC P-384`, or what is wrong with the key.
    pub(super) fn key_name(&self) -> String {
        match self.key.as_ref().map(IssuerKey::key) {
            Ok(PublicKey::Rsa { modulus, .. }) => {
                let unused = modulus.first().map_or(0, |first| first.leading_zeros());
                let bits = u32::try_from(modulus.len()).unwrap_or(u32::MAX).saturating_mul(8);
                format!("RSA-{}", bits.saturating_sub(unused))
            }
            Ok(PublicKey::Ec { curve: NamedCurve::P256, .. }) => "ECC P-256".to_owned(),
            Ok(PublicKey::Ec { curve: NamedCurve::P384, .. }) => "ECC P-384".to_owned(),
            Ok(PublicKey::Ec { curve: NamedCurve::P521, .. }) => "ECC P-521".to_owned(),
            Ok(PublicKey::Ed25519(_)) => "Ed25519".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

/// Certificates to be found by their subject.
#[derive(Clone, Debug, Default)]
pub(super) struct Authorities {
    list: Vec<Authority>,
    by_subject: HashMap<Vec<u8>, Vec<usize>>,
}

impl Authorities {
    pub(super) fn push(&mut self, authority: Authority) {
        let subject = authority.certificate.subject.folded().to_vec();
        self.by_subject.entry(subject).or_default().push(self.list.len());
        self.list.push(authority);
    }

    pub(super) fn list(&self) -> &[Authority] {
        &self.list
    }

    /// Those that bear the name of the issuer, those with the right key identifier first.
    ///
    /// Key identifiers only order: makers have shipped wrong ones, and issuer and serial number in them are not even
    /// looked at (Infineon's point at certificates that nobody has).
    pub(super) fn issuers_of(&self, child: &Certificate) -> Vec<&Authority> {
        if child.issuer.is_empty() {
            return Vec::new();
        }
        let indices = self.by_subject.get(child.issuer.folded()).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&Authority> = indices.iter().filter_map(|index| self.list.get(*index)).collect();
        if let Some(wanted) = child.extensions.authority_key_id.as_deref() {
            found.sort_by_key(|issuer| {
                issuer.certificate.extensions.subject_key_id.as_deref() != Some(wanted)
            });
        }
        found
    }
}
