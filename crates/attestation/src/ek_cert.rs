mod quirk;

use gatehouse_model::Timestamp;

pub use quirk::Quirk;

use crate::der;
use crate::digest::{colon_hex, sha256};
use crate::ek::{EkError, EkPublic};
use crate::nv::{self, UnwrapError};
use crate::x509::{Certificate, CertificateError, Name};

/// What the certificate says about the TPM (TCG EK Credential Profile, section 3.1.2), safe to print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TpmIdentity {
    /// The vendor's four characters, `INTC` or `IFX`; as `id:00001014` where they are not text.
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    /// Hexadecimal, as in the certificate.
    pub firmware_version: Option<String>,
}

/// A certificate of an endorsement key. Its profile is checked, its chain is not: see
/// [`verify_ek_chain`](crate::verify_ek_chain).
#[derive(Clone, Debug)]
pub struct EkCertificate {
    certificate: Certificate,
    ek: EkPublic,
    tpm: TpmIdentity,
}

/// Why bytes are not an EK certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EkCertificateError {
    #[error("the EK certificate is {0}")]
    Encoding(#[from] UnwrapError),
    #[error("the EK certificate cannot be read")]
    Certificate(#[from] CertificateError),
    #[error("the key in the EK certificate is not acceptable")]
    Key(#[from] EkError),
    #[error("the certificate is that of a CA, not of an endorsement key")]
    IsCa,
    #[error("the extended key usage of the certificate does not name endorsement keys (2.23.133.8.1)")]
    Purpose,
    #[error("the certificate is for a signing key, not for an endorsement key")]
    KeyUsage,
}

impl EkCertificateError {
    /// Stable word for logs, JSON and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Encoding(_) => "not_a_certificate",
            Self::Certificate(_) => "malformed_certificate",
            Self::Key(EkError::Roca) => "roca_weak_key",
            Self::Key(_) => "unsupported_key",
            Self::IsCa => "is_a_ca",
            Self::Purpose => "other_purpose",
            Self::KeyUsage => "signing_key",
        }
    }
}

impl EkCertificate {
    /// Reads an EK certificate from DER, PEM, or the content of a TPM's NV index with header and padding.
    ///
    /// # Errors
    /// If there is no certificate, if its key is not acceptable, or if it is not the certificate of an endorsement
    /// key: a CA, of another purpose, or for signing (TCG EK Credential Profile, section 3.2).
    pub fn parse(bytes: &[u8]) -> Result<Self, EkCertificateError> {
        let certificate = Certificate::parse(&nv::unwrap(bytes)?)?;
        let extensions = &certificate.extensions;
        if extensions.basic_constraints.is_some_and(|basic| basic.ca) {
            return Err(EkCertificateError::IsCa);
        }
        if let Some(usage) = extensions.key_usage {
            if usage.signs_certificates {
                return Err(EkCertificateError::IsCa);
            }
            if !usage.encrypts() {
                return Err(EkCertificateError::KeyUsage);
            }
        }
        if extensions.purposes.is_some_and(|purposes| !purposes.ek) {
            return Err(EkCertificateError::Purpose);
        }
        let ek = EkPublic::from_spki_der(&certificate.spki)?;
        let tpm = extensions.alternative_name.as_ref().map(identity).unwrap_or_default();
        Ok(Self { certificate, ek, tpm })
    }

    /// The bare certificate, without header and padding.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.certificate.der
    }

    #[must_use]
    pub const fn ek(&self) -> &EkPublic {
        &self.ek
    }

    /// The serial number: lower-case hexadecimal bytes, separated by colons.
    #[must_use]
    pub fn serial(&self) -> String {
        match der::strip_zeros(&self.certificate.serial) {
            [] => "00".to_owned(),
            serial => colon_hex(serial),
        }
    }

    #[must_use]
    pub const fn tpm(&self) -> &TpmIdentity {
        &self.tpm
    }

    /// Name of the issuing CA, for people.
    #[must_use]
    pub fn issuer(&self) -> String {
        self.certificate.issuer.to_string()
    }

    /// SHA-256 of the issuer in the form for comparison: that of the CA's [`CaFacts::subject_key`](crate::CaFacts).
    #[must_use]
    pub fn issuer_key(&self) -> [u8; 32] {
        sha256(self.certificate.issuer.folded())
    }

    /// Identifier of the issuing CA's key, hexadecimal with colons.
    #[must_use]
    pub fn aki(&self) -> Option<String> {
        self.certificate.extensions.authority_key_id.as_deref().map(colon_hex)
    }

    /// Where the certificate says its issuer's certificate can be fetched.
    #[must_use]
    pub fn issuer_url(&self) -> Option<&str> {
        self.certificate.extensions.ca_issuers.as_deref()
    }

    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        Timestamp::from_secs(self.certificate.not_before)
    }

    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        Timestamp::from_secs(self.certificate.not_after)
    }

    /// Where it goes other ways than the TCG EK Credential Profile, and is accepted nevertheless.
    #[must_use]
    pub fn quirks(&self) -> Vec<Quirk> {
        quirk::of(self)
    }

    pub(crate) const fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

fn identity(name: &Name) -> TpmIdentity {
    // 2.23.133.2.n
    let text = |number| name.attribute(&[0x67, 0x81, 0x05, 2, number]).filter(|text| !text.is_empty());
    TpmIdentity {
        manufacturer: text(1).map(manufacturer),
        model: text(2).map(str::to_owned),
        firmware_version: text(3).map(|text| text.strip_prefix("id:").unwrap_or(text).to_owned()),
    }
}

/// `id:` and the vendor's identifier (TCG TPM Vendor ID Registry): up to four characters in hexadecimal.
fn manufacturer(text: &str) -> String {
    let characters = text.strip_prefix("id:").and_then(|digits| hex::decode(digits).ok());
    let characters = characters.and_then(|bytes| String::from_utf8(bytes).ok());
    let readable = characters.as_deref().map(|text| text.trim_end_matches(['\0', ' ']));
    match readable {
        Some(readable) if !readable.is_empty() && readable.chars().all(|c| c.is_ascii_graphic()) => {
            readable.to_owned()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::manufacturer;

    #[test]
    fn manufacturers_are_readable_where_they_can_be() {
        assert_eq!(manufacturer("id:494E5443"), "INTC");
        assert_eq!(manufacturer("id:49465800"), "IFX");
        assert_eq!(manufacturer("id:53544D20"), "STM");
        assert_eq!(manufacturer("id:00001014"), "id:00001014");
        assert_eq!(manufacturer("Example"), "Example");
    }
}
