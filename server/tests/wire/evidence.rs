//! Evidence of enrolments, exported over gRPC and judged once more.

use std::collections::BTreeMap;

use gatehouse_attestation::{EvidenceBundle, MANIFEST_NAME, TrustBasis, sha256_hex};
use gatehouse_model::tpm::EkMaterial;
use gatehouse_model::{AttestationTier, OsType};
use gatehouse_proto::gatehouse::v1::ExportEvidenceRequest;
use gatehouse_testkit::soft_tpm::{CaTemplate, SoftTpmCa};
use serde_json::json;
use tonic::Code::{NotFound, PermissionDenied};
use tonic::Status;

use crate::rig::{Connection, Enrolling, Mac, Machine, Rig, refused};

type Files = BTreeMap<String, Vec<u8>>;

async fn export(connection: &Connection, id: &str) -> Result<Files, Status> {
    let request = ExportEvidenceRequest { id: id.to_owned() };
    let mut parts = connection.device_evidence().export_evidence(request).await?.into_inner();
    let mut files = Files::new();
    while let Some(part) = parts.message().await? {
        files.entry(part.name).or_default().extend(part.content);
    }
    Ok(files)
}

fn read(files: &Files) -> EvidenceBundle {
    EvidenceBundle::read(|name, _| files.get(name).cloned().ok_or_else(|| "missing".to_owned())).unwrap()
}

#[tokio::test]
async fn an_enrolment_is_judged_once_more_by_the_cas_of_then_and_of_now() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let (root, mut machine) = (SoftTpmCa::new(), Machine::new("PF000001"));
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    machine.ek = intermediate.ek_material(&machine.tpm);
    machine.ek_chain = vec![intermediate.der()];
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [root.pem()]}})).await;
    machine.enrol(&alice.connection, &token).await.unwrap();
    // The list changes: what was judged by then is kept.
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [SoftTpmCa::new().pem()]}})).await;

    let bundle = read(&export(&rig.admin, &id).await.unwrap());
    assert_eq!((bundle.tier, bundle.verdict.as_str()), (AttestationTier::TpmEkcertTrusted, "success"));
    assert_eq!(bundle.intermediates, [intermediate.der()]);
    assert_eq!(bundle.then.as_ref().unwrap().cas, [root.der()]);
    let then = bundle.replay(&TrustBasis::Then);
    assert!(then.agrees, "{then:?}");
    let now = bundle.replay(&TrustBasis::Now);
    assert_eq!((now.agrees, now.verdict), (false, "ekcert_untrusted"));
}

#[tokio::test]
async fn an_export_is_audited_with_the_digest_of_its_manifest() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, id) = rig.enrolled(&alice, "PF000001").await;
    let files = export(&rig.admin, &id).await.unwrap();
    let event = rig.events("device.evidence.export").await.remove(0);
    assert_eq!(event["details"]["manifest_sha256"], sha256_hex(&files[MANIFEST_NAME]));
    assert_eq!(event["device"]["asset_tag"], "PF000001");
    // By its own id as well.
    let evidence = event["details"]["evidence"].as_str().unwrap().to_owned();
    assert_eq!(read(&export(&rig.admin, &evidence).await.unwrap()).device_id, id);
    let replay = read(&files).replay(&TrustBasis::Then);
    assert!(replay.agrees && replay.tier == Some(AttestationTier::TpmEkpub), "{replay:?}");
}

#[tokio::test]
async fn a_refusal_is_judged_once_more_as_well() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let mut answer = machine.solve(&challenge);
    answer.platform_parameters.as_mut().unwrap().pcrs[0].digest[0] ^= 1;
    stream.finish_tpm(answer).await.unwrap_err();
    refused(export(&rig.admin, &id).await, NotFound, "evidence_not_found");
    let event = rig.events("device.enroll").await.remove(0);
    let evidence = event["details"]["evidence"].as_str().unwrap();
    let bundle = read(&export(&rig.admin, evidence).await.unwrap());
    assert_eq!(bundle.verdict, "quote_invalid");
    assert!(bundle.replay(&TrustBasis::Then).agrees);
}

#[tokio::test]
async fn evidence_is_for_those_who_may_read_devices() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access", "device-enroll"]).await;
    let (_, id) = rig.enrolled(&alice, "PF000001").await;
    refused(export(&alice.connection, &id).await, PermissionDenied, "not_allowed");
    let carol = rig.person("carol", &["device-admin"]).await;
    assert!(export(&carol.connection, &id).await.is_ok());
    refused(export(&carol.connection, "no-such-id").await, NotFound, "evidence_not_found");
}

#[tokio::test]
async fn evidence_outlives_its_device() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, id) = rig.enrolled(&alice, "PF000001").await;
    rig.delete_device(&id).await;
    let bundle = read(&export(&rig.admin, &id).await.unwrap());
    assert_eq!((bundle.device_id, bundle.asset_tag.as_str()), (id, ""));
    let EkMaterial::PublicKey(_) = Machine::new("x").ek else { panic!("a bare key") };
}

#[tokio::test]
async fn a_macs_enrolment_is_judged_once_more_as_well() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    Mac::new("C02XK000").enrol(&alice.connection, &token).await.unwrap();
    let mut bundle = read(&export(&rig.admin, &id).await.unwrap());
    let replay = bundle.replay(&TrustBasis::Then);
    assert!(replay.agrees && replay.tier == Some(AttestationTier::BareKey), "{replay:?}");
    bundle.nonce[0] ^= 1;
    assert_eq!(bundle.replay(&TrustBasis::Then).verdict, "signature_invalid");
}
