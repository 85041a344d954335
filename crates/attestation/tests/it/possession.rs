use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use gatehouse_attestation::{PossessionError, SpkiError, verify_device_key, verify_raw_signature};
use gatehouse_testkit::soft_tpm::AkKind;

const CHALLENGE: [u8; 32] = [9; 32];

fn spki(key: &impl AsDer<PublicKeyX509Der<'static>>) -> Vec<u8> {
    key.as_der().unwrap().as_ref().to_vec()
}

fn p256() -> (Vec<u8>, Vec<u8>) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    (spki(pair.public_key()), pair.sign(&SystemRandom::new(), &CHALLENGE).unwrap().as_ref().to_vec())
}

fn ed25519() -> (Vec<u8>, Vec<u8>) {
    let pair = Ed25519KeyPair::generate().unwrap();
    (spki(pair.public_key()), pair.sign(&CHALLENGE).as_ref().to_vec())
}

#[test]
fn each_kind_of_key_proves_itself() {
    let (key, signature) = p256();
    verify_device_key(&key, &CHALLENGE, &signature).unwrap();
    verify_raw_signature(&key, &CHALLENGE, &signature).unwrap();

    let (key, signature) = ed25519();
    verify_raw_signature(&key, &CHALLENGE, &signature).unwrap();

    let (ak, public) = crate::ak(AkKind::Rsa2048);
    let signature = &ak.sign(&CHALLENGE)[6..];
    verify_raw_signature(&public.spki_der(), &CHALLENGE, signature).unwrap();
}

#[test]
fn other_challenges_keys_and_signatures_are_refused() {
    for (key, signature) in [p256(), ed25519()] {
        let other = [8; 32];
        assert_eq!(verify_raw_signature(&key, &other, &signature), Err(PossessionError::Signature));
        assert_eq!(verify_raw_signature(&key, &CHALLENGE, &[]), Err(PossessionError::Signature));
        assert_eq!(verify_raw_signature(&key, &CHALLENGE, &[0; 5000]), Err(PossessionError::Signature));
        for index in 0..signature.len() {
            let mut changed = signature.clone();
            changed[index] ^= 1;
            assert_eq!(verify_raw_signature(&key, &CHALLENGE, &changed), Err(PossessionError::Signature));
        }
    }
    let (key, _) = p256();
    let (_, signature) = p256();
    assert_eq!(verify_device_key(&key, &CHALLENGE, &signature), Err(PossessionError::Signature));
}

#[test]
fn challenges_have_their_length() {
    let (key, signature) = p256();
    for challenge in [&[9; 31][..], &[9; 33], &[]] {
        assert_eq!(verify_device_key(&key, challenge, &signature), Err(PossessionError::Challenge));
    }
}

#[test]
fn device_keys_are_p256_only() {
    let (key, signature) = ed25519();
    assert_eq!(verify_device_key(&key, &CHALLENGE, &signature), Err(PossessionError::NotP256));
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let signature = pair.sign(&SystemRandom::new(), &CHALLENGE).unwrap();
    let key = spki(pair.public_key());
    assert_eq!(verify_device_key(&key, &CHALLENGE, signature.as_ref()), Err(PossessionError::NotP256));
    assert_eq!(verify_raw_signature(&key, &CHALLENGE, signature.as_ref()), Err(PossessionError::Kind));
    assert_eq!(
        verify_device_key(&[0x30, 0], &CHALLENGE, signature.as_ref()),
        Err(PossessionError::Key(SpkiError::Malformed))
    );
}
