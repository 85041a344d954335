//! What a change of the allow-list would do, and which devices the list of today does not cover.

use gatehouse_domain::entity::{Device, Evidence, RecordKind};
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::tpm::EkMaterial;
use gatehouse_model::{AssetTag, EnrollStatus, OsType};
use gatehouse_proto::gatehouse::v1 as wire;
use gatehouse_testkit::soft_tpm::{CaTemplate, SoftTpmCa};
use serde_json::json;
use tonic::Code::{InvalidArgument, PermissionDenied};

use crate::rig::{Machine, Person, Rig, refused};

fn ca(name: &str) -> SoftTpmCa {
    SoftTpmCa::root(&CaTemplate::new(name))
}

/// Enrols a machine with a TPM of the CA, while nothing is verified.
async fn enrolled(rig: &Rig, alice: &Person, tag: &str, ca: &SoftTpmCa) -> String {
    let (id, token) = rig.register_linux(tag).await;
    let mut machine = Machine::new(tag);
    machine.ek = ca.ek_material(&machine.tpm);
    machine.enrol(&alice.connection, &token).await.unwrap();
    id
}

async fn list(rig: &Rig, cas: &[&SoftTpmCa]) {
    let pems: Vec<String> = cas.iter().map(|ca| ca.pem()).collect();
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": pems}})).await;
}

async fn judged(rig: &Rig) -> wire::ListFailingDevicesResponse {
    while rig.services.ek_cas.judge_some().await.unwrap() {}
    let request = wire::ListFailingDevicesRequest::default();
    rig.admin.ek_cas().list_failing_devices(request).await.unwrap().into_inner()
}

async fn preview(rig: &Rig, pem: String) -> wire::PreviewAddCasResponse {
    let request = wire::PreviewAddCasRequest { certificates: pem.into_bytes() };
    rig.admin.ek_cas().preview_add_cas(request).await.unwrap().into_inner()
}

fn tags(coverage: &wire::Coverage) -> Vec<&str> {
    coverage.devices.iter().map(|device| device.asset_tag.as_str()).collect()
}

#[tokio::test]
async fn enrolled_devices_stay_and_those_that_would_fail_today_are_listed() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (one, two) = (ca("One"), ca("Two"));
    enrolled(&rig, &alice, "PF1", &one).await;
    enrolled(&rig, &alice, "PF2", &two).await;
    let (machine, _) = rig.enrolled(&alice, "PF3").await;
    assert!(!judged(&rig).await.verifies, "nothing is verified, so nothing fails");
    list(&rig, &[&one]).await;
    let found = judged(&rig).await;
    assert!(found.verifies && found.done);
    assert_eq!((found.enrolled, found.judged, found.failing), (3, 3, 2));
    let mut reasons: Vec<_> = found
        .devices
        .iter()
        .map(|failing| (failing.device.clone().unwrap().asset_tag, failing.reason.clone()))
        .collect();
    reasons.sort();
    let expected = [("PF2", "unknown_issuer"), ("PF3", "ekcert_missing")];
    assert_eq!(reasons, expected.map(|(tag, reason)| (tag.to_owned(), reason.to_owned())));
    // A bare EK could not enrol today; the device goes on.
    machine.authenticate(&alice).await.unwrap();
    list(&rig, &[&one, &two]).await;
    assert_eq!(judged(&rig).await.failing, 1);
    list(&rig, &[]).await;
    assert!(!judged(&rig).await.verifies);
}

#[tokio::test]
async fn devices_that_enrolled_before_this_was_kept_are_judged_by_their_evidence() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (one, two) = (ca("One"), ca("Two"));
    let known = enrolled(&rig, &alice, "PF1", &one).await;
    let model = rig.evidence(&known).await.remove(0);
    let tpm = Machine::new("PF2").tpm;
    let EkMaterial::Certificate(der) = two.ek_material(&tpm) else { panic!("no certificate") };
    let now = rig.clock.now();
    let mut work = rig.store.begin().await.unwrap();
    for (id, certificate) in [("old-1", Some(der)), ("old-2", None)] {
        let device = Device {
            id: id.to_owned(),
            os_type: OsType::Linux,
            asset_tag: AssetTag::from_stored(id.to_owned()),
            created: now,
            updated: now,
            enroll_status: EnrollStatus::Enrolled,
            owner: None,
            source: None,
            profile: None,
            anchor: None,
            last_authenticated: None,
        };
        work.insert_device(&device).await.unwrap();
        if let Some(certificate) = certificate {
            let evidence = Evidence {
                id: format!("evidence of {id}"),
                device_id: id.to_owned(),
                kind: RecordKind::Enroll,
                ek_certificate: certificate,
                ..model.clone()
            };
            work.insert_evidence(&evidence).await.unwrap();
        }
    }
    work.commit().await.unwrap();
    list(&rig, &[&one]).await;
    let found = judged(&rig).await;
    let mut reasons: Vec<_> = found.devices.iter().map(|failing| failing.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["no_evidence", "unknown_issuer"]);
    list(&rig, &[&one, &two]).await;
    assert_eq!(judged(&rig).await.failing, 1);
}

