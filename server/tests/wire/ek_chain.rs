//! Certificates that lie in the TPM beside the EK's: they link it to an allowed CA, and vouch for nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use gatehouse_domain::ports::Issuers;
use gatehouse_model::tpm::EkMaterial;
use gatehouse_proto::devicetrust::DeviceAttestationType;
use gatehouse_testkit::soft_tpm::{CaTemplate, EkCertTemplate, EkKind, SoftTpmCa};
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

/// Certificates by URL, and which were asked for.
#[derive(Default)]
struct Published {
    by_url: BTreeMap<String, Vec<u8>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Issuers for Published {
    async fn fetch(&self, url: &str) -> Option<Vec<u8>> {
        self.asked.lock().unwrap().push(url.to_owned());
        self.by_url.get(url).cloned()
    }
}

/// authorityInfoAccess with one caIssuers.
fn aia(url: &str) -> (Vec<u64>, bool, Vec<u8>) {
    let uri = [&[0x86, u8::try_from(url.len()).unwrap()], url.as_bytes()].concat();
    let method: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 2];
    let sequence =
        |content: Vec<u8>| [&[0x30, u8::try_from(content.len()).unwrap()], content.as_slice()].concat();
    (vec![1, 3, 6, 1, 5, 5, 7, 1, 1], false, sequence(sequence([method, &uri].concat())))
}

#[tokio::test]
async fn missing_cas_are_fetched_if_the_policy_lets_them_be() {
    let (root, url) = (SoftTpmCa::new(), "http://pki.example/intermediate.cer");
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    let published = Arc::new(Published {
        by_url: BTreeMap::from([(url.to_owned(), intermediate.der())]),
        ..Published::default()
    });
    let rig = Rig::with_issuers(published.clone()).await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let mut machine = Machine::new("PF000001");
    let template = EkCertTemplate { extensions: vec![aia(url)], ..EkCertTemplate::new(EkKind::P256) };
    machine.ek = EkMaterial::Certificate(intermediate.issue_with(&machine.tpm, &template));
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [root.pem()]}})).await;
    assert!(machine.enrol(&alice.connection, &token).await.is_err());
    assert!(published.asked.lock().unwrap().is_empty(), "it is off by default");
    // Records of one moment have no order.
    rig.clock.advance(1);

    let on = json!({"ekcert_allowed_cas": [root.pem()], "ekcert_fetch_cas": true});
    rig.prefer(json!({"device_trust": on})).await;
    let device = machine.enrol(&alice.connection, &token).await.unwrap();
    let tier = device.credential.unwrap().device_attestation_type();
    assert_eq!(tier, DeviceAttestationType::TpmEkcertTrusted);
    assert_eq!(*published.asked.lock().unwrap(), [url]);
    // What was fetched is part of the evidence: nobody has to fetch it again to judge.
    assert_eq!(rig.evidence(&id).await[0].intermediates, intermediate.der());
}

#[tokio::test]
async fn what_is_fetched_links_and_is_trusted_for_nothing() {
    let (root, url) = (SoftTpmCa::new(), "http://pki.example/root.cer");
    let own = SoftTpmCa::new();
    let published =
        Arc::new(Published { by_url: BTreeMap::from([(url.to_owned(), own.der())]), ..Published::default() });
    let rig = Rig::with_issuers(published.clone()).await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, token) = rig.register_linux("PF000001").await;
    let mut machine = Machine::new("PF000001");
    let template = EkCertTemplate { extensions: vec![aia(url)], ..EkCertTemplate::new(EkKind::P256) };
    machine.ek = EkMaterial::Certificate(own.issue_with(&machine.tpm, &template));
    let on = json!({"ekcert_allowed_cas": [root.pem()], "ekcert_fetch_cas": true});
    rig.prefer(json!({"device_trust": on})).await;
    assert!(machine.enrol(&alice.connection, &token).await.is_err());
    assert_eq!(published.asked.lock().unwrap().len(), 1, "asked once, whatever came");
}
