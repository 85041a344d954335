//! Modes: who needs a trusted device, and what stays open without one.

use gatehouse_model::DeviceTrustMode::{self, Off, Optional, Required, RequiredForHumans};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::json;
use tonic::Code::PermissionDenied;
use tonic::Status;

use crate::rig::{Machine, Person, Rig, hint_of, mode, refused};

/// The stable code of an outcome, or "ok".
fn word<T>(outcome: Result<T, Status>) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(status) => status.metadata().get("gatehouse-code").unwrap().to_str().unwrap().to_owned(),
    }
}

/// What becomes of a call of each kind: admin's, own devices, redeeming a token, auto-enrolment, Ping.
async fn tries(rig: &Rig, person: &Person, tag: &str) -> [String; 5] {
    let own = devices::ListDevicesByUserRequest::default();
    let own = person.connection.devices().list_devices_by_user(own).await;
    let machine = Machine::new(tag);
    let create = devices::CreateDeviceRequest {
        device: Some(crate::rig::device(machine.os, tag)),
        ..Default::default()
    };
    let id = rig.admin.devices().create_device(create).await.unwrap().into_inner().id;
    let auto =
        devices::CreateDeviceEnrollTokenRequest { device_data: Some(machine.data()), ..Default::default() };
    let auto = person.connection.devices().create_device_enroll_token(auto).await;
    let token = devices::CreateDeviceEnrollTokenRequest { device_id: id, ..Default::default() };
    // Where device trust is off there is no token to redeem; an unknown one is as far as it gets.
    let token = rig.admin.devices().create_device_enroll_token(token).await;
    let token = token.map_or_else(|_| "A".repeat(43), |token| token.into_inner().token);
    let admin = person.list_devices().await;
    let redeemed = machine.enrol(&person.connection, &token).await;
    let ping = person.connection.auth().ping(wire::PingRequest {}).await;
    [word(admin), word(own), word(redeemed), word(auto), word(ping)]
}

async fn check(cluster: DeviceTrustMode, human: &str, bot: &str, ceremonies: &str) {
    let mut preference = mode(cluster);
    preference.device_trust.auto_enroll = Some(true);
    let rig = Rig::with(preference).await;
    let alice = rig.person("alice", &["editor"]).await;
    let robot = rig.bot("robot", &["editor"]).await;
    for (person, admin, tag) in [(&alice, human, "PF000001"), (&robot, bot, "PF000002")] {
        let found = tries(&rig, person, tag).await;
        let expected = [admin, "ok", ceremonies, ceremonies, "ok"];
        assert_eq!(found, expected, "{cluster} {}", person.name);
    }
    // With a trusted device, nothing is closed.
    if cluster != Off {
        let (trusted, _, _) = rig.on_trusted_device(&alice, "PF000003").await;
        trusted.list_devices().await.unwrap();
    }
    let ping = alice.connection.auth().ping(wire::PingRequest {}).await.unwrap().into_inner();
    let settings = ping.device_trust.unwrap();
    assert_eq!((settings.mode.as_str(), settings.disabled), (cluster.as_str(), cluster == Off));
    assert!(settings.auto_enroll);
}

#[tokio::test]
async fn off_asks_nobody_for_a_device_and_knows_no_ceremony() {
    check(Off, "ok", "ok", "device_trust_off").await;
}

#[tokio::test]
async fn optional_asks_nobody_for_a_device() {
    check(Optional, "ok", "ok", "ok").await;
}

#[tokio::test]
async fn required_asks_everybody_for_a_device() {
    check(Required, "trusted_device_required", "trusted_device_required", "ok").await;
}

#[tokio::test]
async fn required_for_humans_asks_people_for_a_device() {
    check(RequiredForHumans, "trusted_device_required", "ok", "ok").await;
}

#[tokio::test]
async fn off_stops_authentication_too() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    rig.prefer(json!({"device_trust": {"mode": "off"}})).await;
    let outcome = machine.authenticate(&alice).await;
    refused(outcome, tonic::Code::FailedPrecondition, "device_trust_off");
}

#[tokio::test]
async fn off_makes_no_tokens() {
    let rig = Rig::with(mode(Off)).await;
    let request = devices::CreateDeviceRequest {
        device: Some(crate::rig::device(gatehouse_model::OsType::Linux, "PF000001")),
        create_enroll_token: true,
        ..Default::default()
    };
    let outcome = rig.admin.devices().create_device(request.clone()).await;
    refused(outcome, tonic::Code::FailedPrecondition, "device_trust_off");
    // Registering alone is open, so that an inventory can be there before device trust is.
    let request = devices::CreateDeviceRequest { create_enroll_token: false, ..request };
    let id = rig.admin.devices().create_device(request).await.unwrap().into_inner().id;
    let request = devices::CreateDeviceEnrollTokenRequest { device_id: id, ..Default::default() };
    let outcome = rig.admin.devices().create_device_enroll_token(request).await;
    refused(outcome, tonic::Code::FailedPrecondition, "device_trust_off");
}

