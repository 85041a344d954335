//! What an enrolment leaves behind: evidence and audit events, of successes and of refusals.

use gatehouse_model::OsType;
use gatehouse_testkit::soft_tpm::SoftTpmCa;
use tonic::Code::PermissionDenied;

use crate::rig::{Enrolling, Mac, Machine, Rig, refused};

#[tokio::test]
async fn a_success_keeps_everything_it_was_judged_by() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let mut machine = Machine::new("PF000001");
    let ca = SoftTpmCa::new();
    let certificate = ca.issue(&machine.tpm);
    machine.ek = gatehouse_model::tpm::EkMaterial::Certificate(certificate.clone());
    let params = machine.ak.attestation_parameters();
    let init = machine.init_with(&token, params.clone());
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, init).await.unwrap();
    let mut answer = machine.solve(&challenge);
    answer.platform_parameters.as_mut().unwrap().event_log = b"a firmware event log".to_vec();
    stream.finish_tpm(answer.clone()).await.unwrap();

    let evidence = rig.evidence(&id).await;
    let [record] = evidence.as_slice() else { panic!("one record: {}", evidence.len()) };
    assert_eq!((record.verdict.as_str(), record.user.as_str()), ("success", "alice"));
    assert_eq!(record.credential_id, machine.credential_id());
    assert_eq!(record.nonce, challenge.attestation_nonce);
    assert_eq!(record.ek_public, machine.tpm.ek_spki());
    assert_eq!(record.ek_certificate, certificate);
    assert_eq!(record.ak, params);
    let sent = answer.platform_parameters.unwrap();
    assert_eq!(record.platform.quotes[1].quote, sent.quotes[1].quote);
    assert_eq!(record.platform.pcrs.len(), 48);
    assert_eq!(record.platform.event_log, b"a firmware event log");

    let spent = rig.events("device.token.spent").await.remove(0);
    let enrolled = rig.events("device.enroll").await.remove(0);
    assert_eq!((spent["code"].as_str(), enrolled["code"].as_str()), (Some("TV004I"), Some("TV005I")));
    assert_eq!(enrolled["user"], "alice");
    assert_eq!(enrolled["user_kind"], 1);
    assert_eq!(enrolled["success"], true);
    assert_eq!(enrolled["device"]["asset_tag"], "PF000001");
    assert_eq!(enrolled["device"]["credential_id"], machine.credential_id());
    assert_eq!(enrolled["details"]["evidence"], record.id);
    assert_eq!(enrolled["session_id"], alice.session_id);
    assert!(enrolled["remote_address"].as_str().unwrap().starts_with("127.0.0.1:"));
    let data = &rig.device(&id).await.collected_data;
    assert_eq!(data.len(), 1);
    let record_time = data[0].record_time.unwrap();
    assert_eq!(record_time.seconds, rig.now().secs());
}

#[tokio::test]
async fn a_refusal_keeps_everything_too_and_changes_nothing() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let (stream, challenge) = Enrolling::begin_tpm(&alice.connection, machine.init(&token)).await.unwrap();
    let mut answer = machine.solve(&challenge);
    answer.solution[7] ^= 1;
    let status = refused(stream.finish_tpm(answer.clone()).await, PermissionDenied, "activation_wrong");
    rig.assert_untouched(&id).await;
    let evidence = rig.evidence(&id).await;
    let [record] = evidence.as_slice() else { panic!("one record: {}", evidence.len()) };
    assert_eq!(record.verdict, "activation_wrong");
    assert_eq!(record.nonce, challenge.attestation_nonce);
    assert_eq!(record.platform.quotes.len(), 2);
    let event = rig.events("device.enroll").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &"activation_wrong".into()));
    assert_eq!(event["error"], "invalid credential activation solution");
    assert!(rig.events("device.token.spent").await.is_empty());
    // The error report of a user finds the event.
    let request_id = status.metadata().get("gatehouse-request-id").unwrap().to_str().unwrap();
    assert_eq!(event["request_id"], request_id);
}

#[tokio::test]
async fn a_macs_enrolment_is_kept_as_well() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let mac = Mac::new("C02XK000");
    mac.enrol(&alice.connection, &token).await.unwrap();
    let record = rig.evidence(&id).await.remove(0);
    assert_eq!(record.device_key, mac.public_key_der());
    assert!(!record.signature.is_empty() && record.nonce.len() == 32);
}

#[tokio::test]
async fn evidence_and_audit_outlive_the_device() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, id) = rig.enrolled(&alice, "PF000001").await;
    rig.delete_device(&id).await;
    assert_eq!(rig.evidence(&id).await.len(), 1);
    let deleted = rig.events("device.delete").await.remove(0);
    assert_eq!(deleted["device"]["device_id"], id.as_str());
    assert_eq!(rig.events("device.enroll").await.len(), 1);
}

#[tokio::test]
async fn registering_and_tokens_are_audited_with_the_contracts_codes() {
    let rig = Rig::start().await;
    let (id, _) = rig.register_linux("PF000001").await;
    rig.unenrol(&id).await;
    for (event, code) in
        [("device.create", "TV001I"), ("device.token.create", "TV003I"), ("device.update", "TV007I")]
    {
        let found = rig.events(event).await.remove(0);
        assert_eq!((found["code"].as_str(), found["success"].as_bool()), (Some(code), Some(true)));
        assert_eq!(found["device"]["device_id"], id.as_str());
    }
}

#[tokio::test]
async fn no_event_and_no_evidence_names_a_token() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    Machine::new("PF000001").enrol(&alice.connection, &token).await.unwrap();
    let events = rig.events("").await;
    assert!(events.len() > 5);
    assert!(!serde_json::to_string(&events).unwrap().contains(&token));
    assert!(!serde_json::to_string(&rig.evidence(&id).await).unwrap().contains(&token));
}
