use gatehouse_attestation::{AllowedCas, EkCertificate, verify_ek_chain, verify_platform};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::EkMaterial;
use gatehouse_native::{AkAlgorithm, AkStatus, EkChoice, NativeError};
use gatehouse_testkit::swtpm::{EkCa, EkKindName};

use crate::rig::{Rig, ak_public, challenge, ek_public, enrol};

fn choice_of(kind: EkKindName) -> EkChoice {
    match kind {
        EkKindName::Rsa2048 => EkChoice::Rsa2048,
        EkKindName::P256 => EkChoice::P256,
        EkKindName::P384 => EkChoice::P384,
    }
}

fn ceremony(kind: EkKindName, algorithm: AkAlgorithm, persistent: bool) {
    let mut rig = Rig::new();
    rig.tpm.manufacture(&[kind], &EkCa::new());
    if persistent {
        rig.tpm.persist_ek(kind);
    }
    let mut device = rig.open(EkChoice::Auto);
    assert_eq!(device.load_or_create_ak_of(algorithm).unwrap(), AkStatus::Created);
    assert!(matches!(device.ek().unwrap(), EkMaterial::Certificate(_)));
    enrol(&mut device);
    drop(device);
    assert_eq!(rig.tpm.loaded_handles(), 0, "everything is flushed");

    let mut later = rig.open(EkChoice::Auto);
    later.load_ak().unwrap();
    let quoted = later.attest(&[9; 32], None).unwrap();
    // A factory-new swtpm has SHA-1, SHA-256, SHA-384 and SHA-512 banks.
    assert_eq!((quoted.quotes.len(), quoted.pcrs.len(), quoted.event_log.len()), (4, 4 * 24, 0));
    verify_platform(&ak_public(&later), &[9; 32], &quoted).unwrap();
    assert!(verify_platform(&ak_public(&later), &[8; 32], &quoted).is_err());
}

#[test]
fn rsa_ek_with_p256_ak() {
    ceremony(EkKindName::Rsa2048, AkAlgorithm::EcdsaP256, false);
}

#[test]
fn rsa_ek_with_rsa_ak() {
    ceremony(EkKindName::Rsa2048, AkAlgorithm::Rsa2048, true);
}

#[test]
fn p256_ek_with_p256_ak() {
    ceremony(EkKindName::P256, AkAlgorithm::EcdsaP256, true);
}

#[test]
fn p256_ek_with_rsa_ak() {
    ceremony(EkKindName::P256, AkAlgorithm::Rsa2048, false);
}

#[test]
fn p384_ek_with_p256_ak() {
    ceremony(EkKindName::P384, AkAlgorithm::EcdsaP256, false);
}

#[test]
fn p384_ek_with_rsa_ak() {
    ceremony(EkKindName::P384, AkAlgorithm::Rsa2048, true);
}

#[test]
fn the_ek_with_a_certificate_wins_and_the_choice_stays() {
    let mut rig = Rig::new();
    let ca = EkCa::new();
    let material = |rig: &Rig, choice| rig.open(choice).ek().unwrap();
    rig.tpm.manufacture(&[EkKindName::P256, EkKindName::P384], &ca);
    let first = material(&rig, EkChoice::Auto);
    assert_eq!(ek_public(&first).kind(), gatehouse_attestation::EkKind::P256);
    rig.tpm.manufacture(&[EkKindName::Rsa2048], &ca);
    assert_eq!(
        material(&rig, EkChoice::Auto),
        first,
        "a later certificate does not make another device of it"
    );
    let wanted = material(&rig, EkChoice::P384);
    assert_eq!(ek_public(&wanted).kind(), gatehouse_attestation::EkKind::P384);
    assert_eq!(material(&rig, EkChoice::Auto), wanted, "the user's choice is kept");
}

#[test]
fn certificates_lead_to_their_maker_s_ca_and_to_no_other() {
    let (mut rig, ca) = (Rig::new(), EkCa::new());
    rig.tpm.manufacture(&EkKindName::ALL, &ca);
    let now = Timestamp::from_secs(1_800_000_000);
    for kind in EkKindName::ALL {
        let EkMaterial::Certificate(der) = rig.open(choice_of(kind)).ek().unwrap() else {
            panic!("no certificate")
        };
        let leaf = EkCertificate::parse(&der).unwrap();
        let verify = |pem: String| verify_ek_chain(&leaf, &AllowedCas::from_pems(&[pem]).unwrap(), &[], now);
        verify(ca.pem()).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert!(verify(EkCa::new().pem()).is_err());
    }
}

#[test]
fn bare_keys_serve_where_there_is_no_certificate() {
    for kind in EkKindName::ALL {
        let rig = Rig::new();
        let choice = if kind == EkKindName::Rsa2048 { EkChoice::Auto } else { choice_of(kind) };
        let mut device = rig.open(choice);
        device.load_or_create_ak().unwrap();
        assert!(matches!(device.ek().unwrap(), EkMaterial::PublicKey(_)), "{kind:?}");
        enrol(&mut device);
    }
}

