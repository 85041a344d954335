//! Credential activation (TPM 2.0 part 1, section 24): a secret that only the TPM holding both keys can read.

use aes::cipher::{AsyncStreamCipher, KeyIvInit};
use aws_lc_rs::agreement;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use gatehouse_model::tpm::EncryptedCredential;
use zeroize::Zeroizing;

use crate::ak::AkPublic;
use crate::ek::{EkKind, EkPublic};
use crate::kdf::{KdfHash, kdfa, kdfe};
use crate::spki::{NamedCurve, PublicKey};

/// With the terminating zero that the specification counts in for OAEP.
const OAEP_LABEL: &[u8] = b"IDENTITY\0";

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActivationError {
    #[error("the endorsement key does not encrypt")]
    Encryption,
    #[error("the endorsement key does not agree on a secret")]
    Agreement,
}

/// What the templates of the TCG EK Credential Profile (annex B) say beside the kind of key.
struct Template {
    name_hash: KdfHash,
    aes_key_bytes: usize,
}

impl Template {
    const fn of(kind: EkKind) -> Self {
        match kind {
            EkKind::Rsa2048 | EkKind::P256 => Self { name_hash: KdfHash::Sha256, aes_key_bytes: 16 },
            EkKind::Rsa3072 | EkKind::P384 => Self { name_hash: KdfHash::Sha384, aes_key_bytes: 32 },
        }
    }
}

/// Encrypts `secret` so that TPM2_ActivateCredential gives it out only where `ek` and `ak` are in the same TPM.
///
/// `random` fills its argument from a cryptographic source. It serves the seed for RSA keys; the library has its own
/// source for padding and ephemeral keys.
///
/// # Errors
/// If the cryptographic library refuses the endorsement key.
pub fn make_credential(
    ek: &EkPublic,
    ak: &AkPublic,
    secret: &[u8; 32],
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<EncryptedCredential, ActivationError> {
    let template = Template::of(ek.kind());
    let (seed, encrypted_seed) = match ek.key() {
        PublicKey::Rsa { .. } => rsa_seed(ek, template.name_hash, random)?,
        PublicKey::Ec { curve, point } => ecc_seed(*curve, point, template.name_hash)?,
        PublicKey::Ed25519(_) => return Err(ActivationError::Encryption),
    };
    let name = ak.name();

    let aes_key = kdfa(template.name_hash, &seed, b"STORAGE", &name, template.aes_key_bytes);
    let mut identity = Zeroizing::new(sized(secret));
    encrypt_cfb(&aes_key, &mut identity)?;

    let mac_key = kdfa(template.name_hash, &seed, b"INTEGRITY", &[], template.name_hash.bytes());
    let mac = template.name_hash.hmac(&mac_key, &[&identity, &name]);

    let id_object = [sized(&mac).as_slice(), &identity].concat();
    Ok(EncryptedCredential { credential_blob: sized(&id_object), secret: sized(&encrypted_seed) })
}

type Seed = (Zeroizing<Vec<u8>>, Vec<u8>);

/// Part 1, annex B.10.3: a random seed, encrypted with RSAES-OAEP.
fn rsa_seed(
    ek: &EkPublic,
    hash: KdfHash,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<Seed, ActivationError> {
    let algorithm = match hash {
        KdfHash::Sha256 => &OAEP_SHA256_MGF1SHA256,
        KdfHash::Sha384 => &OAEP_SHA384_MGF1SHA384,
    };
    let key = PublicEncryptingKey::from_der(ek.spki_der()).map_err(|_| ActivationError::Encryption)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| ActivationError::Encryption)?;
    let mut seed = Zeroizing::new(vec![0; hash.bytes()]);
    random(&mut seed);
    let mut encrypted = vec![0; key.ciphertext_size()];
    let encrypted = key
        .encrypt(algorithm, &seed, &mut encrypted, Some(OAEP_LABEL))
        .map_err(|_| ActivationError::Encryption)?
        .to_vec();
    Ok((seed, encrypted))
}

/// Part 1, annex C.6.4: one-pass Diffie-Hellman with an ephemeral key, whose TPMS_ECC_POINT is the encrypted seed.
fn ecc_seed(curve: NamedCurve, ek: &[u8], hash: KdfHash) -> Result<Seed, ActivationError> {
    let private =
        agreement::PrivateKey::generate(curve.agreement()).map_err(|_| ActivationError::Agreement)?;
    let public = private.compute_public_key().map_err(|_| ActivationError::Agreement)?;
    let (own_x, own_y) = coordinates(curve, public.as_ref())?;
    let (ek_x, _) = coordinates(curve, ek)?;
    let peer = agreement::UnparsedPublicKey::new(curve.agreement(), ek);
    let seed = agreement::agree(&private, peer, ActivationError::Agreement, |z| {
        Ok(kdfe(hash, z, b"IDENTITY", own_x, ek_x))
    })?;
    Ok((seed, [sized(own_x), sized(own_y)].concat()))
}

fn coordinates(curve: NamedCurve, point: &[u8]) -> Result<(&[u8], &[u8]), ActivationError> {
    point
        .split_first()
        .and_then(|(_, numbers)| numbers.split_at_checked(curve.field_bytes()))
        .ok_or(ActivationError::Agreement)
}

/// CFB with an IV of zero: each key encrypts once.
fn encrypt_cfb(key: &[u8], data: &mut [u8]) -> Result<(), ActivationError> {
    let iv = [0; 16];
    match key.len() {
        16 => {
            cfb_mode::Encryptor::<aes::Aes128>::new_from_slices(key, &iv).map(|cipher| cipher.encrypt(data))
        }
        _ => cfb_mode::Encryptor::<aes::Aes256>::new_from_slices(key, &iv).map(|cipher| cipher.encrypt(data)),
    }
    .map_err(|_| ActivationError::Encryption)
}

/// TPM2B: the bytes behind their 16-bit length. Nothing here comes near the limit.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    [length.to_be_bytes().as_slice(), bytes].concat()
}