#[tokio::test]
async fn a_preview_says_which_devices_each_ca_covers() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (one, root) = (ca("One"), ca("Root"));
    let intermediate = root.intermediate(&CaTemplate::new("Intermediate"));
    enrolled(&rig, &alice, "PF1", &one).await;
    enrolled(&rig, &alice, "PF2", &intermediate).await;
    let shown = preview(&rig, one.pem()).await;
    assert!(shown.turns_on);
    assert_eq!(tags(shown.cas[0].coverage.as_ref().unwrap()), ["PF1"]);
    // A root alone covers nothing below an intermediate that nobody has; with it, both cover.
    let shown = preview(&rig, root.pem()).await;
    assert_eq!(tags(shown.cas[0].coverage.as_ref().unwrap()), [""; 0]);
    let shown = preview(&rig, format!("{}{}", root.pem(), intermediate.pem())).await;
    for ca in &shown.cas {
        assert_eq!(tags(ca.coverage.as_ref().unwrap()), ["PF2"]);
        assert_eq!(
            ca.ca.as_ref().unwrap().warnings,
            ["it is not among the TPM makers' CAs that this release knows"]
        );
    }
    // A CA that only bears the name covers nothing.
    let shown = preview(&rig, ca("One").pem()).await;
    assert_eq!(shown.cas[0].coverage.as_ref().unwrap().enrolled, 0);
    let request = wire::PreviewAddCasRequest { certificates: b"rubbish".to_vec() };
    let outcome = rig.admin.ek_cas().preview_add_cas(request).await;
    refused(outcome, InvalidArgument, "invalid_ekcert_ca");
}

#[tokio::test]
async fn a_registered_device_is_covered_once_it_has_asked() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let unknown = ca("Unknown");
    list(&rig, &[&ca("One")]).await;
    let (_, token) = rig.register_linux("PF1").await;
    let mut machine = Machine::new("PF1");
    machine.ek = unknown.ek_material(&machine.tpm);
    machine.enrol(&alice.connection, &token).await.unwrap_err();
    let shown = preview(&rig, unknown.pem()).await;
    let coverage = shown.cas[0].coverage.as_ref().unwrap();
    assert_eq!((coverage.enrolled, coverage.registered), (0, 1));
}

#[tokio::test]
async fn a_preview_says_which_devices_a_removal_loses() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (one, two) = (ca("One"), ca("Two"));
    enrolled(&rig, &alice, "PF1", &one).await;
    list(&rig, &[&one, &two]).await;
    let admin = rig.admin.ek_cas();
    let remove = async |fingerprints: Vec<String>| {
        let request = wire::PreviewRemoveCasRequest { fingerprints };
        admin.clone().preview_remove_cas(request).await
    };
    let sha256 = |ca: &SoftTpmCa| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(ca.der()));
    let shown = remove(vec![sha256(&one)]).await.unwrap().into_inner();
    assert_eq!((tags(shown.lost.as_ref().unwrap()), shown.turns_off), (vec!["PF1"], false));
    let shown = remove(vec![sha256(&two)[..8].to_owned()]).await.unwrap().into_inner();
    assert_eq!(shown.lost.unwrap().enrolled, 0);
    assert!(remove(vec![sha256(&one), sha256(&two)]).await.unwrap().into_inner().turns_off);
    refused(remove(vec!["0000".to_owned()]).await, InvalidArgument, "short_fingerprint");
    refused(remove(vec!["00000000".to_owned()]).await, tonic::Code::NotFound, "ca_not_found");
    let request = wire::PreviewAddCasRequest { certificates: one.pem().into_bytes() };
    let outcome = alice.connection.ek_cas().preview_add_cas(request).await;
    refused(outcome, PermissionDenied, "not_allowed");
}

#[tokio::test]
async fn vendors_are_names_that_this_release_knows_and_verify_by_themselves() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let document = |vendors: serde_json::Value| {
        json!({
            "kind": "cluster_auth_preference",
            "version": "v2",
            "metadata": {"name": "cluster-auth-preference"},
            "spec": {"device_trust": {"ekcert_allowed_vendors": vendors}},
        })
    };
    let outcome = rig.try_create("cluster_auth_preference", &document(json!(["acme"]))).await;
    let status = refused(outcome, InvalidArgument, "invalid_ekcert_vendor");
    assert!(status.message().contains("infineon"), "{status:?}");
    let stored = rig.create("cluster_auth_preference", &document(json!("all"))).await;
    assert!(stored.json.contains(r#""ekcert_allowed_vendors":["all"]"#), "{}", stored.json);
    assert_eq!(stored.sources["device_trust.ekcert_allowed_vendors"], "dynamic");
    assert_eq!(stored.sources["device_trust.ekcert_sha1"], "default");
    // Makers alone verify as well: a TPM of nobody's awaits review, a bare EK is refused.
    let (_, token) = rig.register_linux("PF1").await;
    let mut machine = Machine::new("PF1");
    refused(machine.enrol(&alice.connection, &token).await, PermissionDenied, "ekcert_missing");
    machine.ek = ca("Nobody").ek_material(&machine.tpm);
    let outcome = machine.enrol(&alice.connection, &token).await;
    refused(outcome, tonic::Code::FailedPrecondition, "awaiting_review");
}
