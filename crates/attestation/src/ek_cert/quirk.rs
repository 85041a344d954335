use super::EkCertificate;
use crate::der;
use crate::ek::EkKind;

/// Seconds since 1970 of 9999-12-31T23:59:59Z: no well-defined end (RFC 5280 section 4.1.2.5).
const NO_END: i64 = 253_402_300_799;

/// Most bytes of a serial number (RFC 5280 section 4.1.2.2).
const MAX_SERIAL_BYTES: usize = 20;

/// Something that the TCG EK Credential Profile 2.6 (section 3.2) or RFC 5280 wants otherwise, and that genuine TPMs have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Quirk {
    #[error("the key is marked RSAES-OAEP instead of rsaEncryption")]
    OaepKey,
    #[error("no extended key usage says that it is an EK certificate")]
    NoPurpose,
    #[error("no key usage")]
    NoKeyUsage,
    #[error("the key usage is not the one for this kind of key")]
    OtherKeyUsage,
    #[error("no basic constraints say that it is not a CA")]
    NoBasicConstraints,
    #[error("no manufacturer, model and version of the TPM")]
    NoTpmAttributes,
    #[error("no identifier of the issuer's key")]
    NoAuthorityKeyId,
    #[error("the serial number is not positive, not minimal, or too long")]
    OddSerial,
    #[error("no end of validity")]
    NoEnd,
    #[error("signed with SHA-1")]
    Sha1,
}

impl Quirk {
    /// Stable word for JSON and tests.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OaepKey => "oaep_key",
            Self::NoPurpose => "no_purpose",
            Self::NoKeyUsage => "no_key_usage",
            Self::OtherKeyUsage => "other_key_usage",
            Self::NoBasicConstraints => "no_basic_constraints",
            Self::NoTpmAttributes => "no_tpm_attributes",
            Self::NoAuthorityKeyId => "no_authority_key_id",
            Self::OddSerial => "odd_serial",
            Self::NoEnd => "no_end",
            Self::Sha1 => "sha1_signature",
        }
    }
}

pub(super) fn of(ek: &EkCertificate) -> Vec<Quirk> {
    let certificate = &ek.certificate;
    let extensions = &certificate.extensions;
    let tpm = &ek.tpm;
    let wrong_usage = |usage: crate::x509::KeyUsage| match ek.ek.kind() {
        EkKind::Rsa2048 | EkKind::Rsa3072 => !usage.enciphers,
        EkKind::P256 | EkKind::P384 => !usage.agrees,
    };
    [
        (ek.ek.is_marked_oaep(), Quirk::OaepKey),
        (extensions.purposes.is_none(), Quirk::NoPurpose),
        (extensions.key_usage.is_none(), Quirk::NoKeyUsage),
        (extensions.key_usage.is_some_and(wrong_usage), Quirk::OtherKeyUsage),
        (extensions.basic_constraints.is_none(), Quirk::NoBasicConstraints),
        (
            tpm.manufacturer.is_none() || tpm.model.is_none() || tpm.firmware_version.is_none(),
            Quirk::NoTpmAttributes,
        ),
        (extensions.authority_key_id.is_none(), Quirk::NoAuthorityKeyId),
        (odd_serial(&certificate.serial), Quirk::OddSerial),
        (certificate.not_after >= NO_END, Quirk::NoEnd),
        (certificate.signature_algorithm.uses_sha1(), Quirk::Sha1),
    ]
    .into_iter()
    .filter_map(|(there, quirk)| there.then_some(quirk))
    .collect()
}

fn odd_serial(serial: &[u8]) -> bool {
    let padded = matches!(serial, [0, next, ..] if *next < 0x80);
    let negative = serial.first().is_none_or(|first| *first >= 0x80);
    padded || negative || der::strip_zeros(serial).is_empty() || serial.len() > MAX_SERIAL_BYTES
}
