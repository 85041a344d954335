//! Certificates with every byte as a test wants it: makers' quirks that no library for writing certificates writes.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
};
use num_bigint::BigUint;

pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const PRINTABLE: u8 = 0x13;
pub(crate) const UTF8: u8 = 0x0c;

pub(crate) const CN: &[u8] = &[0x55, 4, 3];
pub(crate) const O: &[u8] = &[0x55, 4, 10];
pub(crate) const C: &[u8] = &[0x55, 4, 6];

/// Tag, length and content, for content below 65536 bytes.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..=0x7f => vec![tag, low],
        0x80..=0xff => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    [head, content].concat()
}

pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    tlv(6, &[content])
}

/// An attribute: type, string type, text.
pub(crate) fn attribute(kind: &[u8], tag: u8, text: &str) -> Vec<u8> {
    tlv(SEQUENCE, &[&oid(kind), &tlv(tag, &[text.as_bytes()])])
}

/// A name of one attribute in each of its parts.
pub(crate) fn name(attributes: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &[&attributes.iter().flat_map(|attribute| tlv(SET, &[attribute])).collect::<Vec<u8>>()])
}

/// A name of one part with all attributes, in the order given: Nuvoton's, and not DER.
pub(crate) fn joined_name(attributes: &[Vec<u8>]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(SET, &[&attributes.concat()])])
}

pub(crate) fn common_name(text: &str) -> Vec<u8> {
    name(&[attribute(CN, UTF8, text)])
}

/// The manufacturer, model and version of a TPM.
pub(crate) fn tpm_attributes(tag: u8) -> Vec<Vec<u8>> {
    [(1, "id:54455354"), (2, "Made"), (3, "id:0102")]
        .iter()
        .map(|(number, text)| attribute(&[0x67, 0x81, 5, 2, *number], tag, text))
        .collect()
}

/// GeneralNames with one directoryName.
pub(crate) fn alternative_name(name: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(0xa4, &[name])])
}

/// An extension: `critical` as it is to be written, even where DER leaves it away.
pub(crate) fn extension(id: &[u8], critical: Option<bool>, content: &[u8]) -> Vec<u8> {
    let critical = match critical {
        None => Vec::new(),
        Some(critical) => vec![1, 1, if critical { 0xff } else { 0 }],
    };
    tlv(SEQUENCE, &[&oid(id), &critical, &tlv(4, &[content])])
}

/// Identifiers of extensions.
pub(crate) const SUBJECT_DIRECTORY_ATTRIBUTES: &[u8] = &[0x55, 0x1d, 9];
pub(crate) const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(crate) const ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(crate) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
pub(crate) const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
pub(crate) const AUTHORITY_INFO: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];

/// 2.23.133.8.1
pub(crate) const EK_PURPOSE: &[u8] = &[0x67, 0x81, 5, 8, 1];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signing {
    RsaSha1,
    RsaSha256,
    P256Sha256,
    P384Sha384,
    P521Sha512,
}

/// A key that signs.
pub(crate) enum Key {
    Rsa { modulus: BigUint, exponent: BigUint, private: BigUint },
    Ec(EcdsaKeyPair),
}

impl Key {
    /// RSA-2048. SHA-1 is nothing that any library of ours signs with, so the arithmetic is done here.
    pub(crate) fn rsa() -> &'static Self {
        static MADE: OnceLock<Key> = OnceLock::new();
        MADE.get_or_init(|| {
            let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
            let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
            // PrivateKeyInfo: version, algorithm, OCTET STRING of RSAPrivateKey: version, n, e, d.
            let numbers = integers(der.as_ref());
            let [_, _, modulus, exponent, private, ..] = numbers.as_slice() else { panic!("no RSA key") };
            Key::Rsa { modulus: modulus.clone(), exponent: exponent.clone(), private: private.clone() }
        })
    }

    pub(crate) fn ec(signing: Signing) -> Self {
        Self::Ec(EcdsaKeyPair::generate(Self::algorithm(signing)).unwrap())
    }

    fn algorithm(signing: Signing) -> &'static EcdsaSigningAlgorithm {
        match signing {
            Signing::P256Sha256 => &ECDSA_P256_SHA256_ASN1_SIGNING,
            Signing::P384Sha384 => &ECDSA_P384_SHA384_ASN1_SIGNING,
            Signing::P521Sha512 => &ECDSA_P521_SHA512_ASN1_SIGNING,
            Signing::RsaSha1 | Signing::RsaSha256 => panic!("not a curve"),
        }
    }

    /// SubjectPublicKeyInfo; RSA keys with the algorithm of that identifier and those parameters.
    pub(crate) fn spki_as(&self, algorithm: &[u8], parameters: &[u8]) -> Vec<u8> {
        let Self::Rsa { modulus, exponent, .. } = self else { panic!("not RSA") };
        let key = tlv(SEQUENCE, &[&integer(modulus), &integer(exponent)]);
        tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&oid(algorithm), parameters]), &tlv(3, &[&[0], &key])])
    }

    pub(crate) fn spki(&self) -> Vec<u8> {
        match self {
            Self::Rsa { .. } => self.spki_as(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], &[5, 0]),
            Self::Ec(pair) => {
                let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
                der.as_ref().to_vec()
            }
        }
    }

    fn sign(&self, signing: Signing, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Rsa { modulus, private, .. } => {
                let (hash, id): (_, &[u8]) = match signing {
                    Signing::RsaSha1 => {
                        (&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &[0x2b, 0x0e, 3, 2, 0x1a])
                    }
                    _ => (&aws_lc_rs::digest::SHA256, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]),
                };
                let digest = aws_lc_rs::digest::digest(hash, message);
                let info =
                    tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&oid(id), &[5, 0]]), &tlv(4, &[digest.as_ref()])]);
                // EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
                let padded = [&[0, 1], vec![0xff; 253 - info.len()].as_slice(), &[0], &info].concat();
                let signed = BigUint::from_bytes_be(&padded).modpow(private, modulus).to_bytes_be();
                [vec![0; 256 - signed.len()], signed].concat()
            }
        }
    }
}

