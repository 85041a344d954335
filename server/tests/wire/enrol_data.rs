//! Collected data: claims that must fit the device, and texts that must not reach a terminal.

use gatehouse_model::OsType;
use gatehouse_proto::devicetrust as wire;
use tonic::Code::InvalidArgument;
use tonic::Status;

use crate::rig::{Enrolling, Machine, Person, Rig, hint_of, refused};

struct Case {
    rig: Rig,
    alice: Person,
    id: String,
    token: String,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    Case { rig, alice, id, token }
}

impl Case {
    /// A first message with changed data; it must be refused.
    async fn refuse(&self, change: impl FnOnce(&mut wire::DeviceCollectedData), code: &str) -> Status {
        let mut init = Machine::new("PF000001").init(&self.token);
        change(init.device_data.as_mut().unwrap());
        let outcome = Enrolling::begin(&self.alice.connection, init).await.map(|_| ());
        let status = refused(outcome, InvalidArgument, code);
        self.rig.assert_untouched(&self.id).await;
        assert_eq!(self.rig.tokens(&self.id).await[0].attempts, 0);
        status
    }
}

#[tokio::test]
async fn another_os_than_the_registered_is_refused() {
    let case = case().await;
    case.refuse(|data| data.os_type = OsType::Windows.number(), "os_mismatch").await;
}

#[tokio::test]
async fn another_serial_number_than_the_tag_is_refused() {
    let case = case().await;
    let status = case.refuse(|data| data.serial_number = "PF000002".to_owned(), "serial_mismatch").await;
    assert!(hint_of(&status).contains("tsh device asset-tag"));
}

#[tokio::test]
async fn an_unknown_os_is_refused() {
    let case = case().await;
    for unknown in [0, 4, 5, 99, -1] {
        case.refuse(|data| data.os_type = unknown, "message_malformed").await;
    }
}

#[tokio::test]
async fn data_that_already_carries_a_server_set_attestation_is_refused() {
    let case = case().await;
    let status = case
        .refuse(
            |data| data.tpm_platform_attestation = Some(wire::TpmPlatformAttestation::default()),
            "message_malformed",
        )
        .await;
    assert!(status.message().contains("set by the server"), "{}", status.message());
}

#[tokio::test]
async fn an_os_username_of_more_than_40_characters_is_refused() {
    let case = case().await;
    case.refuse(|data| data.os_username = "ü".repeat(41), "message_malformed").await;
    let machine = Machine::new("PF000001");
    let mut init = machine.init(&case.token);
    init.device_data.as_mut().unwrap().os_username = "ü".repeat(40);
    let (stream, challenge) = Enrolling::begin_tpm(&case.alice.connection, init).await.unwrap();
    stream.finish_tpm(machine.solve(&challenge)).await.unwrap();
    let device = case.rig.device(&case.id).await;
    assert_eq!(device.collected_data[0].os_username, "ü".repeat(40));
}

#[tokio::test]
async fn data_without_time_or_serial_number_is_refused() {
    let case = case().await;
    case.refuse(|data| data.collect_time = None, "message_malformed").await;
    case.refuse(|data| data.serial_number.clear(), "message_malformed").await;
    case.refuse(|data| data.serial_number = "\u{200b}\u{7}".to_owned(), "message_malformed").await;
    let year_10000 = prost_types::Timestamp { seconds: 253_402_300_800, nanos: 0 };
    case.refuse(move |data| data.collect_time = Some(year_10000), "message_malformed").await;
}

#[tokio::test]
async fn overlong_texts_are_refused() {
    let case = case().await;
    case.refuse(|data| data.model_identifier = "m".repeat(5000), "message_malformed").await;
    case.refuse(|data| data.serial_number = "P".repeat(5000), "message_malformed").await;
}

#[tokio::test]
async fn control_and_bidi_characters_in_names_do_not_come_back() {
    let case = case().await;
    let machine = Machine::new("PF000001");
    let mut init = machine.init(&case.token);
    let evil = |text: &str| format!("{text}\u{202e}\u{1b}[2J\r\n\u{0}\u{2066}");
    let data = init.device_data.as_mut().unwrap();
    data.os_username = evil("alice");
    data.os_login_user = evil("alice");
    data.model_identifier = evil("ThinkPad");
    data.os_id = evil("debian");
    data.os_version = evil("13");
    data.os_build = evil("b");
    data.reported_asset_tag = evil("tag");
    data.system_serial_number = evil("serial");
    data.base_board_serial_number = evil("board");
    data.jamf_binary_version = evil("1");
    data.macos_enrollment_profiles = format!("one\n{}", evil("two"));
    let (stream, challenge) = Enrolling::begin_tpm(&case.alice.connection, init).await.unwrap();
    stream.finish_tpm(machine.solve(&challenge)).await.unwrap();
    let data = case.rig.device(&case.id).await.collected_data.remove(0);
    assert_eq!(data.os_username, "alice[2J");
    assert_eq!(data.model_identifier, "ThinkPad[2J");
    let texts = [
        &data.os_username,
        &data.os_login_user,
        &data.model_identifier,
        &data.os_id,
        &data.os_version,
        &data.os_build,
        &data.reported_asset_tag,
        &data.system_serial_number,
        &data.base_board_serial_number,
        &data.jamf_binary_version,
        &data.macos_enrollment_profiles,
    ];
    for text in texts {
        assert!(text.chars().all(|c| c == '\n' || !gatehouse_model::is_unprintable(c)), "{text:?}");
    }
}

#[tokio::test]
async fn a_credential_id_that_is_not_the_keys_is_refused() {
    let case = case().await;
    for id in ["", "other", "\u{1b}[2J"] {
        let mut init = Machine::new("PF000001").init(&case.token);
        init.credential_id = id.to_owned();
        let status = Enrolling::begin(&case.alice.connection, init).await.map(|_| ()).unwrap_err();
        assert_eq!(status.code(), InvalidArgument);
    }
    case.rig.assert_untouched(&case.id).await;
}
