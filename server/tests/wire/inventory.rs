//! The inventory: one device per (os, tag), and tags that say something.

use gatehouse_model::OsType;
use gatehouse_proto::devicetrust as devices;
use tonic::Code::{AlreadyExists, InvalidArgument, NotFound, PermissionDenied};
use tonic::Status;

use crate::rig::{Rig, device, refused};

async fn create(rig: &Rig, device: devices::Device) -> Result<devices::Device, Status> {
    let request = devices::CreateDeviceRequest { device: Some(device), ..Default::default() };
    rig.admin.devices().create_device(request).await.map(tonic::Response::into_inner)
}

async fn count(rig: &Rig) -> usize {
    let request = devices::ListDevicesRequest::default();
    rig.admin.devices().list_devices(request).await.unwrap().into_inner().devices.len()
}

#[tokio::test]
async fn a_second_device_with_the_same_os_and_tag_is_refused() {
    let rig = Rig::start().await;
    let first = create(&rig, device(OsType::Linux, "PF000001")).await.unwrap();
    for tag in ["PF000001", "pf000001", " PF000001 "] {
        let outcome = create(&rig, device(OsType::Linux, tag)).await;
        let status = refused(outcome, AlreadyExists, "device_exists");
        assert!(status.message().ends_with("/Linux already exists"), "{}", status.message());
    }
    assert_eq!(count(&rig).await, 1);
    assert_eq!(rig.device(&first.id).await.asset_tag, "PF000001");
}

#[tokio::test]
async fn the_same_tag_under_another_os_is_another_device() {
    let rig = Rig::start().await;
    for os in [OsType::Linux, OsType::Windows, OsType::Macos] {
        create(&rig, device(os, "PF000001")).await.unwrap();
    }
    let request = devices::FindDevicesRequest { id_or_tag: "pf000001".to_owned() };
    let found = rig.admin.devices().find_devices(request).await.unwrap().into_inner().devices;
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn of_registrations_that_race_for_a_tag_one_succeeds() {
    let rig = Rig::start().await;
    let attempts = (0..8).map(|_| create(&rig, device(OsType::Linux, "PF000001")));
    let outcomes = futures::future::join_all(attempts).await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 7));
    for outcome in lost {
        refused(outcome, AlreadyExists, "device_exists");
    }
    assert_eq!(count(&rig).await, 1);
    assert_eq!(rig.events("device.create").await.len(), 1);
}

#[tokio::test]
async fn an_empty_or_rubbish_tag_is_refused() {
    let rig = Rig::start().await;
    let long = "x".repeat(129);
    let rubbish =
        ["", " ", "None", "To Be Filled By O.E.M.", "Default string", "0", "XXXXXXXX", "aaaaaa", &long];
    for tag in rubbish {
        let outcome = create(&rig, device(OsType::Linux, tag)).await;
        refused(outcome, InvalidArgument, "invalid_asset_tag");
    }
    assert_eq!(count(&rig).await, 0);
}

#[tokio::test]
async fn a_tag_with_control_or_bidi_characters_is_refused() {
    let rig = Rig::start().await;
    for tag in ["PF\u{1b}[2J01", "PF\u{202e}10", "PF\u{0}01", "PF\n01", "P\u{200b}F01"] {
        let outcome = create(&rig, device(OsType::Linux, tag)).await;
        let status = refused(outcome, InvalidArgument, "invalid_asset_tag");
        assert!(!status.message().chars().any(gatehouse_model::is_unprintable), "{:?}", status.message());
    }
    assert_eq!(count(&rig).await, 0);
}

#[tokio::test]
async fn an_unknown_os_is_refused() {
    let rig = Rig::start().await;
    for os_type in [0, 4, 5, 77, -3] {
        let unknown = devices::Device { os_type, ..device(OsType::Linux, "PF000001") };
        refused(create(&rig, unknown).await, InvalidArgument, "message_malformed");
    }
    let request = devices::CreateDeviceRequest::default();
    let outcome = rig.admin.devices().create_device(request).await;
    refused(outcome, InvalidArgument, "message_incomplete");
    assert_eq!(count(&rig).await, 0);
}

#[tokio::test]
async fn a_list_that_is_applied_once_more_takes_no_device_from_its_owner() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let bob = rig.person("bob", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let upsert = async |owner: &str| {
        let spec = devices::Device { owner: owner.to_owned(), ..device(OsType::Linux, "PF000001") };
        let request = devices::UpsertDeviceRequest { device: Some(spec), create_as_resource: true };
        rig.admin.devices().upsert_device(request).await.unwrap().into_inner().owner
    };
    assert_eq!(upsert("").await, "alice");
    machine.authenticate(&alice).await.unwrap();
    // Named, the owner changes as it always did.
    assert_eq!(upsert("bob").await, "bob");
    refused(machine.authenticate(&alice).await, NotFound, "device_not_enrolled");
    machine.authenticate(&bob).await.unwrap();
    // Nobody has a device that is not enrolled but by the list.
    rig.unenrol(&id).await;
    assert_eq!(upsert("bob").await, "bob");
    assert_eq!(upsert("").await, "");
}

