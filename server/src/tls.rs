//! TLS: the server's certificate, and one configuration for browsers and one for gRPC.

mod certificate;
mod certificate_error;
mod self_made;
mod server_configs;
#[cfg(test)]
mod tests;

pub use certificate::ServerCertificate;
pub use certificate_error::CertificateError;
pub use server_configs::{Channel, ServerConfigs};
