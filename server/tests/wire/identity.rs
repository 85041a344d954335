//! Who calls: the client certificate alone says it.

use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest, DeviceExtensions};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use rcgen::{KeyPair, PublicKeyData as _};
use tonic::Code::{PermissionDenied, Unauthenticated};
use tonic::{Request, Status};

use crate::rig::{Connection, Enrolling, Machine, Person, Rig, hint_of, refused};

#[tokio::test]
async fn without_certificate_every_call_but_the_open_ones_is_unauthenticated() {
    let rig = Rig::start().await;
    let stranger = rig.stranger().await;
    let mut refusals = Vec::new();
    refusals.push(stranger.account().who_am_i(()).await.map(|_| ()));
    refusals.push(stranger.account().logout(()).await.map(|_| ()));
    refusals
        .push(stranger.account().confirm_second_factor(Request::new(Default::default())).await.map(|_| ()));
    refusals.push(stranger.users().invite_user(wire::InviteUserRequest::default()).await.map(|_| ()));
    refusals.push(stranger.users().reset_user(wire::ResetUserRequest::default()).await.map(|_| ()));
    refusals.push(stranger.audit().list_events(wire::ListEventsRequest::default()).await.map(|_| ()));
    refusals.push(stranger.sessions().list_sessions(wire::ListSessionsRequest::default()).await.map(|_| ()));
    refusals.push(stranger.sessions().end_session(wire::EndSessionRequest::default()).await.map(|_| ()));
    let tokens = wire::ListEnrollTokensRequest::default();
    refusals.push(stranger.device_admin().list_enroll_tokens(tokens).await.map(|_| ()));
    let revoke = wire::RevokeEnrollTokenRequest::default();
    refusals.push(stranger.device_admin().revoke_enroll_token(revoke).await.map(|_| ()));
    let accept = wire::AcceptCountersRequest::default();
    refusals.push(stranger.device_admin().accept_counters(accept).await.map(|_| ()));
    for kind in ["user", "role", "lock", "cluster_auth_preference"] {
        let kind = kind.to_owned();
        let mut client = stranger.resources();
        let get = wire::GetResourceRequest { kind: kind.clone(), name: "x".to_owned() };
        refusals.push(client.get_resource(get).await.map(|_| ()));
        let list = wire::ListResourcesRequest { kind: kind.clone(), ..Default::default() };
        refusals.push(client.list_resources(list).await.map(|_| ()));
        let delete = wire::DeleteResourceRequest { kind, name: "x".to_owned() };
        refusals.push(client.delete_resource(delete).await.map(|_| ()));
    }
    let mut client = stranger.devices();
    refusals.push(client.create_device(devices::CreateDeviceRequest::default()).await.map(|_| ()));
    refusals.push(client.update_device(devices::UpdateDeviceRequest::default()).await.map(|_| ()));
    refusals.push(client.upsert_device(devices::UpsertDeviceRequest::default()).await.map(|_| ()));
    refusals.push(client.delete_device(devices::DeleteDeviceRequest::default()).await.map(|_| ()));
    refusals.push(client.find_devices(devices::FindDevicesRequest::default()).await.map(|_| ()));
    refusals.push(client.get_device(devices::GetDeviceRequest::default()).await.map(|_| ()));
    refusals.push(client.list_devices(devices::ListDevicesRequest::default()).await.map(|_| ()));
    let own = devices::ListDevicesByUserRequest::default();
    refusals.push(client.list_devices_by_user(own).await.map(|_| ()));
    let bulk = devices::BulkCreateDevicesRequest::default();
    refusals.push(client.bulk_create_devices(bulk).await.map(|_| ()));
    let token = devices::CreateDeviceEnrollTokenRequest { device_id: "x".to_owned(), ..Default::default() };
    refusals.push(client.create_device_enroll_token(token).await.map(|_| ()));
    // Whether the stream opens at all or ends at once is all the same.
    refusals.push(match Enrolling::open(&stranger).await {
        Ok(mut stream) => stream.next().await.map(|_| ()),
        Err(status) => Err(status),
    });
    for outcome in refusals {
        let status = refused(outcome, Unauthenticated, "not_logged_in");
        assert!(hint_of(&status).contains("tsh login"));
    }
    stranger.auth().ping(wire::PingRequest {}).await.unwrap();
}

#[tokio::test]
async fn cookies_and_headers_make_nobody_on_grpc() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let stranger = rig.stranger().await;
    let headers = [
        ("cookie", format!("__Host-session={}", alice.session_id)),
        ("authorization", format!("Bearer {}", alice.session_id)),
        ("x-forwarded-user", "alice".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("x-client-cert", hex::encode(&alice.x509)),
        ("devicetrust-client-src-addr", "127.0.0.1:1".to_owned()),
    ];
    for (name, value) in headers {
        let mut request = Request::new(());
        request.metadata_mut().insert(name, value.parse().unwrap());
        refused(stranger.account().who_am_i(request).await, Unauthenticated, "not_logged_in");
    }
    // The request's id is the server's own.
    let mut request = Request::new(());
    request.metadata_mut().insert("x-request-id", "chosen".parse().unwrap());
    let status = stranger.account().who_am_i(request).await.unwrap_err();
    assert_ne!(status.metadata().get("gatehouse-request-id").unwrap(), "chosen");
}

