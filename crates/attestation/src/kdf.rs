//! The TPM's key derivation functions (TPM 2.0 part 1, section 11.4.10).

use aws_lc_rs::{digest, hmac};
use zeroize::Zeroizing;

/// Hash of a key derivation: the Name algorithm of the EK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KdfHash {
    Sha256,
    Sha384,
}

impl KdfHash {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
        }
    }

    pub(crate) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        };
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        for part in parts {
            context.update(part);
        }
        context.sign().as_ref().to_vec()
    }
}

/// KDFa with an empty contextV. `bytes` must not exceed one block of the hash: no use here needs more.
pub(crate) fn kdfa(
    hash: KdfHash,
    key: &[u8],
    label: &[u8],
    context: &[u8],
    bytes: usize,
) -> Zeroizing<Vec<u8>> {
    let counter = 1_u32.to_be_bytes();
    let bits = bit_count(bytes);
    let mut block = Zeroizing::new(hash.hmac(key, &[&counter, label, &[0], context, &bits]));
    block.truncate(bytes);
    block
}

/// KDFe over one block of the hash.
pub(crate) fn kdfe(
    hash: KdfHash,
    z: &[u8],
    label: &[u8],
    party_u: &[u8],
    party_v: &[u8],
) -> Zeroizing<Vec<u8>> {
    let mut context = digest::Context::new(hash.digest());
    for part in [1_u32.to_be_bytes().as_slice(), z, label, &[0], party_u, party_v] {
        context.update(part);
    }
    Zeroizing::new(context.finish().as_ref().to_vec())
}

fn bit_count(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes.saturating_mul(8)).unwrap_or(u32::MAX).to_be_bytes()
}
