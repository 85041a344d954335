use zeroize::Zeroizing;

use crate::entity::{Digest, SealedSecret, SecretPurpose};

/// A secret could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("sealed with key {found}, but the key file holds {expected}")]
    OtherKey { expected: String, found: String },
    #[error("the sealed secret is damaged or belongs elsewhere")]
    Corrupt,
}

/// Seals secrets under the key file; the seal is bound to purpose, row and key id.
pub trait Sealer: Send + Sync {
    /// Seals `secret`; `public` is kept beside it in the clear.
    fn seal(&self, purpose: SecretPurpose, row: &str, secret: &[u8], public: &[u8]) -> SealedSecret;

    /// Opens what [`Sealer::seal`] made.
    ///
    /// # Errors
    /// Another key, or damaged or displaced data.
    fn open(&self, sealed: &SealedSecret) -> Result<Zeroizing<Vec<u8>>, SealError>;

    /// A checksum under a key of its own that comes of the key file (HMAC-SHA-256, RFC 2104): by it, what this cluster
    /// gave out is known again, on each of its servers. The message says what it is for.
    fn checksum(&self, message: &[u8]) -> Digest;
}
