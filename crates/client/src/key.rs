use aws_lc_rs::encoding::AsBigEndian;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use gatehouse_model::ErrorKind;
use ssh_key::{LineEnding, PrivateKey};
use zeroize::Zeroizing;

use crate::error::{ClientError, Result};

/// SubjectPublicKeyInfo of a P-256 key up to its uncompressed point (RFC 5480 section 2).
const P256_SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The key pair of one login: ECDSA P-256, for TLS and SSH alike.
pub struct UserKey {
    ssh: PrivateKey,
    pair: EcdsaKeyPair,
}

impl UserKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn generate(comment: &str) -> Result<Self> {
        let failed = || ClientError::new(ErrorKind::Internal, "key", "cannot make a key");
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| failed())?;
        let secret =
            Zeroizing::new(pair.private_key().as_be_bytes().map_err(|_| failed())?.as_ref().to_vec());
        let blob = openssh_blob(pair.public_key().as_ref(), &secret, comment)?;
        let ssh = PrivateKey::from_bytes(&blob).map_err(|_| failed())?;
        Ok(Self { ssh, pair })
    }

    /// Reads a key of [`UserKey::to_openssh`].
    ///
    /// # Errors
    /// Not an unencrypted OpenSSH P-256 key.
    pub fn from_openssh(text: &str) -> Result<Self> {
        let wrong = || {
            ClientError::new(ErrorKind::FailedPrecondition, "key_damaged", "the key of this login is damaged")
                .with_hint("run `tsh logout` and log in again")
        };
        let ssh = PrivateKey::from_openssh(text).map_err(|_| wrong())?;
        let ecdsa = ssh.key_data().ecdsa().ok_or_else(wrong)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            ecdsa.private_key_bytes(),
            ecdsa.public_key_bytes(),
        )
        .map_err(|_| wrong())?;
        Ok(Self { ssh, pair })
    }

    /// The private key as `ssh -i` reads it.
    ///
    /// # Errors
    /// Never for a key of ours.
    pub fn to_openssh(&self) -> Result<Zeroizing<String>> {
        self.ssh.to_openssh(LineEnding::LF).map_err(|error| encoding(&error))
    }

    /// The public key as a line of authorized_keys.
    ///
    /// # Errors
    /// Never for a key of ours.
    pub fn public_openssh(&self) -> Result<String> {
        self.ssh.public_key().to_openssh().map_err(|error| encoding(&error))
    }

    /// SubjectPublicKeyInfo DER.
    #[must_use]
    pub fn public_spki_der(&self) -> Vec<u8> {
        [P256_SPKI_PREFIX.as_slice(), self.pair.public_key().as_ref()].concat()
    }

    /// PKCS#8 DER of the private key, for TLS.
    ///
    /// # Errors
    /// Never for a key of ours.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>> {
        let document = self
            .pair
            .to_pkcs8v1()
            .map_err(|_| ClientError::new(ErrorKind::Internal, "key", "cannot encode the key"))?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }
}

fn encoding(error: &ssh_key::Error) -> ClientError {
    ClientError::new(ErrorKind::Internal, "key", format!("cannot encode the key: {error}"))
}

/// The unencrypted `openssh-key-v1` container (OpenSSH's PROTOCOL.key) around one P-256 key.
fn openssh_blob(point: &[u8], secret: &[u8], comment: &str) -> Result<Zeroizing<Vec<u8>>> {
    let mut check = [0; 4];
    SystemRandom::new()
        .fill(&mut check)
        .map_err(|_| ClientError::new(ErrorKind::Internal, "key", "the system gives no randomness"))?;
    let mut public = Vec::new();
    for part in [b"ecdsa-sha2-nistp256".as_slice(), b"nistp256", point] {
        put_string(&mut public, part);
    }
    // An mpint (RFC 4251 section 5) needs a zero in front to stay positive. Zeros that a scalar starts with are kept:
    // OpenSSH trims them, and ssh-key reads nothing but whole scalars.
    let mut scalar = Zeroizing::new(secret.to_vec());
    if scalar.first().is_some_and(|byte| *byte >= 0x80) {
        scalar.insert(0, 0);
    }
    let mut private = Zeroizing::new(Vec::with_capacity(512));
    private.extend_from_slice(&check);
    private.extend_from_slice(&check);
    private.extend_from_slice(&public);
    put_string(&mut private, &scalar);
    put_string(&mut private, comment.as_bytes());
    let missing = private.len().next_multiple_of(8) - private.len();
    private.extend((1..=7_u8).take(missing));

    let mut blob = Zeroizing::new(Vec::with_capacity(1024));
    blob.extend_from_slice(b"openssh-key-v1\0");
    put_string(&mut blob, b"none");
    put_string(&mut blob, b"none");
    put_string(&mut blob, b"");
    blob.extend_from_slice(&1_u32.to_be_bytes());
    put_string(&mut blob, &public);
    put_string(&mut blob, &private);
    Ok(blob)
}

fn put_string(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back() {
        for _ in 0..20 {
            let key = UserKey::generate("alice@gatehouse").unwrap();
            let again = UserKey::from_openssh(&key.to_openssh().unwrap()).unwrap();
            assert_eq!(key.public_spki_der(), again.public_spki_der());
            assert_eq!(key.to_pkcs8_der().unwrap(), again.to_pkcs8_der().unwrap());
            assert!(key.public_openssh().unwrap().starts_with("ecdsa-sha2-nistp256 "));
        }
    }

    #[test]
    fn a_scalar_that_starts_with_zeros_is_kept() {
        // The point does not belong to the scalar; the container does not compare them.
        let key = UserKey::generate("x").unwrap();
        let spki = key.public_spki_der();
        let mut secret = [7_u8; 32];
        secret[0] = 0;
        let blob = openssh_blob(&spki[26..], &secret, "x").unwrap();
        assert!(PrivateKey::from_bytes(&blob).is_ok());
    }

    #[test]
    fn rubbish_is_no_key() {
        assert_eq!(UserKey::from_openssh("hello").err().map(|e| e.code), Some("key_damaged".to_owned()));
    }
}
