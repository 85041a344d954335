//! What the rules need of the world.

mod ca;
pub mod ceremony_rows;
mod environment;
mod secrets;
pub mod store;

pub use ca::{
    CaError, CertificateAuthority, CertificateRequest, DeviceExtensions, IssuedCertificates,
    SshCertificateFacts,
};
pub use environment::{Clock, Random, uuid_v4};
pub use secrets::{SealError, Sealer};
pub use store::{Store, StoreError, UnitOfWork};