#[tokio::test]
async fn a_change_of_mode_counts_from_the_next_call() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    alice.list_devices().await.unwrap();
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    let status = refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    assert_eq!(status.message(), "access to resource requires a trusted device");
    assert!(hint_of(&status).contains("tsh device doctor"));
    rig.prefer(json!({"device_trust": {"mode": "optional"}})).await;
    alice.list_devices().await.unwrap();
}

#[tokio::test]
async fn a_role_can_require_a_device_where_the_cluster_does_not() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor", "require-trusted-device"]).await;
    let bob = rig.person("bob", &["editor"]).await;
    assert!(alice.who().await.unwrap().trusted_device_required);
    assert!(!bob.who().await.unwrap().trusted_device_required);
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    bob.list_devices().await.unwrap();
    let (trusted, _, _) = rig.on_trusted_device(&alice, "PF000001").await;
    trusted.list_devices().await.unwrap();
}

#[tokio::test]
async fn a_role_that_requires_devices_of_humans_lets_bots_through() {
    let rig = Rig::start().await;
    let role = json!({
        "kind": "role", "version": "v1", "metadata": {"name": "people-need-devices"},
        "spec": {"options": {"device_trust_mode": "required-for-humans"}},
    });
    rig.create("role", &role).await;
    let roles = ["editor", "people-need-devices"];
    let (alice, robot) = (rig.person("alice", &roles).await, rig.bot("robot", &roles).await);
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    robot.list_devices().await.unwrap();
}

#[tokio::test]
async fn no_role_loosens_what_the_cluster_requires() {
    let rig = Rig::with(mode(Required)).await;
    let role = json!({
        "kind": "role", "version": "v1", "metadata": {"name": "no-device"},
        "spec": {"options": {"device_trust_mode": "off"}},
    });
    rig.create("role", &role).await;
    let alice = rig.person("alice", &["editor", "no-device"]).await;
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
}

#[tokio::test]
async fn required_closes_every_service_of_administration() {
    let rig = Rig::with(mode(Required)).await;
    let alice = rig.person("alice", &["editor"]).await;
    let mut outcomes = Vec::new();
    let connection = &alice.connection;
    outcomes.push(word(connection.users().invite_user(wire::InviteUserRequest::default()).await));
    outcomes.push(word(connection.users().reset_user(wire::ResetUserRequest::default()).await));
    let list = |kind: &str| wire::ListResourcesRequest { kind: kind.to_owned(), ..Default::default() };
    for kind in ["user", "role", "lock", "cluster_auth_preference"] {
        outcomes.push(word(connection.resources().list_resources(list(kind)).await));
    }
    outcomes.push(word(connection.sessions().list_sessions(wire::ListSessionsRequest::default()).await));
    outcomes.push(word(connection.sessions().end_session(wire::EndSessionRequest::default()).await));
    outcomes.push(word(connection.audit().list_events(wire::ListEventsRequest::default()).await));
    let tokens = wire::ListEnrollTokensRequest::default();
    outcomes.push(word(connection.device_admin().list_enroll_tokens(tokens).await));
    let revoke = wire::RevokeEnrollTokenRequest::default();
    outcomes.push(word(connection.device_admin().revoke_enroll_token(revoke).await));
    let accept = wire::AcceptCountersRequest::default();
    outcomes.push(word(connection.device_admin().accept_counters(accept).await));
    let get = devices::GetDeviceRequest::default();
    outcomes.push(word(connection.devices().get_device(get).await));
    assert!(outcomes.iter().all(|found| found == "trusted_device_required"), "{outcomes:?}");
    // The own account stays open.
    alice.who().await.unwrap();
    alice.connection.account().logout(()).await.unwrap();
}

#[tokio::test]
async fn the_hosts_admin_is_exempt_and_leaves_a_trace() {
    let rig = Rig::with(mode(Required)).await;
    let request = devices::ListDevicesRequest::default();
    rig.admin.devices().list_devices(request).await.unwrap();
    let calls = rig.events("host_admin.call").await;
    // This very listing of events is the newest.
    assert_eq!(calls[0]["target"], "gatehouse.v1.AuditService/ListEvents");
    assert_eq!(calls[1]["target"], "teleport.devicetrust.v1.DeviceTrustService/ListDevices");
    let uid = rustix::process::getuid().as_raw();
    assert_eq!(calls[1]["user"], format!("host-admin(uid={uid})"));
}

#[tokio::test]
async fn the_hosts_admin_is_the_way_back_in() {
    let rig = Rig::with(mode(Required)).await;
    let alice = rig.person("alice", &["editor"]).await;
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    rig.prefer(json!({"device_trust": {"mode": "optional"}})).await;
    alice.list_devices().await.unwrap();
}
