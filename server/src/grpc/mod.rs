//! The gRPC edge: makes a principal of whoever calls, reads the message, calls one method of the domain, and turns
//! the answer or the failure into the wire's form. No rule stands here.

mod account_services;
mod admin_services;
mod caller;
mod ceremonies;
mod device_evidence;
mod device_trust;
mod device_web;
mod device_wire;
mod documents;
mod ek_services;
mod gate;
mod paging;
mod refusals;
mod resource_service;
mod ship_ahead;
mod status;
mod unread;

use std::sync::Arc;

use gatehouse_domain::Services;
use gatehouse_model::Timestamp;
use gatehouse_proto::MAX_MESSAGE_BYTES;
use gatehouse_proto::devicetrust::device_trust_service_server::DeviceTrustServiceServer;
use gatehouse_proto::devicetrust_public::device_trust_service_server::DeviceTrustServiceServer as PublicDeviceTrustServiceServer;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::service::Routes;
use wire::account_service_server::AccountServiceServer;
use wire::audit_service_server::AuditServiceServer;
use wire::auth_service_server::AuthServiceServer;
use wire::device_admin_service_server::DeviceAdminServiceServer;
use wire::device_evidence_service_server::DeviceEvidenceServiceServer;
use wire::device_web_service_server::DeviceWebServiceServer;
use wire::ek_ca_service_server::EkCaServiceServer;
use wire::resource_service_server::ResourceServiceServer;
use wire::review_service_server::ReviewServiceServer;
use wire::session_service_server::SessionServiceServer;
use wire::ship_ahead_service_server::ShipAheadServiceServer;
use wire::status_service_server::StatusServiceServer;
use wire::user_service_server::UserServiceServer;

pub use ceremonies::StreamLimits;
pub(crate) use documents::shadow_warning;

/// What every gRPC service works with.
#[derive(Clone)]
pub struct Gateway {
    pub services: Arc<Services>,
    pub facts: Arc<ServerFacts>,
    pub limits: StreamLimits,
}

/// What the server knows of itself.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// `host:port` that clients should name.
    pub public_address: String,
    pub started: Timestamp,
    /// `sha256:` and the hex of the certificate's key.
    pub tls_pin: String,
    pub tls_not_after: Timestamp,
    /// SHA-256 of the X.509 user CA's certificate, hex.
    pub x509_user_ca_fingerprint: String,
}

impl ServerFacts {
    /// A page of the console.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.public_address)
    }
}

/// The version that is reported.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

macro_rules! capped {
    ($($server:ident of $gateway:expr),+ $(,)?) => {{
        let mut routes = Routes::default();
        $(
            routes = routes.add_service(
                $server::new($gateway.clone())
                    .max_decoding_message_size(MAX_MESSAGE_BYTES)
                    .max_encoding_message_size(MAX_MESSAGE_BYTES),
            );
        )+
        routes
    }};
}

/// Every service, with health and reflection.
///
/// # Errors
/// The committed descriptors are damaged.
pub async fn router(gateway: &Gateway) -> Result<axum::Router, tonic_reflection::server::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<DeviceTrustServiceServer<Gateway>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(gatehouse_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let routes = capped!(
        DeviceTrustServiceServer of gateway,
        PublicDeviceTrustServiceServer of gateway,
        DeviceWebServiceServer of gateway,
        AuthServiceServer of gateway,
        AccountServiceServer of gateway,
        ResourceServiceServer of gateway,
        UserServiceServer of gateway,
        DeviceAdminServiceServer of gateway,
        DeviceEvidenceServiceServer of gateway,
        ReviewServiceServer of gateway,
        EkCaServiceServer of gateway,
        ShipAheadServiceServer of gateway,
        SessionServiceServer of gateway,
        AuditServiceServer of gateway,
        StatusServiceServer of gateway,
    );
    let routes = routes.add_service(health_service).add_service(reflection);
    Ok(routes
        .into_axum_router()
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&gateway.services), gate::layer)))
}