#[tokio::test]
async fn nobody_writes_a_device_into_being_enrolled() {
    let rig = Rig::start().await;
    let enrolled = devices::Device {
        enroll_status: devices::DeviceEnrollStatus::Enrolled as i32,
        owner: String::new(),
        credential: Some(devices::DeviceCredential { id: "forged".to_owned(), ..Default::default() }),
        ..device(OsType::Linux, "PF000001")
    };
    let request = devices::CreateDeviceRequest {
        device: Some(enrolled.clone()),
        create_as_resource: true,
        ..Default::default()
    };
    let outcome = rig.admin.devices().create_device(request).await;
    refused(outcome, InvalidArgument, "invalid_enroll_status");
    let created = create(&rig, device(OsType::Linux, "PF000001")).await.unwrap();
    let update = devices::UpdateDeviceRequest {
        device: Some(devices::Device { id: created.id.clone(), ..enrolled.clone() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["enroll_status".to_owned()] }),
    };
    refused(rig.admin.devices().update_device(update).await, InvalidArgument, "invalid_enroll_status");
    let upsert = devices::UpsertDeviceRequest {
        device: Some(devices::Device { id: created.id.clone(), ..enrolled }),
        create_as_resource: true,
    };
    refused(rig.admin.devices().upsert_device(upsert).await, InvalidArgument, "invalid_enroll_status");
    rig.assert_untouched(&created.id).await;
}

#[tokio::test]
async fn a_field_that_only_the_server_sets_cannot_be_changed() {
    let rig = Rig::start().await;
    let created = create(&rig, device(OsType::Linux, "PF000001")).await.unwrap();
    for path in ["id", "os_type", "asset_tag", "credential", "collected_data", "create_time", "\u{1b}x"] {
        let request = devices::UpdateDeviceRequest {
            device: Some(devices::Device { id: created.id.clone(), ..device(OsType::Windows, "PF000002") }),
            update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
        };
        let outcome = rig.admin.devices().update_device(request).await;
        refused(outcome, InvalidArgument, "field_immutable");
    }
    assert_eq!(rig.device(&created.id).await.asset_tag, "PF000001");
}

#[tokio::test]
async fn a_bulk_registration_answers_each_in_its_place() {
    let rig = Rig::start().await;
    let request = devices::BulkCreateDevicesRequest {
        devices: vec![
            device(OsType::Linux, "PF000001"),
            device(OsType::Linux, "none"),
            device(OsType::Linux, "pf000001"),
            device(OsType::Windows, "PF000001"),
        ],
        create_as_resource: false,
    };
    let answers = rig.admin.devices().bulk_create_devices(request).await.unwrap().into_inner().devices;
    let codes: Vec<i32> =
        answers.iter().map(|answer| answer.status.as_ref().map_or(0, |status| status.code)).collect();
    assert_eq!(codes, [0, InvalidArgument as i32, AlreadyExists as i32, 0]);
    assert!(!answers[0].id.is_empty() && answers[1].id.is_empty());
    assert_eq!(count(&rig).await, 2);
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    let rig = Rig::start().await;
    let id = "8a1f3c52-6a3e-4d0b-9c51-9f2f30ea1b0c".to_owned();
    let mut client = rig.admin.devices();
    let get = client.get_device(devices::GetDeviceRequest { device_id: id.clone() }).await;
    refused(get, NotFound, "device_not_found");
    let delete = client.delete_device(devices::DeleteDeviceRequest { device_id: id.clone() }).await;
    refused(delete, NotFound, "device_not_found");
    let token = devices::CreateDeviceEnrollTokenRequest { device_id: id, ..Default::default() };
    refused(client.create_device_enroll_token(token).await, NotFound, "device_not_found");
    let page = devices::ListDevicesRequest { page_token: "rubbish".to_owned(), ..Default::default() };
    refused(client.list_devices(page).await, InvalidArgument, "page_token_invalid");
}

#[tokio::test]
async fn listings_go_on_page_by_page() {
    let rig = Rig::start().await;
    for number in 0..5 {
        create(&rig, device(OsType::Linux, &format!("PF00000{number}"))).await.unwrap();
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = devices::ListDevicesRequest { page_size: 2, page_token, ..Default::default() };
        let page = rig.admin.devices().list_devices(request).await.unwrap().into_inner();
        seen.extend(page.devices.into_iter().map(|device| device.asset_tag));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["PF000000", "PF000001", "PF000002", "PF000003", "PF000004"]);
}

#[tokio::test]
async fn each_call_needs_a_role_that_allows_it() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    let mut client = alice.connection.devices();
    let create = devices::CreateDeviceRequest {
        device: Some(device(OsType::Linux, "PF000002")),
        ..Default::default()
    };
    let status = refused(client.create_device(create).await, PermissionDenied, "not_allowed");
    assert_eq!(status.message(), "access denied: none of your roles allows \"create\" on \"device\"");
    refused(alice.list_devices().await, PermissionDenied, "not_allowed");
    let get = devices::GetDeviceRequest { device_id: id.clone() };
    refused(client.get_device(get).await, PermissionDenied, "not_allowed");
    let delete = devices::DeleteDeviceRequest { device_id: id.clone() };
    refused(client.delete_device(delete).await, PermissionDenied, "not_allowed");
    let update = devices::UpdateDeviceRequest::default();
    refused(client.update_device(update).await, PermissionDenied, "not_allowed");
    let upsert = devices::UpsertDeviceRequest::default();
    refused(client.upsert_device(upsert).await, PermissionDenied, "not_allowed");
    let bulk = devices::BulkCreateDevicesRequest::default();
    refused(client.bulk_create_devices(bulk).await, PermissionDenied, "not_allowed");
    let find = devices::FindDevicesRequest { id_or_tag: id.clone() };
    refused(client.find_devices(find).await, PermissionDenied, "not_allowed");
    let token = devices::CreateDeviceEnrollTokenRequest { device_id: id, ..Default::default() };
    refused(client.create_device_enroll_token(token).await, PermissionDenied, "not_allowed");
    assert_eq!(count(&rig).await, 1);
}
