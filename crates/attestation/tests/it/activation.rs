use aws_lc_rs::rand;
use gatehouse_attestation::{AkPublic, EkKind as Kind, EkPublic, make_credential};
use gatehouse_model::tpm::EncryptedCredential;
use gatehouse_testkit::soft_tpm::{ActivateError, AkKind, EkKind, SoftAk, SoftTpm};

const SECRET: [u8; 32] = [0x5e; 32];

fn random(buffer: &mut [u8]) {
    rand::fill(buffer).unwrap();
}

fn credential(tpm: &SoftTpm, ak: &SoftAk) -> EncryptedCredential {
    let ek = EkPublic::from_spki_der(&tpm.ek_spki()).unwrap();
    make_credential(&ek, &AkPublic::parse(ak.public()).unwrap(), &SECRET, &mut random).unwrap()
}

#[test]
fn the_tpm_with_both_keys_reads_the_secret() {
    for (kind, expected) in
        [(EkKind::Rsa2048, Kind::Rsa2048), (EkKind::P256, Kind::P256), (EkKind::P384, Kind::P384)]
    {
        let tpm = SoftTpm::with_shared_key(kind);
        let ek = EkPublic::from_spki_der(&tpm.ek_spki()).unwrap();
        assert_eq!(ek.kind(), expected);
        assert_eq!(ek.spki_der(), tpm.ek_spki());
        assert_eq!(ek.fingerprint().as_slice(), tpm.ek_fingerprint());
        for ak_kind in [AkKind::P256, AkKind::Rsa2048] {
            let (ak, _) = crate::ak(ak_kind);
            assert_eq!(tpm.activate(&ak, &credential(&tpm, &ak)).unwrap(), SECRET);
        }
    }
}

#[test]
fn each_credential_is_different() {
    let tpm = SoftTpm::with_shared_key(EkKind::P256);
    let (ak, _) = crate::ak(AkKind::P256);
    assert_ne!(credential(&tpm, &ak), credential(&tpm, &ak));
}

#[test]
fn another_key_of_the_same_tpm_does_not_read_it() {
    for kind in [EkKind::Rsa2048, EkKind::P256, EkKind::P384] {
        let tpm = SoftTpm::with_shared_key(kind);
        let (ak, _) = crate::ak(AkKind::P256);
        let other = SoftAk::generate(AkKind::P256);
        assert_eq!(tpm.activate(&other, &credential(&tpm, &ak)), Err(ActivateError::Integrity));
    }
}

#[test]
fn another_tpm_does_not_read_it() {
    let (ak, _) = crate::ak(AkKind::P256);
    let made_for = SoftTpm::with_shared_key(EkKind::P256);
    let other = SoftTpm::generate(EkKind::P256);
    assert_eq!(other.activate(&ak, &credential(&made_for, &ak)), Err(ActivateError::Integrity));
}

#[test]
fn both_parts_carry_their_size() {
    for (kind, secret) in [(EkKind::Rsa2048, 256), (EkKind::P256, 68), (EkKind::P384, 100)] {
        let credential = credential(&SoftTpm::with_shared_key(kind), &crate::ak(AkKind::P256).0);
        let mac = if kind == EkKind::P384 { 48 } else { 32 };
        for (bytes, length) in [(&credential.secret, secret), (&credential.credential_blob, 2 + mac + 2 + 32)]
        {
            assert_eq!(bytes.len(), 2 + length);
            assert_eq!(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])), length);
        }
    }
}
