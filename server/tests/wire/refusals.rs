//! What is refused of a call leaves an event, by the id that was shown with it; but not without end.

use gatehouse_domain::entity::{AuditFilter, StoredEvent};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::Code::{InvalidArgument, NotFound, PermissionDenied};
use tonic::Status;

use crate::rig::{Enrolling, Machine, Rig, refused};

fn request_id(status: &Status) -> String {
    status.metadata().get("gatehouse-request-id").unwrap().to_str().unwrap().to_owned()
}

async fn noted(rig: &Rig) -> Vec<StoredEvent> {
    let filter = AuditFilter { event: Some("request.refused".to_owned()), ..AuditFilter::default() };
    rig.store.read().await.unwrap().events(&filter, 1000).await.unwrap()
}

async fn by_request(rig: &Rig, id: &str) -> Vec<String> {
    let filter = AuditFilter { request_id: Some(id.to_owned()), ..AuditFilter::default() };
    let found = rig.store.read().await.unwrap().events(&filter, 10).await.unwrap();
    found.into_iter().map(|stored| stored.event.event).collect()
}

#[tokio::test]
async fn the_request_id_that_is_shown_with_an_error_finds_it() {
    let rig = Rig::start().await;
    let bob = rig.person("bob", &["access"]).await;
    let status = refused(bob.list_devices().await, PermissionDenied, "not_allowed");
    let events = noted(&rig).await;
    assert_eq!(events.len(), 1);
    let event = &events[0].event;
    assert_eq!(event.request_id, request_id(&status));
    assert_eq!(event.target, "teleport.devicetrust.v1.DeviceTrustService/ListDevices");
    assert_eq!((event.user.as_str(), event.reason.as_str()), ("bob", "not_allowed"));
    assert_eq!((event.session_id.as_str(), event.success), (bob.session_id.as_str(), false));

    // What left an event of its own leaves no second one: here that of the host's admin.
    let request = devices::GetDeviceRequest { device_id: "nonesuch".to_owned() };
    let status = refused(rig.admin.devices().get_device(request).await, NotFound, "device_not_found");
    assert_eq!(by_request(&rig, &request_id(&status)).await, ["host_admin.call"]);
    // Strangers leave nothing.
    let stranger = rig.stranger().await;
    stranger.resources().get_resource(wire::GetResourceRequest::default()).await.unwrap_err();
    stranger.auth().begin_signup(wire::BeginSignupRequest { token: "x".to_owned() }).await.unwrap_err();
    assert_eq!(noted(&rig).await.len(), 1);
}

#[tokio::test]
async fn a_ceremony_that_is_refused_is_found_once() {
    let rig = Rig::start().await;
    let bob = rig.person("bob", &["access"]).await;
    let mut stream = Enrolling::open(&bob.connection).await.unwrap();
    stream.send(None).await;
    let status = refused(stream.next().await, InvalidArgument, "message_incomplete");
    assert_eq!(by_request(&rig, &request_id(&status)).await, ["request.refused"]);
    // A token that counts for nothing is the ceremony's own to tell of.
    let init = Machine::new("PF000001").init("nonesuch");
    let status = Enrolling::begin(&bob.connection, init).await.map(|_| ()).unwrap_err();
    let found = by_request(&rig, &request_id(&status)).await;
    assert_eq!(found.len(), 1, "{found:?}");
}

#[tokio::test]
async fn attack_calls_that_are_refused_over_and_over_do_not_fill_the_log() {
    let rig = Rig::start().await;
    let bob = rig.person("bob", &["access"]).await;
    for _ in 0..70 {
        refused(bob.list_devices().await, PermissionDenied, "not_allowed");
    }
    let events = noted(&rig).await;
    assert_eq!(events.len(), 61);
    assert!(events[0].event.message.contains("the server's own log only"), "{}", events[0].event.message);
    let again = rig.login("bob", "").await.unwrap();
    refused(again.list_devices().await, PermissionDenied, "not_allowed");
    assert_eq!(noted(&rig).await.len(), 62, "another session is noted");
    rig.clock.advance(3600);
    refused(bob.list_devices().await, PermissionDenied, "not_allowed");
    assert_eq!(noted(&rig).await.len(), 63);
}
