//! Where somebody is logged in, and ending it, from the command line.

use gatehouse_domain::authz::FRESH_FACTOR_SECS;
use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::json;
use tonic::Code::{FailedPrecondition, NotFound, PermissionDenied, Unauthenticated};

use crate::rig::{Connection, PASSWORD, Person, Rig, refused};

async fn own(connection: &Connection) -> Vec<wire::SessionInfo> {
    let request = wire::ListOwnSessionsRequest::default();
    connection.account().list_own_sessions(request).await.unwrap().into_inner().sessions
}

async fn end(person: &Person, id: &str) -> Result<(), tonic::Status> {
    let request = wire::EndSessionRequest { id: id.to_owned() };
    person.connection.account().end_own_session(request).await.map(|_| ())
}

#[tokio::test]
async fn under_required_everybody_sees_and_ends_their_own_and_nobody_elses() {
    let rig = Rig::start().await;
    let bob = rig.person("bob", &["editor"]).await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, device) = rig.enrolled(&alice, "PF000001").await;
    machine.authenticate(&alice).await.unwrap();
    let elsewhere = rig.login("alice", "").await.unwrap();
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;

    let sessions = own(&elsewhere.connection).await;
    let of = |id: &str| sessions.iter().find(|session| session.id == id).unwrap().clone();
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert!(sessions.iter().all(|session| session.user == "alice"));
    assert!(of(&elsewhere.session_id).current && !of(&alice.session_id).current);
    let first = of(&alice.session_id);
    assert_eq!((first.device_id, first.asset_tag, first.kind), (device, "PF000001".into(), "cli".into()));
    assert!(first.device_since.is_some());
    assert_eq!(of(&elsewhere.session_id).device_id, "");

    let page = wire::ListOwnSessionsRequest { page_size: 1, page_token: String::new() };
    let page = elsewhere.connection.account().list_own_sessions(page).await.unwrap().into_inner();
    assert_eq!((page.sessions.len(), page.next_page_token.is_empty()), (1, false));

    // Everybody's are for those who have a trusted device, and the role.
    let all = elsewhere.connection.sessions().list_sessions(wire::ListSessionsRequest::default()).await;
    assert!(all.is_err());
    refused(end(&elsewhere, &bob.session_id).await, NotFound, "session_not_found");
    refused(end(&elsewhere, "nonesuch").await, NotFound, "session_not_found");
    end(&elsewhere, &alice.session_id).await.unwrap();
    refused(alice.connection.account().who_am_i(()).await.map(|_| ()), Unauthenticated, "session_ended");
    assert_eq!(own(&elsewhere.connection).await.len(), 1);
    end(&elsewhere, &elsewhere.session_id).await.unwrap();
    refused(elsewhere.connection.account().who_am_i(()).await.map(|_| ()), Unauthenticated, "session_ended");
    assert_eq!(own(&bob.connection).await.len(), 1);
    let sessions = bob.connection.sessions().list_sessions(wire::ListSessionsRequest::default()).await;
    refused(sessions.map(|_| ()), PermissionDenied, "trusted_device_required");
}

#[tokio::test]
async fn attack_a_key_found_on_disk_throws_its_owner_out() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let thief = rig.login("alice", "").await.unwrap();
    rig.login("alice", "").await.unwrap();
    rig.clock.advance(FRESH_FACTOR_SECS);
    refused(end(&thief, &alice.session_id).await, FailedPrecondition, "second_factor_required");
    let others = async || thief.connection.account().end_other_sessions(()).await;
    refused(others().await.map(|_| ()), FailedPrecondition, "second_factor_required");
    assert_eq!(own(&thief.connection).await.len(), 3);
    // Whoever knows the password is the owner.
    let confirm = wire::ConfirmSecondFactorRequest { password: PASSWORD.to_owned(), otp_code: String::new() };
    thief.connection.account().confirm_second_factor(confirm).await.unwrap();
    assert_eq!(others().await.unwrap().into_inner().ended, 2);
    assert_eq!(own(&thief.connection).await.len(), 1);
    assert_eq!(others().await.unwrap().into_inner().ended, 0);
    // Leaving needs nothing but to be there.
    rig.clock.advance(FRESH_FACTOR_SECS);
    end(&thief, &thief.session_id).await.unwrap();
}

#[tokio::test]
async fn strangers_and_the_hosts_admin_have_no_sessions_of_their_own() {
    let rig = Rig::start().await;
    let request = wire::ListOwnSessionsRequest::default;
    let stranger = rig.stranger().await.account().list_own_sessions(request()).await;
    refused(stranger.map(|_| ()), Unauthenticated, "not_logged_in");
    let admin = rig.admin.account().list_own_sessions(request()).await;
    refused(admin.map(|_| ()), FailedPrecondition, "account_required");
    let others = rig.stranger().await.account().end_other_sessions(()).await;
    refused(others.map(|_| ()), Unauthenticated, "not_logged_in");
}
