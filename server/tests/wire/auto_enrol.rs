//! Auto-enrolment: a token for oneself, for a device that is registered and nobody else's.

use gatehouse_proto::devicetrust as devices;
use serde_json::json;
use tonic::Code::{FailedPrecondition, InvalidArgument, PermissionDenied, Unauthenticated};
use tonic::Status;

use crate::rig::{Connection, Machine, Rig, device, refused};
use gatehouse_model::OsType;

async fn rig() -> Rig {
    let rig = Rig::start().await;
    rig.prefer(json!({"device_trust": {"auto_enroll": true}})).await;
    rig
}

async fn ask(connection: &Connection, data: devices::DeviceCollectedData) -> Result<String, Status> {
    let request = devices::CreateDeviceEnrollTokenRequest { device_data: Some(data), ..Default::default() };
    let token = connection.devices().create_device_enroll_token(request).await?.into_inner();
    Ok(token.token)
}

/// What the audit log says of the last token that was asked for.
async fn last_refusal(rig: &Rig) -> String {
    let event = rig.events("device.token.create").await.remove(0);
    assert_eq!((event["success"].as_bool(), event["code"].as_str()), (Some(false), Some("TV003I")));
    assert_eq!(event["reason"], "auto_enroll_refused");
    event["error"].as_str().unwrap().to_owned()
}

async fn refuse(rig: &Rig, connection: &Connection, data: devices::DeviceCollectedData, why: &str) {
    let outcome = ask(connection, data).await;
    let status = refused(outcome, PermissionDenied, "auto_enroll_refused");
    // The user learns one text for all of it, the audit log which it was.
    assert_eq!(status.message(), "this device cannot be auto-enrolled");
    assert_eq!(last_refusal(rig).await, why);
}

#[tokio::test]
async fn a_registered_device_enrols_itself() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    rig.clock.advance(1);
    let machine = Machine::new("PF000001");
    let token = ask(&alice.connection, machine.data()).await.unwrap();
    let info = rig.tokens(&id).await.remove(0);
    assert_eq!((info.purpose.as_str(), info.bound_user.as_str()), ("auto-enroll", "alice"));
    assert_eq!(info.created_by, "alice");
    assert_eq!(info.expires.unwrap().seconds - info.created.unwrap().seconds, 300);
    let device = machine.enrol(&alice.connection, &token).await.unwrap();
    assert_eq!(device.owner, "alice");
    machine.authenticate(&alice).await.unwrap();
    let event = rig.events("device.token.create").await.remove(0);
    assert_eq!((event["success"].as_bool(), event["user"].as_str()), (Some(true), Some("alice")));
}

#[tokio::test]
async fn it_is_off_unless_the_preference_allows_it() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let outcome = ask(&alice.connection, machine.data()).await;
    refused(outcome, FailedPrecondition, "auto_enroll_off");
    rig.prefer(json!({"device_trust": {"auto_enroll": true, "mode": "off"}})).await;
    let outcome = ask(&alice.connection, machine.data()).await;
    refused(outcome, FailedPrecondition, "device_trust_off");
}

#[tokio::test]
async fn a_device_that_is_not_registered_is_refused() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    rig.register_linux("PF000001").await;
    let why = "no such device is registered";
    refuse(&rig, &alice.connection, Machine::new("PF000002").data(), why).await;
    let other_os = Machine { os: OsType::Windows, ..Machine::new("PF000001") };
    refuse(&rig, &alice.connection, other_os.data(), why).await;
}

#[tokio::test]
async fn a_device_of_another_user_is_refused() {
    let rig = rig().await;
    let (alice, bob) = (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    refuse(&rig, &bob.connection, machine.data(), "the device is enrolled by another user").await;
    // The owner may go on: rebind, or add a key.
    let token = ask(&alice.connection, machine.data()).await.unwrap();
    machine.other_os_user().enrol(&alice.connection, &token).await.unwrap();
    // Once it is un-enrolled, it is nobody's.
    rig.unenrol(&id).await;
    let token = ask(&bob.connection, machine.data()).await.unwrap();
    let device = machine.enrol(&bob.connection, &token).await.unwrap();
    assert_eq!(device.owner, "bob");
}

#[tokio::test]
async fn a_device_that_an_admin_has_given_to_another_user_is_refused() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    rig.person("bob", &["access"]).await;
    let request = devices::CreateDeviceRequest {
        device: Some(devices::Device { owner: "bob".to_owned(), ..device(OsType::Linux, "PF000001") }),
        ..Default::default()
    };
    rig.admin.devices().create_device(request).await.unwrap();
    let data = Machine::new("PF000001").data();
    refuse(&rig, &alice.connection, data, "the device is enrolled by another user").await;
}

