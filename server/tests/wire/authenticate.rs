//! Device authentication as it should go, and who is refused.

use gatehouse_model::OsType;
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::devicetrust::authenticate_device_request::Payload;
use gatehouse_proto::gatehouse::v1 as wire;
use ssh_key::Certificate;
use tonic::Code::{FailedPrecondition, InvalidArgument, NotFound, Unauthenticated};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::rig::{Authenticating, Mac, Machine, Rig, hint_of, refused};

const DEVICE_OIDS: [&str; 3] = ["1.3.9999.3.1", "1.3.9999.3.2", "1.3.9999.3.3"];
const SSH_EXTENSIONS: [&str; 3] =
    ["teleport-device-id", "teleport-device-asset-tag", "teleport-device-credential-id"];

fn x509(der: &[u8]) -> X509Certificate<'_> {
    X509Certificate::from_der(der).unwrap().1
}

/// Values of the three device attributes in the subject.
fn device_attributes(certificate: &X509Certificate<'_>) -> Vec<String> {
    let attributes = certificate.subject().iter_attributes();
    let of_device =
        attributes.filter(|attribute| DEVICE_OIDS.contains(&attribute.attr_type().to_id_string().as_str()));
    of_device.map(|attribute| attribute.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_certificates_name_the_device_and_keep_key_and_end() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    rig.clock.advance(600);
    let certificates = machine.authenticate(&alice).await.unwrap();

    let (before, after) = (x509(&alice.x509), x509(&certificates.x509_der));
    assert!(device_attributes(&before).is_empty());
    let claims = [id.clone(), "PF000001".to_owned(), machine.credential_id()];
    assert_eq!(device_attributes(&after), claims);
    assert_eq!(after.subject().iter_common_name().next().unwrap().as_str().unwrap(), "alice");
    assert_eq!(before.public_key().raw, after.public_key().raw);
    assert_eq!(before.validity().not_after, after.validity().not_after);
    assert_ne!(before.raw_serial(), after.raw_serial());

    let before = Certificate::from_openssh(&alice.ssh).unwrap();
    let after =
        Certificate::from_openssh(std::str::from_utf8(&certificates.ssh_authorized_key).unwrap()).unwrap();
    for (name, value) in SSH_EXTENSIONS.into_iter().zip(&claims) {
        assert_eq!(before.extensions().get(name), None);
        assert_eq!(after.extensions().get(name), Some(value));
    }
    assert_eq!(before.public_key(), after.public_key());
    assert_eq!(before.valid_principals(), after.valid_principals());
    assert_eq!((before.key_id(), before.valid_before()), (after.key_id(), after.valid_before()));
    assert_eq!(after.valid_after(), u64::try_from(rig.now().secs() - 60).unwrap());
    assert_eq!(before.signature_key(), after.signature_key());
}

#[tokio::test]
async fn the_session_is_listed_with_its_device() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (trusted, machine, id) = rig.on_trusted_device(&alice, "PF000001").await;
    let who = trusted.who().await.unwrap();
    assert_eq!((who.device_id.as_str(), who.asset_tag.as_str()), (id.as_str(), "PF000001"));
    // The certificate from before proves no device, though the session has one.
    assert_eq!(alice.who().await.unwrap().device_id, "");
    let request = wire::ListSessionsRequest::default();
    let sessions = rig.admin.sessions().list_sessions(request).await.unwrap().into_inner().sessions;
    assert_eq!((sessions.len(), sessions[0].device_id.as_str()), (1, id.as_str()));
    assert_eq!(sessions[0].id, trusted.session_id);
    let event = rig.events("device.authenticate").await.remove(0);
    assert_eq!((event["code"].as_str(), event["success"].as_bool()), (Some("TV006I"), Some(true)));
    assert_eq!(event["device"]["credential_id"], machine.credential_id());
    // What the trusted session does names the device.
    trusted.connection.account().logout(()).await.unwrap();
    assert_eq!(rig.events("user.logout").await[0]["trusted_device"]["device_id"], id.as_str());
}

