//! `tsh device enroll --current-device` under `required`: the first device of an admin.

use gatehouse_model::{DeviceTrustMode, OsType, SecondFactor};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::Code::{FailedPrecondition, InvalidArgument, PermissionDenied};
use tonic::Status;
use totp_rs::TOTP;

use crate::rig::{Machine, PASSWORD, Person, Rig, device, hint_of, mode, refused};

async fn case() -> (Rig, Person) {
    let rig = Rig::with(mode(DeviceTrustMode::Required)).await;
    let alice = rig.person("alice", &["device-admin"]).await;
    (rig, alice)
}

async fn find(person: &Person, tag: &str) -> Result<Vec<devices::Device>, Status> {
    let request = devices::FindDevicesRequest { id_or_tag: tag.to_owned() };
    Ok(person.connection.devices().find_devices(request).await?.into_inner().devices)
}

async fn register(person: &Person, tag: &str) -> Result<String, Status> {
    let request = devices::CreateDeviceRequest {
        device: Some(device(OsType::Linux, tag)),
        create_enroll_token: true,
        ..Default::default()
    };
    let created = person.connection.devices().create_device(request).await?.into_inner();
    Ok(created.enroll_token.unwrap().token)
}

#[tokio::test]
async fn an_admin_registers_and_enrols_the_first_device_with_a_fresh_factor() {
    let (rig, alice) = case().await;
    assert!(find(&alice, "PF000001").await.unwrap().is_empty());
    let token = register(&alice, "PF000001").await.unwrap();
    let machine = Machine::new("PF000001");
    machine.enrol(&alice.connection, &token).await.unwrap();
    let certificates = machine.authenticate(&alice).await.unwrap();
    let trusted = rig.trusted(&alice, certificates).await;
    assert_eq!(trusted.list_devices().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_device_that_is_registered_already_gets_a_token() {
    let (rig, alice) = case().await;
    let (id, _) = rig.register_linux("PF000001").await;
    assert_eq!(find(&alice, "PF000001").await.unwrap()[0].id, id);
    let request = devices::CreateDeviceEnrollTokenRequest { device_id: id, ..Default::default() };
    let token = alice.connection.devices().create_device_enroll_token(request).await.unwrap();
    Machine::new("PF000001").enrol(&alice.connection, &token.into_inner().token).await.unwrap();
}

#[tokio::test]
async fn a_factor_of_more_than_five_minutes_must_be_confirmed() {
    let (rig, alice) = case().await;
    rig.clock.advance(299);
    register(&alice, "PF000001").await.unwrap();
    rig.clock.advance(1);
    let outcome = register(&alice, "PF000002").await;
    let status = refused(outcome, FailedPrecondition, "second_factor_required");
    assert!(hint_of(&status).contains("within 5 minutes"));
    refused(find(&alice, "PF000001").await, FailedPrecondition, "second_factor_required");

    let confirm = |password: &str| wire::ConfirmSecondFactorRequest {
        password: password.to_owned(),
        ..Default::default()
    };
    let wrong = alice.connection.account().confirm_second_factor(confirm("wrong")).await;
    refused(wrong, InvalidArgument, "wrong_password");
    refused(register(&alice, "PF000002").await, FailedPrecondition, "second_factor_required");
    alice.connection.account().confirm_second_factor(confirm(PASSWORD)).await.unwrap();
    register(&alice, "PF000002").await.unwrap();
    let events = rig.events("user.second_factor").await;
    assert_eq!((&events[0]["success"], &events[1]["success"]), (&true.into(), &false.into()));
}

#[tokio::test]
async fn with_one_time_codes_the_confirmation_takes_a_fresh_code() {
    let mut preference = mode(DeviceTrustMode::Required);
    preference.second_factor = Some(SecondFactor::Otp);
    let rig = Rig::with(preference).await;
    let token = rig.invite("alice", &["device-admin"]).await;
    let stranger = rig.stranger().await;
    let begin = wire::BeginSignupRequest { token: token.clone() };
    let begun = stranger.auth().begin_signup(begin).await.unwrap().into_inner();
    let totp = TOTP::from_url(&begun.otpauth_url).unwrap();
    let code = || totp.generate(u64::try_from(rig.now().secs()).unwrap());
    let finish = wire::FinishSignupRequest {
        token,
        password: PASSWORD.to_owned(),
        otp_code: code(),
        user: String::new(),
    };
    stranger.auth().finish_signup(finish).await.unwrap();
    rig.clock.advance(30);
    let used = code();
    let alice = rig.login("alice", &used).await.unwrap();
    rig.clock.advance(300);
    refused(register(&alice, "PF000001").await, FailedPrecondition, "second_factor_required");
    let confirm = |otp_code: String, password: &str| wire::ConfirmSecondFactorRequest {
        otp_code,
        password: password.to_owned(),
    };
    // Neither the password nor the code of the login will do.
    for (otp_code, password) in [(String::new(), PASSWORD), (used, "")] {
        let outcome = alice.connection.account().confirm_second_factor(confirm(otp_code, password)).await;
        refused(outcome, InvalidArgument, "wrong_code");
    }
    alice.connection.account().confirm_second_factor(confirm(code(), "")).await.unwrap();
    register(&alice, "PF000001").await.unwrap();
}

#[tokio::test]
async fn confirming_is_throttled() {
    let (_rig, alice) = case().await;
    let wrong = || wire::ConfirmSecondFactorRequest { password: "wrong".to_owned(), ..Default::default() };
    for _ in 0..5 {
        let outcome = alice.connection.account().confirm_second_factor(wrong()).await;
        refused(outcome, InvalidArgument, "wrong_password");
    }
    let outcome = alice.connection.account().confirm_second_factor(wrong()).await;
    refused(outcome, tonic::Code::ResourceExhausted, "too_many_attempts");
}

#[tokio::test]
async fn a_user_with_an_enrolled_device_goes_there_instead() {
    let (rig, alice) = case().await;
    rig.enrolled(&alice, "PF000001").await;
    let outcome = register(&alice, "PF000002").await;
    refused(outcome, PermissionDenied, "trusted_device_required");
    refused(find(&alice, "PF000001").await, PermissionDenied, "trusted_device_required");
}

#[tokio::test]
async fn without_the_role_a_fresh_factor_does_not_help() {
    let (rig, _) = case().await;
    let bob = rig.person("bob", &["access"]).await;
    refused(register(&bob, "PF000001").await, PermissionDenied, "not_allowed");
}

#[tokio::test]
async fn a_fresh_factor_opens_nothing_else() {
    let (rig, alice) = case().await;
    let (id, _) = rig.register_linux("PF000001").await;
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    let mut client = alice.connection.devices();
    let get = devices::GetDeviceRequest { device_id: id.clone() };
    refused(client.get_device(get).await, PermissionDenied, "trusted_device_required");
    let delete = devices::DeleteDeviceRequest { device_id: id.clone() };
    refused(client.delete_device(delete).await, PermissionDenied, "trusted_device_required");
    let update = devices::UpdateDeviceRequest {
        device: Some(devices::Device { id, ..Default::default() }),
        update_mask: None,
    };
    refused(client.update_device(update).await, PermissionDenied, "trusted_device_required");
    let upsert = devices::UpsertDeviceRequest {
        device: Some(device(OsType::Linux, "PF000001")),
        create_as_resource: false,
    };
    refused(client.upsert_device(upsert).await, PermissionDenied, "trusted_device_required");
}

#[tokio::test]
async fn many_devices_at_once_are_no_self_enrolment() {
    let (rig, alice) = case().await;
    let request = devices::BulkCreateDevicesRequest {
        devices: (0..50).map(|number| device(OsType::Linux, &format!("PF1000{number:02}"))).collect(),
        create_as_resource: false,
    };
    let outcome = alice.connection.devices().bulk_create_devices(request).await;
    refused(outcome, PermissionDenied, "trusted_device_required");
    let listed = rig.admin.devices().list_devices(devices::ListDevicesRequest::default()).await.unwrap();
    assert!(listed.into_inner().devices.is_empty());
}
