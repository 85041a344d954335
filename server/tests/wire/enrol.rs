//! Enrolment as it should go.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gatehouse_model::OsType;
use gatehouse_proto::devicetrust::{DeviceAttestationType, DeviceEnrollStatus};
use gatehouse_testkit::soft_tpm::{AkKind, AkTemplate, EkKind, SoftAk, SoftTpm, SoftTpmCa};
use sha2::{Digest as _, Sha256};

use crate::rig::{Enrolling, Mac, Machine, Rig};

#[tokio::test]
async fn every_kind_of_ek_and_ak_enrols_with_and_without_certificate() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let ca = SoftTpmCa::new();
    let mut number = 0;
    for kind in [EkKind::Rsa2048, EkKind::P256, EkKind::P384] {
        for with_certificate in [false, true] {
            for ak_kind in [AkKind::P256, AkKind::Rsa2048] {
                number += 1;
                let tag = format!("PF0000{number:02}");
                let (id, token) = rig.register_linux(&tag).await;
                let (tpm, ak) =
                    (SoftTpm::with_shared_key(kind), SoftAk::with_shared_key(&AkTemplate::new(ak_kind)));
                let mut machine = Machine::with_tpm(&tag, tpm, ak);
                if with_certificate {
                    machine.ek = ca.ek_material(&machine.tpm);
                }
                let device = machine.enrol(&alice.connection, &token).await.unwrap();
                assert_eq!(device.id, id);
                assert_eq!((device.os_type, &device.asset_tag), (OsType::Linux.number(), &tag));
                assert_eq!(device.enroll_status(), DeviceEnrollStatus::Enrolled);
                assert_eq!(device.owner, "alice");
                let credential = device.credential.unwrap();
                let (tier, serial) = match with_certificate {
                    true => (DeviceAttestationType::TpmEkcert, "12:34:56"),
                    false => (DeviceAttestationType::TpmEkpub, ""),
                };
                assert_eq!(credential.device_attestation_type(), tier, "{kind:?}");
                assert_eq!(credential.tpm_ekcert_serial, serial);
                assert_eq!(credential.tpm_ak_public, machine.ak.public());
                assert_eq!(credential.id, machine.credential_id());
                // The same EK and AK serve the next round.
                rig.delete_device(&id).await;
            }
        }
    }
}

#[tokio::test]
async fn the_credential_id_of_an_rsa_key_is_the_contracts() {
    let ak = SoftAk::with_shared_key(&AkTemplate::new(AkKind::Rsa2048));
    let modulus = &ak.public()[ak.public().len() - 256..];
    let digest = Sha256::digest([&[1, 0, 1], modulus].concat());
    let machine = Machine::with_tpm("PF000001", SoftTpm::with_shared_key(EkKind::P256), ak);
    let ours = STANDARD_NO_PAD.encode(digest);
    assert_eq!(ours.len(), 43);
    assert_eq!(machine.credential_id(), ours);

    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register_linux("PF000001").await;
    let mut init = machine.init(&token);
    init.credential_id = ours;
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, init).await.unwrap();
    stream.finish_tpm(machine.solve(&challenge)).await.unwrap();
}

#[tokio::test]
async fn a_tpm_enrols_under_windows() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register(OsType::Windows, "PF000001").await;
    let machine = Machine { os: OsType::Windows, ..Machine::new("PF000001") };
    let device = machine.enrol(&alice.connection, &token).await.unwrap();
    assert_eq!(device.os_type, OsType::Windows.number());
}

#[tokio::test]
async fn a_mac_enrols_with_its_secure_enclave_key() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let mac = Mac::new("C02XK000");
    let (stream, challenge) = mac.begin(&alice.connection, &token).await.unwrap();
    assert_eq!(challenge.len(), 32);
    let device = stream.finish(Mac::answer(mac.sign(&challenge))).await.unwrap();
    assert_eq!((device.id, device.enroll_status), (id, DeviceEnrollStatus::Enrolled as i32));
    let credential = device.credential.unwrap();
    assert_eq!(credential.device_attestation_type(), DeviceAttestationType::Unspecified);
    assert_eq!(credential.id, mac.credential_id);
    assert_eq!(credential.public_key_der, mac.public_key_der());
    assert!(credential.tpm_ak_public.is_empty());
}

#[tokio::test]
async fn an_ak_may_be_subject_to_dictionary_attack_protection_or_not() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    for (tag, attributes) in [("PF000001", 0x0005_0472), ("PF000002", 0x0005_0072)] {
        let (_, token) = rig.register_linux(tag).await;
        let ak = SoftAk::from_template(&AkTemplate { attributes, ..AkTemplate::new(AkKind::P256) });
        let machine = Machine::with_tpm(tag, SoftTpm::generate(EkKind::P256), ak);
        machine.enrol(&alice.connection, &token).await.unwrap();
    }
}

#[tokio::test]
async fn the_challenge_keeps_the_forms_that_clients_know() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let (_stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    assert_eq!(challenge.attestation_nonce.len(), 32);
    let credential = challenge.encrypted_credential.unwrap();
    for sized in [credential.credential_blob, credential.secret] {
        let length = usize::from(u16::from_be_bytes([sized[0], sized[1]]));
        assert_eq!(length, sized.len() - 2, "both carry their TPM2B length");
    }
}

#[tokio::test]
async fn the_serial_number_matches_its_tag_without_regard_to_case() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let device = Machine::new("pf000001").enrol(&alice.connection, &token).await.unwrap();
    assert_eq!((device.id, device.asset_tag), (id, "PF000001".to_owned()));
}
