//! What later versions bring answers so, and nothing else does.

use gatehouse_proto::devicetrust as devices;
use tonic::Code::Unimplemented;

use crate::rig::Rig;

#[tokio::test]
async fn inventory_sync_is_unimplemented() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    for connection in [&alice.connection, &rig.admin] {
        let status = connection.devices().sync_inventory(tokio_stream::empty()).await.unwrap_err();
        assert_eq!(status.code(), Unimplemented);
        assert!(!status.message().is_empty());
    }
}

#[tokio::test]
async fn every_other_method_of_the_contract_is_there() {
    let rig = Rig::start().await;
    let mut client = rig.admin.devices();
    let mut codes = Vec::new();
    codes.push(client.create_device(devices::CreateDeviceRequest::default()).await.err());
    codes.push(client.update_device(devices::UpdateDeviceRequest::default()).await.err());
    codes.push(client.upsert_device(devices::UpsertDeviceRequest::default()).await.err());
    codes.push(client.delete_device(devices::DeleteDeviceRequest::default()).await.err());
    codes.push(client.find_devices(devices::FindDevicesRequest::default()).await.err());
    codes.push(client.get_device(devices::GetDeviceRequest::default()).await.err());
    codes.push(client.list_devices(devices::ListDevicesRequest::default()).await.err());
    codes.push(client.list_devices_by_user(devices::ListDevicesByUserRequest::default()).await.err());
    codes.push(client.bulk_create_devices(devices::BulkCreateDevicesRequest::default()).await.err());
    let token = devices::CreateDeviceEnrollTokenRequest::default();
    codes.push(client.create_device_enroll_token(token).await.err());
    let mut stream = client.enroll_device(tokio_stream::empty()).await.unwrap().into_inner();
    codes.push(stream.message().await.err());
    let mut stream = client.authenticate_device(tokio_stream::empty()).await.unwrap().into_inner();
    codes.push(stream.message().await.err());
    for status in codes.into_iter().flatten() {
        assert_ne!(status.code(), Unimplemented);
        assert_ne!(status.code(), tonic::Code::Internal, "{}", status.message());
    }
}