#[test]
fn framed_and_padded_certificates_are_found() {
    let mut rig = Rig::new();
    rig.tpm.manufacture(&[EkKindName::P256], &EkCa::new());
    let EkMaterial::Certificate(der) = rig.open(EkChoice::Auto).ek().unwrap() else {
        panic!("no certificate")
    };
    let length = u16::try_from(der.len()).unwrap().to_be_bytes();
    let framed = [&[0x10, 0x01, 0x00], length.as_slice(), &der, &[0xff; 40]].concat();
    rig.tpm.write_nv(EkKindName::P256.certificate_index(), &framed);
    assert_eq!(rig.open(EkChoice::Auto).ek().unwrap(), EkMaterial::Certificate(der));
}

#[test]
fn the_certificate_of_another_tpm_is_noticed() {
    let (mut rig, mut other) = (Rig::new(), Rig::new());
    other.tpm.manufacture(&[EkKindName::P256], &EkCa::new());
    let EkMaterial::Certificate(der) = other.open(EkChoice::P256).ek().unwrap() else {
        panic!("no certificate")
    };
    rig.tpm.write_nv(EkKindName::P256.certificate_index(), &der);
    let mut device = rig.open(EkChoice::Auto);
    device.load_or_create_ak().unwrap();
    let (credential, _) = challenge(&device.ek().unwrap(), &ak_public(&device));
    let error = device.activate(&credential).unwrap_err();
    assert!(matches!(error, NativeError::EndorsementKeyMismatch { kind: "P-256" }), "{error}");
}

#[test]
fn challenges_for_other_keys_stay_closed() {
    for kind in EkKindName::ALL {
        let (rig, other) = (Rig::new(), Rig::new());
        let mut device = rig.open(choice_of(kind));
        device.load_or_create_ak().unwrap();
        device.ek().unwrap();
        let mut stranger = other.open(choice_of(kind));
        stranger.load_or_create_ak().unwrap();
        let (credential, _) = challenge(&stranger.ek().unwrap(), &ak_public(&stranger));
        let error = device.activate(&credential).unwrap_err();
        assert!(matches!(error, NativeError::ForeignChallenge { .. }), "{kind:?}: {error}");
        let (mut cut, _) = challenge(&device.ek().unwrap(), &ak_public(&device));
        cut.secret.pop();
        assert!(matches!(device.activate(&cut).unwrap_err(), NativeError::MalformedChallenge { .. }));
        drop(device);
        assert_eq!(rig.tpm.loaded_handles(), 0, "everything is flushed after failures too");
    }
}

#[test]
fn measurements_show_in_the_quote_and_resets_in_its_clock() {
    let mut rig = Rig::new();
    rig.tpm.extend_pcr(7, [3; 32]);
    let mut device = rig.open(EkChoice::P256);
    device.load_or_create_ak().unwrap();
    let before = enrol(&mut device);
    let quoted = device.attest(&[1; 32], None).unwrap();
    assert!(quoted.pcrs.iter().any(|pcr| pcr.index == 7 && pcr.digest != [0; 32]));
    drop(device);
    rig.tpm.restart();
    let mut device = rig.open(EkChoice::Auto);
    assert_eq!(device.load_or_create_ak().unwrap(), AkStatus::Loaded);
    let after = enrol(&mut device);
    assert_eq!(after.clock.reset_count.wrapping_sub(before.clock.reset_count), 1);
}

#[test]
fn a_rolled_back_tpm_counts_back() {
    let mut rig = Rig::new();
    let mut device = rig.open(EkChoice::P256);
    device.load_or_create_ak().unwrap();
    drop(device);
    let snapshot = rig.tpm.snapshot();
    let quote = |rig: &Rig| {
        let mut device = rig.open(EkChoice::Auto);
        device.load_ak().unwrap();
        let quoted = device.attest(&[1; 32], None).unwrap();
        verify_platform(&ak_public(&device), &[1; 32], &quoted).unwrap().clock.reset_count
    };
    rig.tpm.restart();
    rig.tpm.restart();
    let late = quote(&rig);
    rig.tpm.restore(&snapshot);
    let early = quote(&rig);
    assert!(late.wrapping_sub(early) > 0 && late.wrapping_sub(early) < 0x8000_0000);
}

#[test]
fn the_event_log_comes_from_the_named_file_alone() {
    let rig = Rig::new();
    let mut device = rig.open(EkChoice::P256);
    device.load_or_create_ak().unwrap();
    let log = rig.state().join("log");
    std::fs::write(&log, b"an event log").unwrap();
    assert_eq!(device.attest(&[1; 32], Some(&log)).unwrap().event_log, b"an event log");
    assert!(device.attest(&[1; 32], Some(&rig.state())).unwrap().event_log.is_empty());
    assert!(device.attest(&[1; 32], Some(&rig.state().join("none"))).unwrap().event_log.is_empty());
}
