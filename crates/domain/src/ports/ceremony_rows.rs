//! What is asked together at every call and in every ceremony.
//!
//! Each method here is one question where others would take several: the way to a database and back costs more than
//! most answers.

use async_trait::async_trait;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{OsType, Timestamp};

use super::store::Stored;
use crate::entity::{
    BoundCredential, Credential, Device, Digest, EnrollToken, Lock, SessionDevice, SessionKey, Standing,
    StoredValue,
};

/// Who calls, as far as storage knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerRecord {
    pub standing: Standing,
    /// The target of a lock in force on the session's user, on one of the user's roles or on the device.
    pub lock: Option<LockTarget>,
    /// The dynamic value of [`crate::entity::PreferenceKey::Mode`], JSON.
    pub mode: Option<String>,
}

/// What the first message of a ceremony is judged by, from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<T> {
    /// Every dynamic value.
    pub preference: Vec<StoredValue>,
    /// What the message leads to.
    pub found: Option<T>,
    /// A lock in force on the device that it leads to.
    pub lock: Option<Lock>,
}

/// A device that is held for the end of a ceremony: nobody else changes it until the unit of work ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub device: Device,
    /// Since when the counters of its TPM are known to have gone back, if they are.
    pub alarm: Option<Timestamp>,
    /// A lock in force on the device, or on the user or a role that was asked for.
    pub lock: Option<Lock>,
}

/// An enrolment at its end.
#[derive(Clone, Copy, Debug)]
pub struct EnrolmentEnd<'a> {
    pub device_id: &'a str,
    pub os_type: OsType,
    pub credential_id: &'a str,
    pub token_id: &'a str,
    pub challenge_id: &'a str,
}

/// An authentication at its end.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticationEnd<'a> {
    pub device_id: &'a str,
    pub os_type: OsType,
    pub credential_id: &'a str,
    pub user: &'a str,
    /// Names.
    pub roles: &'a [String],
}

/// Calls and ceremonies.
#[async_trait]
pub trait CeremonyRows {
    /// The session with its account and roles, and what else decides whether it counts. Locks are looked for on the
    /// given device; without one, on the device of a session that was asked for by its cookie.
    async fn caller(
        &mut self,
        key: SessionKey<'_>,
        device_id: Option<&str>,
        now: Timestamp,
    ) -> Stored<Option<CallerRecord>>;

    /// The token with this hash, and its device.
    async fn open_enrolment(
        &mut self,
        token_hash: &Digest,
        now: Timestamp,
    ) -> Stored<Opening<(EnrollToken, Device)>>;

    /// The credential with this id, its device, and whether the user is one of the device's.
    async fn open_authentication(
        &mut self,
        os_type: OsType,
        credential_id: &str,
        user: &str,
        now: Timestamp,
    ) -> Stored<Opening<BoundCredential>>;

    /// Holds the device, then spends the token as [`super::store::EnrollTokenRows::spend_enroll_token`] does. Answers
    /// with the device, if there is one, with what the credential's id is known as, and with whether the token was
    /// spent.
    async fn hold_for_enrolment(
        &mut self,
        end: EnrolmentEnd<'_>,
        now: Timestamp,
    ) -> Stored<(Option<Held>, Option<Credential>, bool)>;

    /// Writes that a credential of the device was used: `last_authenticated` of the one, `last_used` and the counters
    /// of the other.
    async fn record_use(&mut self, device: &Device, credential: &Credential) -> Stored<()>;

    /// Holds the device, then gives it to the session, if there is one to give it to and it has not ended. Answers with
    /// the device, if there is one, with the credential as it is once the device is held, and with whether the session
    /// took it.
    async fn hold_for_authentication(
        &mut self,
        end: AuthenticationEnd<'_>,
        trusted: Option<(&str, &SessionDevice)>,
        now: Timestamp,
    ) -> Stored<(Option<Held>, Option<BoundCredential>, bool)>;
}