async fn connect(rig: &Rig, x509: Vec<u8>, key: &KeyPair) -> Result<(), String> {
    let identity = (x509, key.serialize_der());
    let connection = Connection::tls(&rig.target, Some(identity)).await.map_err(|error| error.to_string())?;
    connection.account().who_am_i(()).await.map(|_| ()).map_err(|status| format!("{:?}", status.code()))
}

#[tokio::test]
async fn a_certificate_of_a_foreign_ca_is_refused() {
    let (rig, other) = (Rig::start().await, Rig::start().await);
    rig.person("alice", &["editor"]).await;
    let foreign = other.person("alice", &["editor"]).await;
    other.person("control", &["access"]).await.who().await.unwrap();
    let refusal = connect(&rig, foreign.x509.clone(), &foreign.key).await.unwrap_err();
    assert!(!refusal.contains("PermissionDenied") && !refusal.contains("Unauthenticated"), "{refusal}");
    // Self-signed with the right names is no better.
    let key = KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
    let forged = params.self_signed(&key).unwrap().der().to_vec();
    connect(&rig, forged, &key).await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let thief = KeyPair::generate().unwrap();
    connect(&rig, alice.x509.clone(), &alice.key).await.unwrap();
    connect(&rig, alice.x509.clone(), &thief).await.unwrap_err();
}

fn issue(rig: &Rig, change: impl FnOnce(&mut CertificateRequest)) -> (Vec<u8>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let now = rig.now();
    let mut request = CertificateRequest {
        user: "alice".to_owned(),
        roles: vec!["editor".to_owned()],
        logins: Vec::new(),
        session_id: "no-such-session".to_owned(),
        tls_public_key_der: key.subject_public_key_info(),
        ssh_public_key: None,
        not_before: now,
        not_after: now.plus_secs(12 * 3600),
        device: None,
    };
    change(&mut request);
    (rig.user_ca.issue(&request).unwrap().x509_der, key)
}

async fn who(rig: &Rig, (x509, key): (Vec<u8>, KeyPair)) -> Result<wire::WhoAmIResponse, Status> {
    let connection = Connection::tls(&rig.target, Some((x509, key.serialize_der()))).await.unwrap();
    connection.account().who_am_i(()).await.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_certificate_counts_only_with_its_session() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let bob = rig.person("bob", &["editor"]).await;
    refused(who(&rig, issue(&rig, |_| {})).await, Unauthenticated, "session_ended");
    // Another's session does not serve either.
    let of_bob = issue(&rig, |request| request.session_id.clone_from(&bob.session_id));
    refused(who(&rig, of_bob).await, Unauthenticated, "session_ended");
    let own = issue(&rig, |request| request.session_id.clone_from(&alice.session_id));
    // What the certificate says of roles is for others to read; the account decides here.
    assert_eq!(who(&rig, own).await.unwrap().roles, ["access"]);
}

#[tokio::test]
async fn a_certificate_that_claims_a_device_its_session_does_not_have_proves_none() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (_, machine, id) = rig.on_trusted_device(&alice, "PF000001").await;
    for (device_id, asset_tag, credential_id) in [
        ("another".to_owned(), "PF000001".to_owned(), machine.credential_id()),
        (id.clone(), "PF000002".to_owned(), machine.credential_id()),
        (id.clone(), "PF000001".to_owned(), "another".to_owned()),
    ] {
        let claims = DeviceExtensions { device_id, asset_tag, credential_id };
        let certificate = issue(&rig, |request| {
            request.session_id.clone_from(&alice.session_id);
            request.device = Some(claims);
        });
        assert_eq!(who(&rig, certificate).await.unwrap().device_id, "");
    }
}

#[tokio::test]
async fn only_the_admin_ends_the_sessions_of_others() {
    let rig = Rig::start().await;
    let (alice, bob): (Person, Person) =
        (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let request = wire::EndSessionRequest { id: bob.session_id.clone() };
    refused(alice.connection.sessions().end_session(request).await, PermissionDenied, "not_allowed");
    bob.who().await.unwrap();
}

#[tokio::test]
async fn a_first_message_is_not_read_from_strangers() {
    let rig = Rig::start().await;
    let (id, token) = rig.register_linux("PF000001").await;
    let stranger = rig.stranger().await;
    let machine = Machine::new("PF000001");
    refused(machine.enrol(&stranger, &token).await, Unauthenticated, "not_logged_in");
    refused(machine.enrol(&rig.admin, &token).await, tonic::Code::FailedPrecondition, "account_required");
    rig.assert_untouched(&id).await;
    assert_eq!(rig.tokens(&id).await[0].attempts, 0);
}