/// AlgorithmIdentifier.
fn algorithm(signing: Signing) -> Vec<u8> {
    let ecdsa = |number| tlv(SEQUENCE, &[&oid(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, number])]);
    let rsa = |number| tlv(SEQUENCE, &[&oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, number]), &[5, 0]]);
    match signing {
        Signing::RsaSha1 => rsa(5),
        Signing::RsaSha256 => rsa(11),
        Signing::P256Sha256 => ecdsa(2),
        Signing::P384Sha384 => ecdsa(3),
        Signing::P521Sha512 => ecdsa(4),
    }
}

fn integer(number: &BigUint) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    if bytes[0] >= 0x80 { tlv(2, &[&[0], &bytes]) } else { tlv(2, &[&bytes]) }
}

/// All INTEGERs of nested SEQUENCEs and OCTET STRINGs, in order.
fn integers(der: &[u8]) -> Vec<BigUint> {
    use x509_parser::der_parser::asn1_rs::{Any, FromDer as _};
    let mut found = Vec::new();
    let mut rest = der;
    while let Ok((behind, element)) = Any::from_der(rest) {
        match element.tag().0 {
            2 => found.push(BigUint::from_bytes_be(element.data)),
            4 | 16 => found.extend(integers(element.data)),
            _ => {}
        }
        rest = behind;
    }
    found
}

/// A certificate, each part as it is to be written.
#[derive(Clone)]
pub(crate) struct Made {
    /// Content of the INTEGER.
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    pub(crate) not_before: Vec<u8>,
    pub(crate) not_after: Vec<u8>,
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Vec<Vec<u8>>,
    /// Behind the last member of the signed part.
    pub(crate) trailing: Vec<u8>,
}

/// UTCTime of 1 January 2020 and GeneralizedTime of 31 December 2049.
fn dates() -> (Vec<u8>, Vec<u8>) {
    (tlv(0x17, &[b"200101000000Z"]), tlv(0x18, &[b"20491231235959Z"]))
}

impl Made {
    /// A CA.
    pub(crate) fn ca(subject: Vec<u8>, key: &Key) -> Self {
        let (not_before, not_after) = dates();
        Self {
            serial: vec![1],
            issuer: subject.clone(),
            subject,
            not_before,
            not_after,
            spki: key.spki(),
            extensions: vec![
                extension(BASIC_CONSTRAINTS, Some(true), &tlv(SEQUENCE, &[&[1, 1, 0xff]])),
                extension(KEY_USAGE, Some(true), &[3, 2, 1, 6]),
            ],
            trailing: Vec::new(),
        }
    }

    /// An EK certificate.
    pub(crate) fn ek(issuer: Vec<u8>, spki: Vec<u8>) -> Self {
        let (not_before, not_after) = dates();
        Self {
            serial: vec![2],
            issuer,
            subject: tlv(SEQUENCE, &[]),
            not_before,
            not_after,
            spki,
            extensions: vec![
                extension(BASIC_CONSTRAINTS, Some(true), &tlv(SEQUENCE, &[])),
                // Key encipherment.
                extension(KEY_USAGE, Some(true), &[3, 2, 5, 0x20]),
                extension(EXTENDED_KEY_USAGE, None, &tlv(SEQUENCE, &[&oid(EK_PURPOSE)])),
                extension(ALTERNATIVE_NAME, Some(true), &alternative_name(&name(&tpm_attributes(UTF8)))),
            ],
            trailing: Vec::new(),
        }
    }

    /// Without the extension of that identifier.
    pub(crate) fn without(mut self, id: &[u8]) -> Self {
        let id = oid(id);
        self.extensions.retain(|extension| !extension.windows(id.len()).take(8).any(|part| part == id));
        self
    }

    pub(crate) fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    pub(crate) fn sign(&self, key: &Key, signing: Signing) -> Vec<u8> {
        let algorithm = algorithm(signing);
        let signed = tlv(
            SEQUENCE,
            &[
                &[0xa0, 3, 2, 1, 2],
                &tlv(2, &[&self.serial]),
                &algorithm,
                &self.issuer,
                &tlv(SEQUENCE, &[&self.not_before, &self.not_after]),
                &self.subject,
                &self.spki,
                &tlv(0xa3, &[&tlv(SEQUENCE, &[&self.extensions.concat()])]),
                &self.trailing,
            ],
        );
        let signature = key.sign(signing, &signed);
        tlv(SEQUENCE, &[&signed, &algorithm, &tlv(3, &[&[0], &signature])])
    }
}
