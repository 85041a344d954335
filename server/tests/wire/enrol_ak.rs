//! Keys that are no attestation keys of a TPM.

use gatehouse_model::tpm::AttestationParameters;
use gatehouse_testkit::soft_tpm::{AkKind, AkTemplate, Creation, EkKind, GENERATED, SoftAk, SoftTpm};
use tonic::Code::InvalidArgument;
use tonic::Status;

use crate::rig::{Enrolling, Machine, Rig, refused};

/// Offers a key; it must be refused before any challenge, and nothing may be stored.
async fn offer(ak: SoftAk, params: AttestationParameters, code: &str) -> Status {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::with_tpm("PF000001", SoftTpm::with_shared_key(EkKind::P256), ak);
    let init = machine.init_with(&token, params);
    let outcome = Enrolling::begin_tpm(&alice.connection, init).await.map(|_| ());
    let status = refused(outcome, InvalidArgument, code);
    rig.assert_untouched(&id).await;
    assert_eq!(rig.tokens(&id).await[0].attempts, 0);
    let event = rig.events("device.enroll").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &code.into()));
    assert_eq!(event["device"]["device_id"], id.as_str());
    status
}

async fn with_attributes(attributes: u32) -> String {
    let ak = SoftAk::with_shared_key(&AkTemplate { attributes, ..AkTemplate::new(AkKind::P256) });
    let params = ak.attestation_parameters();
    offer(ak, params, "ak_invalid").await.message().to_owned()
}

async fn of_template(template: AkTemplate) {
    let ak = SoftAk::with_shared_key(&template);
    let params = ak.attestation_parameters();
    offer(ak, params, "ak_invalid").await;
}

#[tokio::test]
async fn an_ak_without_restricted_is_refused() {
    assert!(with_attributes(0x0004_0472).await.contains("restricted"));
}

#[tokio::test]
async fn an_ak_without_fixed_tpm_is_refused() {
    assert!(with_attributes(0x0005_0470).await.contains("fixedTPM"));
}

#[tokio::test]
async fn an_ak_without_fixed_parent_is_refused() {
    assert!(with_attributes(0x0005_0462).await.contains("fixedParent"));
}

#[tokio::test]
async fn an_ak_that_came_from_outside_the_tpm_is_refused() {
    assert!(with_attributes(0x0005_0452).await.contains("sensitiveDataOrigin"));
}

#[tokio::test]
async fn an_ak_with_an_extra_attribute_is_refused() {
    assert!(with_attributes(0x0005_04f2).await.contains("adminWithPolicy"));
    assert!(with_attributes(0x0007_0472).await.contains("decrypt"));
}

#[tokio::test]
async fn an_ak_with_reserved_bits_is_refused() {
    with_attributes(0x8005_0472).await;
}

#[tokio::test]
async fn an_ak_of_another_scheme_size_or_curve_is_refused() {
    of_template(AkTemplate { scheme: 0x0010, ..AkTemplate::new(AkKind::P256) }).await;
    of_template(AkTemplate { scheme_hash: 0x0004, ..AkTemplate::new(AkKind::P256) }).await;
    of_template(AkTemplate { name_alg: 0x0004, ..AkTemplate::new(AkKind::P256) }).await;
    of_template(AkTemplate { curve: 4, ..AkTemplate::new(AkKind::P256) }).await;
    of_template(AkTemplate { key_bits: 1024, ..AkTemplate::new(AkKind::Rsa2048) }).await;
    of_template(AkTemplate { exponent: 3, ..AkTemplate::new(AkKind::Rsa2048) }).await;
}

#[tokio::test]
async fn a_rogue_ak_of_the_roca_kind_is_refused() {
    // Every residue that the weak generator leaves modulo small primes is a power of 65537; so is 1.
    let mut modulus = vec![0xff_u8; 256];
    modulus[255] = 1;
    let public = SoftAk::rsa_public(&AkTemplate::new(AkKind::Rsa2048), &modulus);
    let ak = SoftAk::with_shared_key(&AkTemplate::new(AkKind::P256));
    let params = AttestationParameters { public, ..ak.attestation_parameters() };
    // Whatever it is refused for, it never gets as far as a challenge.
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register_linux("PF000001").await;
    let machine = Machine::with_tpm("PF000001", SoftTpm::with_shared_key(EkKind::P256), ak);
    let init = machine.init_with(&token, params);
    let status = Enrolling::begin_tpm(&alice.connection, init).await.map(|_| ()).unwrap_err();
    assert_eq!(status.code(), InvalidArgument);
}

fn software_key() -> SoftAk {
    SoftAk::generate(AkKind::P256)
}

#[tokio::test]
async fn a_software_key_that_shows_the_creation_of_another_key_is_refused() {
    let (real, posing) = (software_key(), software_key());
    let params = AttestationParameters { public: posing.public().to_vec(), ..real.attestation_parameters() };
    offer(posing, params, "creation_attestation_invalid").await;
}

#[tokio::test]
async fn a_software_key_whose_creation_names_another_key_is_refused() {
    let (real, posing) = (software_key(), software_key());
    let creation = Creation { object_name: real.name(), ..Creation::of(&posing) };
    let status = offer(posing.clone(), creation.sign(&posing), "creation_attestation_invalid").await;
    assert!(status.message().contains("different key"), "{}", status.message());
}

#[tokio::test]
async fn a_software_key_whose_creation_another_key_signed_is_refused() {
    let (real, posing) = (software_key(), software_key());
    let mut params = Creation::of(&posing).sign(&real);
    params.public = posing.public().to_vec();
    offer(posing, params, "creation_attestation_invalid").await;
}

#[tokio::test]
async fn a_creation_without_the_magic_of_a_tpm_is_refused() {
    let ak = software_key();
    let creation = Creation { magic: GENERATED ^ 1, ..Creation::of(&ak) };
    offer(ak.clone(), creation.sign(&ak), "creation_attestation_invalid").await;
}

#[tokio::test]
async fn a_quote_does_not_pass_for_a_creation() {
    let ak = software_key();
    let creation = Creation { attest_type: 0x8018, ..Creation::of(&ak) };
    offer(ak.clone(), creation.sign(&ak), "creation_attestation_invalid").await;
}

#[tokio::test]
async fn creation_data_that_was_not_attested_is_refused() {
    let ak = software_key();
    let mut params = ak.attestation_parameters();
    let last = params.create_data.len() - 1;
    params.create_data[last] ^= 1;
    offer(ak, params, "creation_attestation_invalid").await;
}

#[tokio::test]
async fn truncated_tpm_structures_are_refused() {
    let ak = software_key();
    let whole = ak.attestation_parameters();
    let cut = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let public = AttestationParameters { public: cut(&whole.public), ..whole.clone() };
    offer(ak.clone(), public, "ak_invalid").await;
    let attest =
        AttestationParameters { create_attestation: cut(&whole.create_attestation), ..whole.clone() };
    offer(ak.clone(), attest, "creation_attestation_invalid").await;
    let signature = AttestationParameters { create_signature: cut(&whole.create_signature), ..whole.clone() };
    offer(ak.clone(), signature, "creation_attestation_invalid").await;
    offer(ak.clone(), AttestationParameters::default(), "ak_invalid").await;
    let trailing = AttestationParameters { public: [whole.public.as_slice(), &[0]].concat(), ..whole };
    offer(ak, trailing, "ak_invalid").await;
}
