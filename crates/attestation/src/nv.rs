//! Finds the certificate in what a TPM's NV memory, a maker's server or an administrator's file holds.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use x509_parser::pem::Pem;

/// Longest input that is searched for a certificate, in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

/// TCG_PCCLIENT_STORED_CERT with certType full (TCG PC Client Specific Implementation Specification, section 7.3.2).
const STORED_CERT: &[u8] = &[0x10, 0x01, 0x00];
/// TCG_PCCLIENT_FULL_CERT.
const FULL_CERT: &[u8] = &[0x10, 0x02];

/// base64url with or without padding.
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Most certificates that a device may send of its NV memory (handles 0x01C00100 to 0x01C001FF), and their bytes.
pub const MAX_SENT_CERTIFICATES: usize = 32;
pub const MAX_SENT_BYTES: usize = 64 * 1024;

/// What there is instead of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    #[error("longer than {MAX_CERTIFICATE_BYTES} bytes")]
    TooLong,
    #[error("empty")]
    Empty,
    #[error("neither DER, nor PEM, nor JSON with a certificate in it")]
    Encoding,
    #[error("cut short")]
    Truncated,
}

/// The DER of the certificate in `bytes`: bare, in PEM, in the JSON of Intel's server, or behind a TCG header; what
/// follows it is padding.
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
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        return from_json(bytes).ok_or(UnwrapError::Encoding)?;
    }
    first_sequence(stored(bytes)?.0).map(<[u8]>::to_vec)
}

/// The DER of each certificate in the contents of NV indices that hold a chain, each once: one behind the other, one each,
/// or a chain that runs on from one index into the next (TCG EK Credential Profile, section 2.2.1.5.2). What is no
/// certificate ends the index that it is in: that is its padding.
#[must_use]
pub fn certificate_chain(indices: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut left = MAX_SENT_BYTES;
    // One as large as all together may be holds no more.
    let together: Vec<u8> = indices.iter().flatten().take(2 * MAX_SENT_BYTES).copied().collect();
    for index in indices.iter().chain([&together]) {
        let mut rest = index.as_slice();
        while let Ok((body, behind)) = stored(rest)
            && let Ok(der) = first_sequence(body)
        {
            rest = behind.unwrap_or_else(|| body.get(der.len()..).unwrap_or_default());
            if found.iter().any(|known| known == der) {
                continue;
            }
            let Some(fewer) = left.checked_sub(der.len()) else { return found };
            if found.len() >= MAX_SENT_CERTIFICATES {
                return found;
            }
            left = fewer;
            found.push(der.to_vec());
        }
    }
    found
}

/// What stands behind a TCG header, and what follows it; without a header everything.
fn stored(bytes: &[u8]) -> Result<(&[u8], Option<&[u8]>), UnwrapError> {
    match bytes.strip_prefix(STORED_CERT) {
        Some([high, low, rest @ ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let (stored, behind) = rest.split_at_checked(length).ok_or(UnwrapError::Truncated)?;
            Ok((stored.strip_prefix(FULL_CERT).unwrap_or(stored), Some(behind)))
        }
        Some(_) => Err(UnwrapError::Truncated),
        None => Ok((bytes, None)),
    }
}

/// The answer of Intel's server for EK certificates: base64url, whose padding is percent-encoded.
fn from_json(bytes: &[u8]) -> Option<Result<Vec<u8>, UnwrapError>> {
    let answer: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let text = answer.get("certificate")?.as_str()?.replace("%3D", "=").replace("%3d", "=");
    let der = BASE64_URL.decode(text.trim()).ok()?;
    Some(first_sequence(&der).map(<[u8]>::to_vec))
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
pub(crate) fn first_sequence(bytes: &[u8]) -> Result<&[u8], UnwrapError> {
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
        let json = br#" {"pubhash":"WVE%3D","certificate":"MAMCAQU%3D"}"#;
        let unpadded = br#"{"certificate":"MAMCAQU"}"#;
        let stored = [&[0x10, 1, 0, 0, 5], DER, &[0; 40]].concat();
        let full = [&[0x10, 1, 0, 0, 7, 0x10, 2], DER].concat();
        for wrapped in [DER, &[DER, &[0xff; 9]].concat(), pem, json, unpadded, &stored, &full] {
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

    #[test]
    fn json_without_a_certificate_is_refused() {
        let deep = "[".repeat(MAX_CERTIFICATE_BYTES - 30);
        for text in ["{", "{}", r#"{"certificate":1}"#, r#"{"certificate":"!"}"#, &format!("{{\"a\":{deep}")]
        {
            assert_eq!(unwrap(text.as_bytes()), Err(UnwrapError::Encoding), "{text:.30}");
        }
        assert_eq!(unwrap(br#"{"certificate":"MAMCAQ"}"#), Err(UnwrapError::Truncated));
    }

    #[test]
    fn a_chain_lies_in_one_index_or_in_several() {
        let other: &[u8] = &[0x30, 3, 2, 1, 6];
        let header = [&[0x10, 1, 0, 0, 7, 0x10, 2], DER].concat();
        let indices = [
            [DER, other, &[0xff; 9]].concat(),
            [header.as_slice(), other, &[0; 40]].concat(),
            vec![],
            vec![0x30, 9, 1],
            other.to_vec(),
        ];
        assert_eq!(certificate_chain(&indices), [DER, other]);
    }

    #[test]
    fn a_chain_runs_on_from_one_index_into_the_next() {
        let other: &[u8] = &[0x30, 3, 2, 1, 6];
        let whole = [DER, other, &[0xff; 4]].concat();
        for cut in 0..=whole.len() {
            let (first, second) = whole.split_at(cut);
            let mut found = certificate_chain(&[first.to_vec(), second.to_vec()]);
            found.sort();
            assert_eq!(found, [DER, other], "cut at {cut}");
        }
    }

    #[test]
    fn the_chain_of_a_device_is_bounded() {
        let many: Vec<u8> = (0..=255).flat_map(|byte| [0x30, 3, 2, 1, byte]).collect();
        assert_eq!(certificate_chain(&[many]).len(), MAX_SENT_CERTIFICATES);
        let large = [&[0x30, 0x82, 0x40, 0], vec![0; 0x4000].as_slice()].concat();
        let numbered = |number: u8| {
            let mut large = large.clone();
            large[9] = number;
            large
        };
        let indices: Vec<_> = (0..30).map(numbered).collect();
        let total: usize = certificate_chain(&indices).iter().map(Vec::len).sum();
        assert!(total <= MAX_SENT_BYTES && total > 3 * 0x4000);
    }
}
