//! What tools ask a gRPC server: health and reflection.

use gatehouse_proto::devicetrust as devices;
use tonic::Code::Unimplemented;
use tonic::codegen::http::uri::PathAndQuery;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::rig::Rig;

const SERVICE: &str = "teleport.devicetrust.v1.DeviceTrustService";

#[tokio::test]
async fn health_is_told_to_everybody() {
    let rig = Rig::start().await;
    for service in ["", SERVICE] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let health = rig.stranger().await.health().check(request).await.unwrap().into_inner();
        assert_eq!(health.status(), ServingStatus::Serving);
    }
}

#[tokio::test]
async fn reflection_lists_the_services() {
    let rig = Rig::start().await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = rig.stranger().await.reflection();
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else { panic!("no list: {answer:?}") };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in [SERVICE, "gatehouse.v1.AuthService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
}

#[tokio::test]
async fn the_pairing_calls_of_phones_are_not_there() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let mut client = tonic::client::Grpc::new(alice.connection.channel());
    for method in ["CreateEnrollPairing", "ApproveEnrollPairing", "GetDevicesUsage"] {
        client.ready().await.unwrap();
        let path = PathAndQuery::try_from(format!("/{SERVICE}/{method}")).unwrap();
        let codec = tonic_prost::ProstCodec::<devices::GetDeviceRequest, devices::Device>::default();
        let request = tonic::Request::new(devices::GetDeviceRequest::default());
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), Unimplemented);
    }
}