#[tokio::test]
async fn a_locked_device_is_refused() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    rig.lock(json!({"device": id})).await;
    let data = Machine::new("PF000001").data();
    refuse(&rig, &alice.connection, data, "the device is locked").await;
}

#[tokio::test]
async fn data_that_does_not_fit_the_profile_is_refused() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let profile = devices::DeviceProfile {
        model_identifier: "ThinkPad X1".to_owned(),
        os_usernames: vec!["alice".to_owned()],
        ..Default::default()
    };
    let request = devices::CreateDeviceRequest {
        device: Some(devices::Device { profile: Some(profile), ..device(OsType::Linux, "PF000001") }),
        ..Default::default()
    };
    rig.admin.devices().create_device(request).await.unwrap();
    let right = devices::DeviceCollectedData {
        model_identifier: "thinkpad x1".to_owned(),
        ..Machine::new("PF000001").data()
    };
    let why = "the collected data does not match the MDM profile";
    let other_model =
        devices::DeviceCollectedData { model_identifier: "MacBook".to_owned(), ..right.clone() };
    refuse(&rig, &alice.connection, other_model, why).await;
    let other_user = devices::DeviceCollectedData { os_username: "eve".to_owned(), ..right.clone() };
    refuse(&rig, &alice.connection, other_user, why).await;
    ask(&alice.connection, right).await.unwrap();
}

#[tokio::test]
async fn it_takes_a_session_and_well_formed_data() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let data = Machine::new("PF000001").data();
    refused(ask(&rig.stranger().await, data.clone()).await, Unauthenticated, "not_logged_in");
    refused(ask(&rig.admin, data.clone()).await, FailedPrecondition, "account_required");
    let bad = devices::DeviceCollectedData { os_type: 9, ..data };
    refused(ask(&alice.connection, bad).await, InvalidArgument, "message_malformed");
    let request = devices::CreateDeviceEnrollTokenRequest::default();
    let outcome = alice.connection.devices().create_device_enroll_token(request).await;
    refused(outcome, InvalidArgument, "message_incomplete");
}

#[tokio::test]
async fn a_device_that_another_user_enrols_meanwhile_stays_theirs() {
    let rig = rig().await;
    let (alice, bob) = (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let (id, for_bob) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let for_alice = ask(&alice.connection, machine.data()).await.unwrap();
    machine.enrol(&bob.connection, &for_bob).await.unwrap();
    let late = machine.other_os_user().enrol(&alice.connection, &for_alice).await;
    refused(late, PermissionDenied, "auto_enroll_refused");
    let mut work = rig.store.read().await.unwrap();
    assert_eq!(work.device_users(&id).await.unwrap(), ["bob"]);
}

#[tokio::test]
async fn a_token_is_void_when_it_is_switched_off_meanwhile() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    let machine = Machine::new("PF000001");
    let token = ask(&alice.connection, machine.data()).await.unwrap();
    rig.prefer(json!({"device_trust": {"auto_enroll": false}})).await;
    let late = machine.enrol(&alice.connection, &token).await;
    refused(late, PermissionDenied, "auto_enroll_refused");
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn it_cannot_take_over_another_ek() {
    let rig = rig().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    // The same tag, claimed from a machine of the thief's with the owner's session.
    let thief = Machine::new("PF000001");
    let token = ask(&alice.connection, thief.data()).await.unwrap();
    let outcome = thief.enrol(&alice.connection, &token).await;
    refused(outcome, PermissionDenied, "enrolled_with_other_key");
    machine.authenticate(&alice).await.unwrap();
}
