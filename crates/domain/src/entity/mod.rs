//! What the store keeps: plain records, each with the rules that hold for it alone.

mod audit;
mod device;
mod enroll_token;
mod lock;
mod preference;
mod role;
mod sealed;
mod session;
mod user;

pub use audit::{AuditEvent, AuditFilter, DeviceMetadata, StoredEvent};
pub use device::{
    BoundCredential, CollectedRecord, Counters, Credential, Device, DeviceCursor, DeviceProfile,
    DeviceSource, Evidence, RecordKind,
};
pub use enroll_token::{
    CHALLENGE_SECS, EnrollToken, MAX_CHALLENGES, TokenCursor, TokenFilter, TokenPurpose, TokenState,
};
pub use lock::Lock;
pub(crate) use lock::target_text;
pub use preference::{PREFERENCE_KEYS, PreferenceKey, StoredValue};
pub use role::Role;
pub use sealed::{SealedSecret, SecretPurpose};
pub use session::{Session, SessionDevice, SessionKey, SessionKind, Standing};
pub use user::{LinkPurpose, Throttle, User, UserLink};

/// SHA-256 of a secret or a key; secrets are stored only so.
pub type Digest = [u8; 32];
