//! Public keys out of TPM structures and certificates, and their DER (RFC 5280 section 4.1, RFC 5480, RFC 8017).

use tpm2_protocol::data::{TpmEccCurve, TpmtPublic, TpmuPublicId, TpmuPublicParms};

/// A public key that can be compared, whatever it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// Big-endian, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// Coordinates padded to the curve's size.
    Ecc { curve: Curve, x: Vec<u8>, y: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
}

impl Curve {
    const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// Content of the OBJECT IDENTIFIER: prime256v1 and secp384r1.
    const fn oid(self) -> &'static [u8] {
        match self {
            Self::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
            Self::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        }
    }
}

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// What exponent 0 in a TPM structure stands for.
const DEFAULT_EXPONENT: u32 = 65537;

impl PublicKey {
    /// The key of a TPMT_PUBLIC; `None` for other kinds of keys and curves.
    pub(crate) fn from_tpm(public: &TpmtPublic) -> Option<Self> {
        match (&public.unique, &public.parameters) {
            (TpmuPublicId::Rsa(modulus), TpmuPublicParms::Rsa(parameters)) => {
                let exponent = match parameters.exponent.value() {
                    0 => DEFAULT_EXPONENT,
                    other => other,
                };
                let exponent = minimal(&exponent.to_be_bytes());
                Some(Self::Rsa { modulus: minimal(&modulus[..]), exponent })
            }
            (TpmuPublicId::Ecc(point), TpmuPublicParms::Ecc(parameters)) => {
                let curve = match parameters.curve_id {
                    TpmEccCurve::NistP256 => Curve::P256,
                    TpmEccCurve::NistP384 => Curve::P384,
                    _ => return None,
                };
                Some(Self::Ecc { curve, x: pad(&point.x[..], curve)?, y: pad(&point.y[..], curve)? })
            }
            _ => None,
        }
    }

    /// The key of an X.509 certificate; `None` if the bytes are none or the key is of another kind.
    pub(crate) fn from_certificate(der: &[u8]) -> Option<Self> {
        use x509_parser::public_key::PublicKey as Parsed;
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let info = certificate.public_key();
        match info.parsed().ok()? {
            Parsed::RSA(key) => {
                Some(Self::Rsa { modulus: minimal(key.modulus), exponent: minimal(key.exponent) })
            }
            Parsed::EC(point) => {
                let (curve, size) = match point.data().len() {
                    65 => (Curve::P256, 32),
                    97 => (Curve::P384, 48),
                    _ => return None,
                };
                let named = info.algorithm.parameters.as_ref()?.as_oid().ok()?;
                let (form, coordinates) = point.data().split_first()?;
                if named.as_bytes() != curve.oid() || *form != 4 {
                    return None;
                }
                let (x, y) = coordinates.split_at_checked(size)?;
                Some(Self::Ecc { curve, x: x.to_vec(), y: y.to_vec() })
            }
            _ => None,
        }
    }

    /// What a credential's id is the hash of: RSA exponent and modulus, or the uncompressed point.
    pub(crate) fn id_bytes(&self) -> Vec<u8> {
        match self {
            Self::Rsa { modulus, exponent } => [exponent.as_slice(), modulus].concat(),
            Self::Ecc { x, y, .. } => [&[4], x.as_slice(), y].concat(),
        }
    }

    /// SubjectPublicKeyInfo.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        let (algorithm, bits) = match self {
            Self::Rsa { modulus, exponent } => (
                sequence(&[element(0x06, RSA_ENCRYPTION), element(0x05, &[])]),
                sequence(&[unsigned(modulus), unsigned(exponent)]),
            ),
            Self::Ecc { curve, .. } => {
                (sequence(&[element(0x06, EC_PUBLIC_KEY), element(0x06, curve.oid())]), self.id_bytes())
            }
        };
        sequence(&[algorithm, element(0x03, &[&[0], bits.as_slice()].concat())])
    }
}

fn minimal(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// Chips may leave leading zeros off.
fn pad(coordinate: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let missing = curve.bytes().checked_sub(coordinate.len())?;
    Some([vec![0; missing].as_slice(), coordinate].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = minimal(&length);
    let mut out = vec![tag];
    match (digits.as_slice(), u8::try_from(digits.len())) {
        ([], _) => out.push(0),
        ([short], _) if *short < 0x80 => out.push(*short),
        (_, count) => {
            out.push(0x80 | count.unwrap_or(8));
            out.extend_from_slice(&digits);
        }
    }
    out.extend_from_slice(content);
    out
}

fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// INTEGER of a number without leading zeros.
fn unsigned(digits: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if digits.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    element(0x02, &[sign, digits].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::FromDer;
    use x509_parser::x509::SubjectPublicKeyInfo;

    #[test]
    fn der_reads_back() {
        let rsa = PublicKey::Rsa { modulus: vec![0x9a; 256], exponent: vec![1, 0, 1] };
        let ecc = PublicKey::Ecc { curve: Curve::P384, x: vec![7; 48], y: vec![8; 48] };
        for key in [rsa, ecc] {
            let der = key.to_der();
            let (rest, info) = SubjectPublicKeyInfo::from_der(&der).unwrap();
            assert!(rest.is_empty());
            match info.parsed().unwrap() {
                x509_parser::public_key::PublicKey::RSA(rsa) => {
                    assert_eq!((minimal(rsa.modulus).len(), rsa.key_size()), (256, 2048));
                }
                x509_parser::public_key::PublicKey::EC(point) => assert_eq!(point.data(), key.id_bytes()),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn coordinates_are_padded_and_never_cut() {
        assert_eq!(pad(&[1, 2], Curve::P256).unwrap().len(), 32);
        assert!(pad(&[1; 33], Curve::P256).is_none());
    }

    #[test]
    fn bytes_that_are_no_certificate_have_no_key() {
        assert!(PublicKey::from_certificate(&[]).is_none());
        assert!(PublicKey::from_certificate(&[0x30, 0x03, 2, 1, 0]).is_none());
    }
}
