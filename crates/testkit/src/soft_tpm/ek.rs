use std::sync::{Arc, OnceLock};

use aes::cipher::{AsyncStreamCipher, KeyIvInit};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::{agreement, digest, hmac};
use gatehouse_model::tpm::{EkMaterial, EncryptedCredential};

use super::bytes::{pad, sha256, take_sized, tlv};
use super::{Boot, SoftAk};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EkKind {
    Rsa2048,
    P256,
    P384,
}

/// A TPM with an endorsement key. Clones are the same TPM.
#[derive(Clone)]
pub struct SoftTpm {
    kind: EkKind,
    key: Arc<EkKey>,
    /// What its attestations say about time.
    pub boot: Boot,
}

enum EkKey {
    Rsa { private: PrivateDecryptingKey, spki: Vec<u8> },
    Ec { private: agreement::PrivateKey, point: Vec<u8> },
}

/// What TPM2_ActivateCredential would answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivateError {
    /// The bytes are not a TPM2B of the expected content.
    Malformed,
    /// The seed is not for this endorsement key.
    Seed,
    /// TPM_RC_INTEGRITY: not for this endorsement key and this attestation key together.
    Integrity,
}

impl SoftTpm {
    /// A TPM with a new endorsement key. An RSA key takes a tenth of a second or more: see [`Self::with_shared_key`].
    #[must_use]
    pub fn generate(kind: EkKind) -> Self {
        let key = match kind {
            EkKind::Rsa2048 => {
                let private = PrivateDecryptingKey::generate(KeySize::Rsa2048).expect("RSA keys can be made");
                let spki = private.public_key().as_der().expect("RSA keys can be encoded").as_ref().to_vec();
                EkKey::Rsa { private, spki }
            }
            EkKind::P256 | EkKind::P384 => {
                let algorithm =
                    if kind == EkKind::P256 { &agreement::ECDH_P256 } else { &agreement::ECDH_P384 };
                let private = agreement::PrivateKey::generate(algorithm).expect("EC keys can be made");
                let point = private.compute_public_key().expect("the key is whole").as_ref().to_vec();
                EkKey::Ec { private, point }
            }
        };
        Self { kind, key: Arc::new(key), boot: Boot::default() }
    }

    /// A TPM whose endorsement key is the same each time in this process: where it only has to exist.
    #[must_use]
    pub fn with_shared_key(kind: EkKind) -> Self {
        static RSA: OnceLock<SoftTpm> = OnceLock::new();
        static P256: OnceLock<SoftTpm> = OnceLock::new();
        static P384: OnceLock<SoftTpm> = OnceLock::new();
        let shared = match kind {
            EkKind::Rsa2048 => &RSA,
            EkKind::P256 => &P256,
            EkKind::P384 => &P384,
        };
        shared.get_or_init(|| Self::generate(kind)).clone()
    }

    #[must_use]
    pub fn kind(&self) -> EkKind {
        self.kind
    }

    /// SubjectPublicKeyInfo of the endorsement key.
    #[must_use]
    pub fn ek_spki(&self) -> Vec<u8> {
        let curve: &[u8] = match (self.kind, &*self.key) {
            (_, EkKey::Rsa { spki, .. }) => return spki.clone(),
            (EkKind::P384, _) => &[0x06, 5, 0x2b, 0x81, 4, 0, 0x22],
            _ => &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
        };
        let algorithm = tlv(0x30, &[&[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], curve]);
        tlv(0x30, &[&algorithm, &tlv(0x03, &[&[0], self.public_key_bytes()])])
    }

    /// The bare endorsement key, as clients of TPMs without certificate send it.
    #[must_use]
    pub fn ek_key(&self) -> EkMaterial {
        EkMaterial::PublicKey(self.ek_spki())
    }

    /// SHA-256 of [`Self::ek_spki`].
    #[must_use]
    pub fn ek_fingerprint(&self) -> Vec<u8> {
        sha256(&self.ek_spki())
    }

    /// The content of the BIT STRING in [`Self::ek_spki`].
    pub(super) fn public_key_bytes(&self) -> &[u8] {
        match &*self.key {
            // The header of an RSA-2048 SubjectPublicKeyInfo always takes 24 bytes.
            EkKey::Rsa { spki, .. } => spki.get(24..).unwrap_or_default(),
            EkKey::Ec { point, .. } => point,
        }
    }

