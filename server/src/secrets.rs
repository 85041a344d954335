//! Sealing of secrets under the key file.

mod key_file;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, hmac};
use gatehouse_domain::entity::{Digest, SealedSecret, SecretPurpose};
use gatehouse_domain::ports::{Random, SealError, Sealer};
use zeroize::Zeroizing;

pub use key_file::{KeyFile, KeyFileError};

/// AES-256-GCM under the key of the key file, with a random nonce of 96 bits (NIST SP 800-38D section 8.2.2: safe for
/// 2^32 secrets). Purpose, row, key id and the public part are authenticated with the secret.
pub struct KeyFileSealer {
    key: LessSafeKey,
    checksum_key: hmac::Key,
    key_id: String,
    random: Arc<dyn Random>,
}

impl KeyFileSealer {
    #[must_use]
    #[expect(clippy::expect_used, reason = "AES-256 takes every key of 32 bytes, HKDF gives as many")]
    pub fn new(file: &KeyFile, random: Arc<dyn Random>) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, file.key()).expect("an AES-256 key has 32 bytes");
        let checksums = hkdf::Salt::new(hkdf::HKDF_SHA256, b"").extract(file.key());
        let checksum_key = checksums
            .expand(&[b"gatehouse checksums".as_slice()], hmac::HMAC_SHA256)
            .map(hmac::Key::from)
            .expect("HKDF gives 32 bytes");
        Self { key: LessSafeKey::new(key), checksum_key, key_id: file.id().to_owned(), random }
    }

    /// Which key this is.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }
}

impl Sealer for KeyFileSealer {
    #[expect(clippy::expect_used, reason = "AES-GCM takes up to 64 GiB, and secrets are a few kilobytes")]
    fn seal(&self, purpose: SecretPurpose, row: &str, secret: &[u8], public: &[u8]) -> SealedSecret {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce);
        // The secret is encrypted where it lies; the buffer must not move while it holds plaintext.
        let mut ciphertext = Vec::with_capacity(NONCE_LEN + secret.len() + AES_256_GCM.tag_len());
        ciphertext.extend_from_slice(&nonce);
        ciphertext.extend_from_slice(secret);
        let aad = Aad::from(associated_data(purpose, row, &self.key_id, public));
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                aad,
                ciphertext.get_mut(NONCE_LEN..).unwrap_or_default(),
            )
            .expect("the secret is short enough for AES-GCM");
        ciphertext.extend_from_slice(tag.as_ref());
        SealedSecret {
            purpose,
            row: row.to_owned(),
            key_id: self.key_id.clone(),
            ciphertext,
            public: public.to_vec(),
        }
    }

    fn open(&self, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.key_id != self.key_id {
            return Err(SealError::OtherKey {
                expected: self.key_id.clone(),
                found: gatehouse_model::clean_label(&sealed.key_id),
            });
        }
        let (nonce, body) = sealed.ciphertext.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Corrupt)?;
        let mut secret = Zeroizing::new(body.to_vec());
        let aad = Aad::from(associated_data(sealed.purpose, &sealed.row, &sealed.key_id, &sealed.public));
        let length = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut secret)
            .map_err(|_| SealError::Corrupt)?
            .len();
        secret.truncate(length);
        Ok(secret)
    }

    #[expect(clippy::expect_used, reason = "SHA-256 gives 32 bytes")]
    fn checksum(&self, message: &[u8]) -> Digest {
        hmac::sign(&self.checksum_key, message).as_ref().try_into().expect("HMAC-SHA-256 gives 32 bytes")
    }
}

/// Each part after its length, so that no two lists of parts give the same bytes.
fn associated_data(purpose: SecretPurpose, row: &str, key_id: &str, public: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 4] = [purpose.as_str().as_bytes(), row.as_bytes(), key_id.as_bytes(), public];
    let mut data = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part);
    }
    data
}
