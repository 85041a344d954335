//! What the store keeps: plain records, each with the rules that hold for it alone.

mod ahead;
mod audit;
mod boot;
mod cli_login;
mod device;
mod device_ek;
mod device_web;
mod enroll_token;
mod evidence_basis;
mod import;
mod listing;
mod lock;
mod passkey;
mod preference;
mod review;
mod revision;
mod role;
mod sealed;
mod session;
mod ship_ahead;
mod user;

pub(crate) use ahead::begun_ahead;
pub use audit::{AuditEvent, AuditFilter, DeviceMetadata, EventPage, StoredEvent};
pub use cli_login::{CliApproval, CliDecision, CliDelivery, CliLogin, CliMachine};

pub use boot::BootRecord;
pub use device::{
    BoundCredential, CollectedRecord, Counters, Credential, Device, DeviceCursor, DeviceProfile,
    DeviceSource, Evidence, RecordKind,
};
pub use device_ek::{DeviceEk, EkJudgement, EkOfDevice, EkVerdictCode};
pub use device_web::{DeviceWebAttempt, DeviceWebProof, RemoteBrowser};
pub use enroll_token::{
    CHALLENGE_SECS, EnrollToken, MAX_CHALLENGES, TokenCursor, TokenFilter, TokenPurpose, TokenState,
};
pub use evidence_basis::{EvidenceBasis, EvidenceRules};
pub use import::{
    DeviceImport, IMPORT_CHUNK, ImportChunk, ImportContents, ImportLine, ImportProgress, ImportState,
    LineVerdict,
};
pub use listing::{
    Cell, DailyCount, ListCount, ListFilter, ListOrder, ListPart, ListPlace, ListRequest, ListedDevice,
    MAX_SEARCH_WORDS, STALE_SECS, SortKeys,
};
pub use lock::Lock;
pub(crate) use lock::target_text;
pub use passkey::{CeremonyPurpose, Passkey, PasskeyCeremony, PasskeyUse, PendingSignIn};
pub use preference::{PREFERENCE_KEYS, PreferenceKey, StoredValue};
pub use review::{
    ACCEPTED_IN_REVIEW, EkFinding, REVIEW_DAYS, Review, ReviewCursor, ReviewDecision, ReviewReason,
    ReviewState, UnknownCaDetails,
};
pub use role::Role;
pub use sealed::{SealedSecret, SecretPurpose};
pub use session::{Session, SessionDevice, SessionKey, SessionKind, Standing, WEB_IDLE_SECS};
pub use ship_ahead::{AnnouncedTpm, ShipAhead, ShipAheadCursor, ShipAheadUse};
pub use user::{DeviceScope, LinkPurpose, Throttle, User, UserGlance, UserLink};

/// SHA-256 of a secret or a key; secrets are stored only so.
pub type Digest = [u8; 32];