    /// TPM2_ActivateCredential with an attestation key of this TPM (TPM 2.0 part 1, section 24).
    ///
    /// # Errors
    /// If the credential is not for this TPM and this key.
    pub fn activate(&self, ak: &SoftAk, credential: &EncryptedCredential) -> Result<Vec<u8>, ActivateError> {
        let (encrypted_seed, rest) = take_sized(&credential.secret).ok_or(ActivateError::Malformed)?;
        let (id_object, rest2) = take_sized(&credential.credential_blob).ok_or(ActivateError::Malformed)?;
        let (mac, encrypted) = take_sized(id_object).ok_or(ActivateError::Malformed)?;
        if !rest.is_empty() || !rest2.is_empty() {
            return Err(ActivateError::Malformed);
        }
        let (hmac_algorithm, key_bytes) = match self.kind {
            EkKind::Rsa2048 | EkKind::P256 => (hmac::HMAC_SHA256, 16),
            EkKind::P384 => (hmac::HMAC_SHA384, 32),
        };
        let seed = self.seed(encrypted_seed)?;
        let name = ak.name();

        let mac_key =
            kdfa(hmac_algorithm, &seed, b"INTEGRITY\0", &[], hmac_algorithm.digest_algorithm().output_len());
        let signed = [encrypted, &name].concat();
        hmac::verify(&hmac::Key::new(hmac_algorithm, &mac_key), &signed, mac)
            .map_err(|_| ActivateError::Integrity)?;

        let aes_key = kdfa(hmac_algorithm, &seed, b"STORAGE\0", &name, key_bytes);
        let mut plain = encrypted.to_vec();
        let iv = [0; 16];
        if key_bytes == 16 {
            cfb_mode::Decryptor::<aes::Aes128>::new_from_slices(&aes_key, &iv).map(|c| c.decrypt(&mut plain))
        } else {
            cfb_mode::Decryptor::<aes::Aes256>::new_from_slices(&aes_key, &iv).map(|c| c.decrypt(&mut plain))
        }
        .map_err(|_| ActivateError::Malformed)?;
        match take_sized(&plain) {
            Some((secret, [])) => Ok(secret.to_vec()),
            _ => Err(ActivateError::Malformed),
        }
    }

    fn seed(&self, encrypted: &[u8]) -> Result<Vec<u8>, ActivateError> {
        match &*self.key {
            EkKey::Rsa { private, .. } => {
                let key = OaepPrivateDecryptingKey::new(private.clone()).map_err(|_| ActivateError::Seed)?;
                let mut plain = vec![0; key.key_size_bytes()];
                let seed = key
                    .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut plain, Some(b"IDENTITY\0"))
                    .map_err(|_| ActivateError::Seed)?;
                Ok(seed.to_vec())
            }
            EkKey::Ec { private, point } => {
                let (algorithm, hash, field) = match self.kind {
                    EkKind::P384 => (&agreement::ECDH_P384, &digest::SHA384, 48),
                    _ => (&agreement::ECDH_P256, &digest::SHA256, 32),
                };
                let (x, rest) = take_sized(encrypted).ok_or(ActivateError::Malformed)?;
                let (y, rest) = take_sized(rest).ok_or(ActivateError::Malformed)?;
                let (x, y) = (pad(x, field), pad(y, field));
                let (Some(x), Some(y), []) = (x, y, rest) else { return Err(ActivateError::Malformed) };
                let own_x = point.get(1..=field).ok_or(ActivateError::Malformed)?;
                let peer = [[4].as_slice(), &x, &y].concat();
                let peer = agreement::UnparsedPublicKey::new(algorithm, peer);
                agreement::agree(private, peer, ActivateError::Seed, |z| {
                    let input = [&[0, 0, 0, 1], z, b"IDENTITY\0", &x, own_x].concat();
                    Ok(digest::digest(hash, &input).as_ref().to_vec())
                })
            }
        }
    }
}

fn kdfa(algorithm: hmac::Algorithm, key: &[u8], label: &[u8], context: &[u8], bytes: usize) -> Vec<u8> {
    let bits = u32::try_from(bytes * 8).unwrap_or_default().to_be_bytes();
    let input = [&[0, 0, 0, 1], label, context, &bits].concat();
    let mut block = hmac::sign(&hmac::Key::new(algorithm, key), &input).as_ref().to_vec();
    block.truncate(bytes);
    block
}
