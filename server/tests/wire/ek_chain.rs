//! Certificates that lie in the TPM beside the EK's: they link it to an allowed CA, and vouch for nothing.

use gatehouse_proto::devicetrust::DeviceAttestationType;
use gatehouse_testkit::soft_tpm::{CaTemplate, SoftTpmCa};
use serde_json::json;
use tonic::Code::InvalidArgument;

use crate::rig::{Machine, Person, Rig, refused};

struct Case {
    rig: Rig,
    alice: Person,
    token: String,
    machine: Machine,
    root: SoftTpmCa,
    intermediate: SoftTpmCa,
}

/// A TPM whose maker's root is allowed and whose maker's intermediate nobody has published.
async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register_linux("PF000001").await;
    let root = SoftTpmCa::new();
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [root.pem()]}})).await;
    let mut machine = Machine::new("PF000001");
    machine.ek = intermediate.ek_material(&machine.tpm);
    Case { rig, alice, token, machine, root, intermediate }
}

#[tokio::test]
async fn an_intermediate_from_the_tpm_links_the_certificate_to_the_root() {
    let mut case = case().await;
    assert!(case.machine.enrol(&case.alice.connection, &case.token).await.is_err());
    // In NV memory as makers leave it: behind each other, over two indices, with padding.
    let chain = [case.intermediate.der(), case.root.der(), vec![0xff; 40]].concat();
    let (first, second) = chain.split_at(300);
    case.machine.ek_chain = vec![first.to_vec(), second.to_vec()];
    let device = case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
    let tier = device.credential.unwrap().device_attestation_type();
    assert_eq!(tier, DeviceAttestationType::TpmEkcertTrusted);
}

#[tokio::test]
async fn a_root_from_the_tpm_is_no_anchor() {
    let mut case = case().await;
    let own = SoftTpmCa::new();
    case.machine.ek = own.ek_material(&case.machine.tpm);
    case.machine.ek_chain = vec![own.der(), case.root.der()];
    assert!(case.machine.enrol(&case.alice.connection, &case.token).await.is_err());
}

#[tokio::test]
async fn more_than_any_tpm_has_is_refused_before_it_is_read() {
    let mut case = case().await;
    for chain in [vec![vec![0x30]; 65], vec![vec![0; 65_537]], vec![vec![0; 40_000]; 2]] {
        case.machine.ek_chain = chain;
        let outcome = case.machine.enrol(&case.alice.connection, &case.token).await;
        refused(outcome, InvalidArgument, "message_malformed");
    }
    // Rubbish is passed over.
    case.machine.ek_chain = vec![vec![0x30, 0x82, 0xff, 0xff], vec![1; 1000], case.intermediate.der()];
    case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
    assert_eq!(case.rig.events("device.enroll").await[0]["success"], true);
}
