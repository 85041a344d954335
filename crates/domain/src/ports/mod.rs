//! What the rules need of the world.

mod ca;
pub mod ceremony_rows;
mod changes;
pub mod device_pages;
pub mod device_web;
mod environment;
pub mod evidence_rows;
mod issuers;
mod passkeys;
pub mod reviews;
mod secrets;
pub mod ship_ahead;
pub mod store;

pub use ca::{
    CaError, CertificateAuthority, CertificateRequest, DeviceExtensions, IssuedCertificates,
    SshCertificateFacts,
};
pub use changes::{Change, Changes, Heard};
pub use environment::{Clock, Random, id_bytes, uuid_v7};
pub use issuers::Issuers;
pub use passkeys::{ClaimedPasskey, MadePasskey, PasskeyChallenge, PasskeyFault, Passkeys, UsedPasskey};
pub use secrets::{SealError, Sealer};
pub use store::{Store, StoreError, UnitOfWork};
