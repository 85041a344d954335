//! The wire of Gatehouse: the device-trust contract and the services of our own.
//!
//! The code below [`gen`] is generated from the `.proto` files beside it and committed, so that a build needs no
//! protobuf compiler; `tests/generated.rs` fails when the two differ.

pub mod convert;
mod redacted;

// Generated code names other packages by relative paths, so the modules nest as the packages do.
#[allow(clippy::all, clippy::pedantic, missing_docs)]
#[doc(hidden)]
pub mod google {
    pub mod rpc {
        include!("gen/google.rpc.rs");
    }
}
#[allow(clippy::all, clippy::pedantic, missing_docs)]
#[doc(hidden)]
pub mod teleport {
    pub mod devicetrust {
        pub mod public {
            pub mod v1 {
                include!("gen/teleport.devicetrust.public.v1.rs");
            }
        }
        pub mod v1 {
            include!("gen/teleport.devicetrust.v1.rs");
        }
    }
}
/// `gatehouse.v1`: accounts, resources, sessions, audit.
#[allow(clippy::all, clippy::pedantic, missing_docs)]
pub mod gatehouse {
    pub mod v1 {
        include!("gen/gatehouse.v1.rs");
    }
}

pub use google::rpc;
/// `teleport.devicetrust.public.v1`: authentication of devices for callers without a certificate.
pub use teleport::devicetrust::public::v1 as devicetrust_public;
/// `teleport.devicetrust.v1`: the inventory and the ceremonies.
pub use teleport::devicetrust::v1 as devicetrust;

/// The encoded `FileDescriptorSet` of every service, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptors.bin");

/// Largest message that either side accepts, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