#[tokio::test]
async fn a_mac_authenticates() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let mac = Mac::new("C02XK000");
    mac.enrol(&alice.connection, &token).await.unwrap();
    let certificates = mac.authenticate(&alice).await.unwrap();
    assert_eq!(device_attributes(&x509(&certificates.x509_der))[0], id);
    // Another key under the same credential id.
    let other = Mac::new("C02XK000");
    refused(other.authenticate(&alice).await, InvalidArgument, "signature_invalid");
}

#[tokio::test]
async fn without_an_ssh_certificate_x509_alone_is_augmented() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    for certificates in [Some(devices::UserCertificates::default()), None] {
        let init = devices::AuthenticateDeviceInit {
            user_certificates: certificates,
            ..machine.authenticate_init("")
        };
        let (stream, nonce) = Authenticating::begin_tpm(&alice.connection, init).await.unwrap();
        let answer = stream.finish_tpm(platform_parameters(machine.quote(&nonce))).await.unwrap();
        assert!(answer.ssh_authorized_key.is_empty());
        assert_eq!(device_attributes(&x509(&answer.x509_der)).len(), 3);
    }
}

#[tokio::test]
async fn a_certificate_that_is_already_augmented_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (trusted, machine, _) = rig.on_trusted_device(&alice, "PF000001").await;
    let again = machine.authenticate(&trusted).await;
    let status = refused(again, FailedPrecondition, "already_trusted");
    assert_eq!(status.message(), "device extensions already present");
    // Also where only the SSH certificate is.
    let init = machine.authenticate_init(&trusted.ssh);
    let outcome = Authenticating::begin(&alice.connection, init).await.map(|_| ());
    refused(outcome, FailedPrecondition, "already_trusted");
}

#[tokio::test]
async fn the_credential_of_another_users_device_is_unknown() {
    let rig = Rig::start().await;
    let (alice, bob) = (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let stolen = refused(machine.authenticate(&bob).await, NotFound, "device_not_enrolled");
    let unknown = Machine::new("PF000009").authenticate(&bob).await;
    let unknown = refused(unknown, NotFound, "device_not_enrolled");
    // A stranger does not learn which of the two it was.
    assert_eq!(stolen.message(), unknown.message());
    assert!(hint_of(&unknown).contains("tsh device enroll"));
    assert_eq!(bob.who().await.unwrap().device_id, "");
    let events = rig.events("device.authenticate").await;
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["reason"] == "device_not_enrolled"));
}

#[tokio::test]
async fn a_quote_over_an_older_nonce_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let begin = async || {
        let init = machine.authenticate_init("");
        Authenticating::begin_tpm(&alice.connection, init).await.unwrap()
    };
    let (first, old_nonce) = begin().await;
    let old_quote = platform_parameters(machine.quote(&old_nonce));
    first.finish_tpm(old_quote.clone()).await.unwrap();
    let (second, nonce) = begin().await;
    assert_ne!(nonce, old_nonce);
    refused(second.finish_tpm(old_quote).await, InvalidArgument, "quote_invalid");
}

#[tokio::test]
async fn two_streams_of_one_session_cannot_exchange_their_nonces() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let begin = async || {
        let init = machine.authenticate_init("");
        Authenticating::begin_tpm(&alice.connection, init).await.unwrap()
    };
    let ((first, first_nonce), (second, second_nonce)) = (begin().await, begin().await);
    let crossed = first.finish_tpm(platform_parameters(machine.quote(&second_nonce))).await;
    refused(crossed, InvalidArgument, "quote_invalid");
    let crossed = second.finish_tpm(platform_parameters(machine.quote(&first_nonce))).await;
    refused(crossed, InvalidArgument, "quote_invalid");
}

#[tokio::test]
async fn a_quote_by_another_ak_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let (stream, nonce) =
        Authenticating::begin_tpm(&alice.connection, machine.authenticate_init("")).await.unwrap();
    let other = machine.other_os_user();
    let outcome = stream.finish_tpm(platform_parameters(other.quote(&nonce))).await;
    refused(outcome, InvalidArgument, "quote_invalid");
    let event = rig.events("device.authenticate").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &"quote_invalid".into()));
}

