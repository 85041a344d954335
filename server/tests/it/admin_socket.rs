use std::os::unix::fs::PermissionsExt as _;

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::client::request;
use crate::harness::start;

#[tokio::test]
async fn the_socket_is_the_admins_alone_and_speaks_grpc() {
    let server = start().await;
    let path = server.folder.path().join("data/admin.sock");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let stream = UnixStream::connect(&path).await.unwrap();
    let (_, body) = request(stream, true, "/probe").await.unwrap();
    assert_eq!(body, "grpc router, admin-socket channel, nobody");

    let channel = Endpoint::from_static("http://localhost")
        .connect_with_connector(tower::service_fn(move |_| {
            let path = path.clone();
            async move { UnixStream::connect(path).await.map(TokioIo::new) }
        }))
        .await
        .unwrap();
    let request = HealthCheckRequest { service: String::new() };
    let health = HealthClient::new(channel).check(request).await.unwrap();
    assert_eq!(health.get_ref().status(), ServingStatus::Serving);
    assert!(health.metadata().get("x-request-id").is_some());
}

#[tokio::test]
async fn http_1_is_not_spoken_on_the_socket() {
    let server = start().await;
    let stream = UnixStream::connect(server.folder.path().join("data/admin.sock")).await.unwrap();
    request(stream, false, "/probe").await.unwrap_err();
}
