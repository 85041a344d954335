//! Finds the certificate in what a TPM's NV memory or an administrator's file holds.

use x509_parser::pem::Pem;

/// Longest input that is searched for a certificate, in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

/// TCG_PCCLIENT_STORED_CERT with certType full (TCG PC Client Specific Implementation Specification, section 7.3.2).
const STORED_CERT: &[u8] = &[0x10, 0x01, 0x00];
/// TCG_PCCLIENT_FULL_CERT.
const FULL_CERT: &[u8] = &[0x10, 0x02];

/// What there is instead of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    #[error("longer than {MAX_CERTIFICATE_BYTES} bytes")]
    TooLong,
    #[error("empty")]
    Empty,
    #[error("neither DER nor PEM")]
    Encoding,
    #[error("cut short")]
    Truncated,
}

/// The DER of the certificate in `bytes`: bare, in PEM, or behind a TCG header; what follows it is padding.
pub(crate) fn unwrap(bytes: &[u8]) -> Result<Vec<u8>, UnwrapError> {
    if bytes.len() > MAX_CERTIFICATE_BYTES {
        return Err(UnwrapError::TooLong);
    }
    if bytes.is_empty() {
        return Err(UnwrapError::Empty);
    }
    if let Some(der) = from_pem(bytes) {
        return der;
    }
    let body = match bytes.strip_prefix(STORED_CERT) {
        Some([high, low, rest @ ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let stored = rest.get(..length).ok_or(UnwrapError::Truncated)?;
            stored.strip_prefix(FULL_CERT).unwrap_or(stored)
        }
        Some(_) => return Err(UnwrapError::Truncated),
        None => bytes,
    };
    first_sequence(body).map(<[u8]>::to_vec)
}

fn from_pem(bytes: &[u8]) -> Option<Result<Vec<u8>, UnwrapError>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if !text.contains("-----BEGIN ") {
        return None;
    }
    let certificate = Pem::iter_from_buffer(bytes)
        .find_map(|block| block.ok().filter(|block| block.label == "CERTIFICATE"))
        .ok_or(UnwrapError::Encoding);
    Some(certificate.and_then(|block| first_sequence(&block.contents).map(<[u8]>::to_vec)))
}

/// The SEQUENCE at the start of `bytes`, without what follows it.
fn first_sequence(bytes: &[u8]) -> Result<&[u8], UnwrapError> {
    let (header, length) = match bytes {
        [0x30, 0x82, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
        [0x30, 0x81, length, ..] => (3, usize::from(*length)),
        [0x30, length, ..] if *length < 0x80 => (2, usize::from(*length)),
        _ => return Err(UnwrapError::Encoding),
    };
    bytes.get(..length.saturating_add(header)).ok_or(UnwrapError::Truncated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DER: &[u8] = &[0x30, 3, 2, 1, 5];

    #[test]
    fn every_wrapping_gives_the_same_certificate() {
        let pem = b"a comment\n-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";
        let stored = [&[0x10, 1, 0, 0, 5], DER, &[0; 40]].concat();
        let full = [&[0x10, 1, 0, 0, 7, 0x10, 2], DER].concat();
        for wrapped in [DER, &[DER, &[0xff; 9]].concat(), pem, &stored, &full] {
            assert_eq!(unwrap(wrapped).unwrap(), DER);
        }
    }

    #[test]
    fn what_holds_no_certificate_is_refused() {
        assert_eq!(unwrap(&[]), Err(UnwrapError::Empty));
        assert_eq!(unwrap(&[0xff; 100]), Err(UnwrapError::Encoding));
        assert_eq!(unwrap(&vec![0x30; MAX_CERTIFICATE_BYTES + 1]), Err(UnwrapError::TooLong));
        assert_eq!(unwrap(&DER[..4]), Err(UnwrapError::Truncated));
        assert_eq!(unwrap(&[0x10, 1, 0, 0, 9, 0x30, 0]), Err(UnwrapError::Truncated));
        assert_eq!(unwrap(&[0x10, 1, 0]), Err(UnwrapError::Truncated));
        assert_eq!(unwrap(&[0x30, 0x83, 0, 0, 1, 0]), Err(UnwrapError::Encoding));
        assert_eq!(
            unwrap(b"-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n"),
            Err(UnwrapError::Encoding)
        );
    }
}