#[tokio::test]
async fn data_is_read_as_strictly_as_in_an_enrolment() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let changes: [fn(&mut devices::DeviceCollectedData); 5] = [
        |data| data.tpm_platform_attestation = Some(devices::TpmPlatformAttestation::default()),
        |data| data.os_username = "x".repeat(41),
        |data| data.os_type = 4,
        |data| data.serial_number.clear(),
        |data| data.collect_time = None,
    ];
    for change in changes {
        let mut init = machine.authenticate_init("");
        change(init.device_data.as_mut().unwrap());
        let outcome = Authenticating::begin(&alice.connection, init).await.map(|_| ());
        refused(outcome, InvalidArgument, "message_malformed");
    }
    let init = devices::AuthenticateDeviceInit { device_data: None, ..machine.authenticate_init("") };
    let outcome = Authenticating::begin(&alice.connection, init).await.map(|_| ());
    refused(outcome, InvalidArgument, "message_incomplete");
    let mut init = machine.authenticate_init("");
    init.device_data.as_mut().unwrap().os_login_user = "eve\u{202e}\u{7}".to_owned();
    let (stream, nonce) = Authenticating::begin_tpm(&alice.connection, init).await.unwrap();
    stream.finish_tpm(platform_parameters(machine.quote(&nonce))).await.unwrap();
    let collected = rig.device(&id).await.collected_data;
    assert!(collected.iter().any(|data| data.os_login_user == "eve"));
}

#[tokio::test]
async fn messages_out_of_order_are_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let answer = || {
        Payload::TpmChallengeResponse(devices::TpmAuthenticateDeviceChallengeResponse {
            platform_parameters: Some(platform_parameters(machine.quote(&[0; 32]))),
            ssh_signature: Vec::new(),
        })
    };
    let mut early = Authenticating::open(&alice.connection).await.unwrap();
    early.send(Some(answer())).await;
    refused(early.next().await, InvalidArgument, "message_incomplete");
    let mut empty = Authenticating::open(&alice.connection).await.unwrap();
    empty.send(None).await;
    refused(empty.next().await, InvalidArgument, "message_incomplete");
    let init = machine.authenticate_init("");
    let (twice, _) = Authenticating::begin(&alice.connection, init.clone()).await.unwrap();
    let outcome = twice.finish(Payload::Init(init.clone())).await;
    refused(outcome, InvalidArgument, "message_incomplete");
    let (mac, _) = Authenticating::begin(&alice.connection, init).await.unwrap();
    let outcome = mac.finish(Payload::ChallengeResponse(Default::default())).await;
    refused(outcome, InvalidArgument, "message_incomplete");
}

#[tokio::test]
async fn nobody_authenticates_a_device_without_a_session() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let stranger = rig.stranger().await;
    let outcome = Authenticating::begin(&stranger, machine.authenticate_init("")).await.map(|_| ());
    refused(outcome, Unauthenticated, "not_logged_in");
    let outcome = Authenticating::begin(&rig.admin, machine.authenticate_init("")).await.map(|_| ());
    refused(outcome, FailedPrecondition, "account_required");
}

#[tokio::test]
async fn authentication_records_are_capped_and_the_enrolments_stays() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    for _ in 0..12 {
        rig.clock.advance(1);
        machine.authenticate(&alice).await.unwrap();
    }
    assert_eq!(rig.device(&id).await.collected_data.len(), 11);
}

#[tokio::test]
async fn a_session_is_on_one_device_at_a_time() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (on_one, _, one) = rig.on_trusted_device(&alice, "PF000001").await;
    assert_eq!(on_one.who().await.unwrap().device_id, one);
    let (on_other, _, other) = rig.on_trusted_device(&alice, "PF000002").await;
    assert_eq!(on_other.who().await.unwrap().device_id, other);
    assert_eq!(on_one.who().await.unwrap().device_id, "");
}

#[tokio::test]
async fn nonces_never_repeat() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..200 {
        let init = machine.authenticate_init("");
        let (_, nonce) = Authenticating::begin_tpm(&alice.connection, init).await.unwrap();
        assert_eq!(nonce.len(), 32);
        assert!(nonce.iter().any(|byte| *byte != 0));
        assert!(seen.insert(nonce));
    }
}
