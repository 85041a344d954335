//! Finds the certificates in the files that makers publish and administrators keep: PEM, DER, several of them one behind
//! the other, PKCS #7 (RFC 5652 section 5.1).

use x509_parser::der_parser::asn1_rs::{Any, FromDer};
use x509_parser::pem::Pem;

use crate::nv::first_sequence;

/// Longest file that is searched, in bytes.
pub const MAX_BUNDLE_BYTES: usize = 4 * 1024 * 1024;

/// Most certificates of one file.
pub const MAX_BUNDLE_CERTIFICATES: usize = 4096;

/// 1.2.840.113549.1.7.2, signedData.
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const OBJECT_IDENTIFIER: u8 = 0x06;
/// [0], constructed.
const CONTEXT_0: u8 = 0xa0;

/// Why a file gives no certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("longer than {MAX_BUNDLE_BYTES} bytes")]
    TooLong,
    #[error("not well-formed PEM")]
    Pem,
    #[error("no certificate in PEM, DER or PKCS #7")]
    NoCertificate,
    #[error("more than {MAX_BUNDLE_CERTIFICATES} certificates")]
    TooMany,
}

/// The DER of each certificate, in the order of the file. Whether they are well formed is for whoever reads them; PEM
/// blocks of other kinds are passed over.
///
/// # Errors
/// If there is none, or the file is too large or broken.
pub fn certificates_in(bytes: &[u8]) -> Result<Vec<Vec<u8>>, BundleError> {
    if bytes.len() > MAX_BUNDLE_BYTES {
        return Err(BundleError::TooLong);
    }
    let mut found = Vec::new();
    if bytes.first() == Some(&SEQUENCE) {
        add(bytes, &mut found)?;
    } else {
        for block in Pem::iter_from_buffer(bytes) {
            let block = block.map_err(|_| BundleError::Pem)?;
            if matches!(block.label.as_str(), "CERTIFICATE" | "PKCS7" | "CMS" | "X509 CERTIFICATE") {
                add(&block.contents, &mut found)?;
            }
        }
    }
    if found.is_empty() { Err(BundleError::NoCertificate) } else { Ok(found) }
}

/// The certificates of one block, which may be PKCS #7 whatever its label.
fn add(der: &[u8], found: &mut Vec<Vec<u8>>) -> Result<(), BundleError> {
    let mut rest = signed_data(der).unwrap_or(der);
    while let Ok(certificate) = first_sequence(rest) {
        if found.len() >= MAX_BUNDLE_CERTIFICATES {
            return Err(BundleError::TooMany);
        }
        found.push(certificate.to_vec());
        rest = rest.get(certificate.len()..).unwrap_or_default();
    }
    Ok(())
}

/// The certificates of PKCS #7 signed data, one behind the other.
fn signed_data(der: &[u8]) -> Option<&[u8]> {
    let (info, _) = element(der, SEQUENCE)?;
    let (kind, rest) = element(info, OBJECT_IDENTIFIER)?;
    if kind != SIGNED_DATA {
        return None;
    }
    let (content, _) = element(rest, CONTEXT_0)?;
    let (content, _) = element(content, SEQUENCE)?;
    let (_version, rest) = element(content, INTEGER)?;
    let (_digests, rest) = element(rest, SET)?;
    let (_content, rest) = element(rest, SEQUENCE)?;
    Some(element(rest, CONTEXT_0)?.0)
}

/// Content of the first element, which must have that tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (rest, element) = Any::from_der(bytes).ok()?;
    (bytes.first() == Some(&tag)).then_some((element.data, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tlv;

    const ONE: &[u8] = &[0x30, 3, 2, 1, 5];
    const TWO: &[u8] = &[0x30, 3, 2, 1, 6];
    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n";

    fn pkcs7(certificates: &[u8]) -> Vec<u8> {
        let parts: [&[u8]; 4] = [&[2, 1, 1], &[SET, 0], &[SEQUENCE, 0], &tlv(CONTEXT_0, &[certificates])];
        let content = tlv(CONTEXT_0, &[&tlv(SEQUENCE, &parts)]);
        tlv(SEQUENCE, &[&tlv(OBJECT_IDENTIFIER, &[SIGNED_DATA]), &content])
    }

    #[test]
    fn certificates_are_found_in_every_form() {
        assert_eq!(certificates_in(ONE).unwrap(), [ONE]);
        assert_eq!(certificates_in(&[ONE, TWO, &[0xff; 9]].concat()).unwrap(), [ONE, TWO]);
        assert_eq!(certificates_in(&pkcs7(&[ONE, TWO].concat())).unwrap(), [ONE, TWO]);
        let text = format!("of somebody\n{PEM}more\n{}{PEM}", PEM.replace("CERTIFICATE", "X509 CRL"));
        assert_eq!(certificates_in(text.as_bytes()).unwrap(), [ONE, ONE]);
        let inside = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pkcs7(TWO));
        assert_eq!(certificates_in(PEM.replace("MAMCAQU=", &inside).as_bytes()).unwrap(), [TWO]);
    }

    #[test]
    fn files_without_certificates_are_refused() {
        assert_eq!(certificates_in(b""), Err(BundleError::NoCertificate));
        assert_eq!(certificates_in(b"nothing"), Err(BundleError::NoCertificate));
        assert_eq!(certificates_in(&pkcs7(&[])), Err(BundleError::NoCertificate));
        assert_eq!(certificates_in(PEM.replace("-----END", "").as_bytes()), Err(BundleError::Pem));
        assert_eq!(certificates_in(&vec![0x30; MAX_BUNDLE_BYTES + 1]), Err(BundleError::TooLong));
        assert_eq!(certificates_in(&ONE.repeat(MAX_BUNDLE_CERTIFICATES + 1)), Err(BundleError::TooMany));
    }
}
