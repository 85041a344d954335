//! Storage as the rules see it: a unit of work that commits whole or not at all.

use async_trait::async_trait;
use gatehouse_model::{ConfirmedBy, OsType, Timestamp};

use super::Changes;
use super::ceremony_rows::CeremonyRows;
use crate::entity::{
    AuditEvent, AuditFilter, BoundCredential, Cell, CeremonyPurpose, CliDecision, CliLogin, CollectedRecord,
    Credential, DailyCount, Device, DeviceCursor, DeviceScope, Digest, EnrollToken, Evidence, ListPart,
    ListRequest, ListedDevice, Lock, Passkey, PasskeyCeremony, PasskeyUse, PendingSignIn, Role, SealedSecret,
    SecretPurpose, Session, SessionDevice, SessionKey, Standing, StoredEvent, StoredValue, Throttle,
    TokenCursor, TokenFilter, User, UserGlance, UserLink,
};

/// Why storage could not do as asked. That a row is absent is no error: lookups answer with `Option`.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A uniqueness rule; `constraint` names the rule, such as `devices_os_tag`.
    #[error("conflicts with what is stored ({constraint})")]
    Conflict { constraint: String },
    /// Text that a database cannot hold: with a NUL character in it.
    #[error("the request holds a NUL character where text is expected")]
    NoText,
    /// The database cannot be reached or is busy; asking again may help.
    #[error("storage is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row holds what nobody can have written.
    #[error("storage holds a corrupt {what}")]
    Corrupt { what: String },
    #[error("storage failed")]
    Driver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Answer of the store.
pub type Stored<T> = Result<T, StoreError>;

/// A database.
#[async_trait]
pub trait Store: Send + Sync {
    /// Opens a unit of work that may write. Dropped without a commit, it never happened.
    async fn begin(&self) -> Stored<Box<dyn UnitOfWork>>;

    /// Opens a unit of work that only reads, from one snapshot.
    async fn read(&self) -> Stored<Box<dyn UnitOfWork>>;

    /// The same, for [`ListingRows::listed`]: where it needs connections of its own to be fast.
    async fn lists(&self) -> Stored<Box<dyn UnitOfWork>>;

    /// Opens a unit of work in which every call that changes something is a commit of its own: for a single change whose
    /// answer is wanted. Nobody is told of it, and nothing is counted or listed anew: that is for [`UnitOfWork::commit`].
    async fn act(&self) -> Stored<Box<dyn UnitOfWork>>;

    /// Opens a unit of work in which every call reads by itself what is committed then: for a single question.
    async fn look(&self) -> Stored<Box<dyn UnitOfWork>>;
    /// Changes from now on: what was told to [`AuditRows::append_event`] and committed.
    fn changes(&self) -> Box<dyn Changes>;

    /// `sqlite` or `postgres`.
    fn engine(&self) -> &'static str;
}

/// Everything that can be asked of storage, in one transaction.
///
/// A change that answers with nothing may be put off until the next question or the commit, and its failure with it;
/// the conflicts that are named come from the call that causes them. After a failure nothing more is answered, and
/// nothing is committed.
#[async_trait]
pub trait UnitOfWork:
    ClusterRows
    + UserRows
    + FactorRows
    + RoleRows
    + LockRows
    + SessionRows
    + WebRecordRows
    + CliLoginRows
    + DeviceRows
    + ListingRows
    + CredentialRows
    + EnrollTokenRows
    + EvidenceRows
    + AuditRows
    + CeremonyRows
    + super::device_pages::BootRows
    + super::device_pages::DeviceDetailRows
    + super::device_pages::ImportRows
    + super::device_web::DeviceWebRows
    + super::evidence_rows::EvidenceBasisRows
    + super::ship_ahead::ShipAheadRows
    + super::reviews::ReviewRows
    + super::reviews::DeviceEkRows
    + Send
{
    /// Makes everything durable: success means it is on disk.
    async fn commit(self: Box<Self>) -> Stored<()>;

    /// Writes what an enrolment changes of the device: `updated`, `enroll_status`, `owner`, and `anchor` (conflict
    /// `devices_os_anchor`); then the credential as [`CredentialRows::put_credential`] does; then as
    /// [`UnitOfWork::commit`].
    async fn commit_enrolment(self: Box<Self>, device: &Device, credential: &Credential) -> Stored<()>;
}

/// Values of the cluster, sealed secrets, the preference.
#[async_trait]
pub trait ClusterRows {
    async fn cluster_value(&mut self, key: &str) -> Stored<Option<String>>;
    /// Stores the value unless the key has one; answers with the value that is stored then.
    async fn init_cluster_value(&mut self, key: &str, value: &str) -> Stored<String>;
    /// Replaces.
    async fn put_cluster_value(&mut self, key: &str, value: &str) -> Stored<()>;
    async fn sealed_secret(&mut self, purpose: SecretPurpose, row: &str) -> Stored<Option<SealedSecret>>;
    /// Replaces.
    async fn put_sealed_secret(&mut self, sealed: &SealedSecret) -> Stored<()>;
    async fn delete_sealed_secret(&mut self, purpose: SecretPurpose, row: &str) -> Stored<()>;
    async fn preference_values(&mut self) -> Stored<Vec<StoredValue>>;
    /// Replaces.
    async fn put_preference_value(&mut self, value: &StoredValue) -> Stored<()>;
    async fn delete_preference_value(&mut self, key: &str) -> Stored<bool>;

    /// Waits for every other unit of work that has called this, and holds those off that will.
    async fn hold_administrators(&mut self) -> Stored<()>;
    /// Uses up the key of a form; false if it was used before.
    async fn take_form_key(&mut self, hash: &Digest, now: Timestamp) -> Stored<bool>;
    /// Forgets keys that were used before the moment.
    async fn purge_form_keys(&mut self, before: Timestamp) -> Stored<()>;
}

/// Accounts, one-time links, throttles.
#[async_trait]
pub trait UserRows {
    /// Conflict `users_name`.
    async fn insert_user(&mut self, user: &User) -> Stored<()>;
    async fn user(&mut self, name: &str) -> Stored<Option<User>>;
    /// As [`UserRows::user`], and nobody else changes the row until this unit of work ends.
    async fn user_for_update(&mut self, name: &str) -> Stored<Option<User>>;
    /// Writes everything but name, creation time and the one-time-code step (see [`UserRows::take_totp_step`]); false
    /// if there is no such user.
    async fn update_user(&mut self, user: &User) -> Stored<bool>;
    /// Deletes the user, its links, its membership in devices.
    async fn delete_user(&mut self, name: &str) -> Stored<bool>;
    /// By name, after `after`.
    async fn users(&mut self, after: Option<&str>, limit: i64) -> Stored<Vec<User>>;
    async fn count_users(&mut self) -> Stored<i64>;
    /// Users whose name begins so, by name, after `after`.
    async fn user_glances(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Stored<Vec<UserGlance>>;
    /// The nearest users before `before` whose name begins so, by name.
    async fn user_glances_before(
        &mut self,
        prefix: &str,
        before: &str,
        limit: i64,
    ) -> Stored<Vec<UserGlance>>;
    async fn user_glance(&mut self, name: &str) -> Stored<Option<UserGlance>>;
    /// Users who have the role, by name, after `after`.
    async fn users_with_role(&mut self, role: &str, after: Option<&str>, limit: i64) -> Stored<Vec<User>>;
    /// Names of the users in scope who have no enrolled device, in order, after `after`.
    async fn users_without_device(
        &mut self,
        scope: &DeviceScope,
        after: Option<&str>,
        limit: i64,
    ) -> Stored<Vec<String>>;
    /// How many they are; counting ends at `most`.
    async fn count_users_without_device(&mut self, scope: &DeviceScope, most: i64) -> Stored<i64>;
    /// Takes a one-time-code step if it lies after the last one used; false if it does not.
    async fn take_totp_step(&mut self, user: &str, step: i64) -> Stored<bool>;

    async fn insert_link(&mut self, link: &UserLink) -> Stored<()>;
    async fn link(&mut self, hash: &Digest) -> Stored<Option<UserLink>>;
    /// Spends an unused, unexpired link; false if it was not so.
    async fn use_link(&mut self, hash: &Digest, now: Timestamp) -> Stored<bool>;
    /// Counts a failed attempt; answers with how many there were.
    async fn fail_link(&mut self, hash: &Digest) -> Stored<i64>;
    /// Deletes the unused links of a user (of the first admin, for the empty name).
    async fn delete_unused_links(&mut self, user: &str) -> Stored<()>;

    /// Deletes links that expired before the moment; answers with their hashes.
    async fn purge_links(&mut self, before: Timestamp) -> Stored<Vec<Digest>>;

    async fn throttle(&mut self, key: &str) -> Stored<Option<Throttle>>;
    /// Counts an attempt as a failure unless the key is closed, in one statement, so that attempts side by side
    /// cannot all pass; answers with the failures there are then, counted from one where the last lies before
    /// `quiet_before`, or `None` if the key is closed.
    async fn take_attempt(
        &mut self,
        key: &str,
        now: Timestamp,
        quiet_before: Timestamp,
    ) -> Stored<Option<i64>>;
    /// As [`Self::take_attempt`], but of the failures before, one is forgotten every `fades_secs` seconds.
    async fn take_fading_attempt(
        &mut self,
        key: &str,
        now: Timestamp,
        fades_secs: i64,
    ) -> Stored<Option<i64>>;
    /// Closes a key that attempts are counted under.
    async fn close_throttle(&mut self, key: &str, until: Timestamp) -> Stored<()>;
    /// Takes back one counted attempt that turned out well, and opens the key.
    async fn return_attempt(&mut self, key: &str) -> Stored<()>;
    /// Replaces.
    async fn put_throttle(&mut self, key: &str, throttle: &Throttle) -> Stored<()>;
    /// Deletes throttles whose last failure and block lie before the moment.
    async fn purge_throttles(&mut self, before: Timestamp) -> Stored<()>;
}

/// Passkeys, the challenges that wait for them, recovery codes, and sign-ins half done.
#[async_trait]
pub trait FactorRows {
    /// Conflicts: `passkeys_pkey`, `passkeys_credential`.
    async fn insert_passkey(&mut self, passkey: &Passkey) -> Stored<()>;
    /// A user's, oldest first.
    async fn passkeys(&mut self, user: &str) -> Stored<Vec<Passkey>>;
    async fn passkey_by_credential(&mut self, credential_id: &[u8]) -> Stored<Option<Passkey>>;
    /// Notes a use, unless the stored counter has reached the given one meanwhile; then false. 0 counts nothing.
    async fn use_passkey(&mut self, id: &str, used: &PasskeyUse) -> Stored<bool>;
    async fn rename_passkey(&mut self, user: &str, id: &str, name: &str) -> Stored<bool>;
    async fn delete_passkey(&mut self, user: &str, id: &str) -> Stored<bool>;
    async fn delete_passkeys(&mut self, user: &str) -> Stored<()>;

    /// The random handle under which authenticators file a user's passkeys.
    async fn passkey_handle(&mut self, user: &str) -> Stored<Option<Vec<u8>>>;
    async fn user_of_passkey_handle(&mut self, handle: &[u8]) -> Stored<Option<String>>;
    /// Gives a user a handle, unless there is one. Conflict `passkey_handles_handle`.
    async fn put_passkey_handle(&mut self, user: &str, handle: &[u8]) -> Stored<()>;

    async fn insert_passkey_ceremony(&mut self, ceremony: &PasskeyCeremony) -> Stored<()>;
    async fn has_passkey_ceremony(&mut self, hash: &Digest) -> Stored<bool>;
    /// Takes a ceremony out of the store: nobody gets it twice.
    async fn take_passkey_ceremony(&mut self, hash: &Digest) -> Stored<Option<PasskeyCeremony>>;
    /// Deletes those of one purpose and owner.
    async fn drop_passkey_ceremonies(&mut self, purpose: CeremonyPurpose, owner: &str) -> Stored<()>;
    /// Deletes those that expired before the moment.
    async fn purge_passkey_ceremonies(&mut self, before: Timestamp) -> Stored<()>;

    async fn insert_pending_sign_in(&mut self, pending: &PendingSignIn) -> Stored<()>;
    async fn pending_sign_in(&mut self, hash: &Digest) -> Stored<Option<PendingSignIn>>;
    /// False if it is gone.
    async fn delete_pending_sign_in(&mut self, hash: &Digest) -> Stored<bool>;
    async fn purge_pending_sign_ins(&mut self, before: Timestamp) -> Stored<()>;

    /// Deletes the one-time-code secrets that were offered in sessions (rows `session:<id>`) that are no more.
    async fn purge_offered_secrets(&mut self) -> Stored<()>;

    /// Replaces a user's recovery codes by those with these hashes, none of them used.
    async fn put_recovery_codes(&mut self, user: &str, hashes: &[Digest], now: Timestamp) -> Stored<()>;
    /// Spends an unused code; false if there is none such.
    async fn use_recovery_code(&mut self, user: &str, hash: &Digest, now: Timestamp) -> Stored<bool>;
    async fn count_recovery_codes(&mut self, user: &str) -> Stored<i64>;
}

/// Roles.
#[async_trait]
pub trait RoleRows {
    /// Conflict `roles_name`.
    async fn insert_role(&mut self, role: &Role) -> Stored<()>;
    async fn role(&mut self, name: &str) -> Stored<Option<Role>>;
    /// All of the named roles that exist.
    async fn roles_named(&mut self, names: &[String]) -> Stored<Vec<Role>>;
    async fn update_role(&mut self, role: &Role) -> Stored<bool>;
    async fn delete_role(&mut self, name: &str) -> Stored<bool>;
    /// All, by name.
    async fn roles(&mut self) -> Stored<Vec<Role>>;
    /// How many users have the role.
    async fn count_users_with_role(&mut self, name: &str) -> Stored<i64>;
    /// (role, how many users have it), by role; roles that nobody has are left out.
    async fn count_users_by_role(&mut self) -> Stored<Vec<(String, i64)>>;
}

/// Locks.
#[async_trait]
pub trait LockRows {
    async fn insert_lock(&mut self, lock: &Lock) -> Stored<()>;
    async fn lock(&mut self, id: &str) -> Stored<Option<Lock>>;
    async fn delete_lock(&mut self, id: &str) -> Stored<bool>;
    /// All, newest first, also those that have expired.
    async fn locks(&mut self) -> Stored<Vec<Lock>>;
    /// Those in force, or those that have expired, newest first, before (created, id).
    async fn locks_page(
        &mut self,
        in_force: bool,
        before: Option<&(Timestamp, String)>,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Lock>>;
    /// Locks in force on roles, and on users from `first` to `last`.
    async fn locks_on_people(&mut self, first: &str, last: &str, now: Timestamp) -> Stored<Vec<Lock>>;
    /// The first lock in force on the user, on one of the roles or on the device.
    async fn lock_in_force(
        &mut self,
        user: Option<&str>,
        roles: &[String],
        device_id: Option<&str>,
        now: Timestamp,
    ) -> Stored<Option<Lock>>;
}

/// Sessions of command lines and browsers.
#[async_trait]
pub trait SessionRows {
    async fn insert_session(&mut self, session: &Session) -> Stored<()>;
    async fn session(&mut self, id: &str) -> Stored<Option<Session>>;
    /// The session with its account and roles, in one statement: it is asked at every call.
    async fn standing(&mut self, key: SessionKey<'_>) -> Stored<Option<Standing>>;
    async fn touch_session(&mut self, id: &str, now: Timestamp) -> Stored<()>;
    async fn set_session_factor_time(&mut self, id: &str, now: Timestamp) -> Stored<()>;
    /// Gives a session that has not ended its device (`None` takes it away); false if it has ended.
    async fn set_session_device(&mut self, id: &str, device: Option<&SessionDevice>) -> Stored<bool>;
    /// Gives a session that has not ended another cookie, if it still has the `old` one; false otherwise.
    async fn rotate_session_cookie(
        &mut self,
        id: &str,
        old: &Digest,
        new: &Digest,
        rights: &Digest,
        now: Timestamp,
    ) -> Stored<bool>;
    /// Whether this was the cookie of a session that has not ended, until it was rotated after `since`.
    async fn cookie_was_rotated(&mut self, old: &Digest, since: Timestamp) -> Stored<bool>;
    async fn end_session(&mut self, id: &str, now: Timestamp) -> Stored<bool>;
    /// Ends all sessions of a user but `except`; answers with how many.
    async fn end_sessions_of_user(&mut self, user: &str, except: Option<&str>, now: Timestamp)
    -> Stored<i64>;
    /// Takes the trust of a device from all sessions that have it; answers with how many.
    async fn untrust_sessions_of_device(&mut self, device_id: &str) -> Stored<i64>;
    /// Takes the trust of their devices from all sessions that came to it in this way; answers with how many.
    async fn untrust_sessions_confirmed_by(&mut self, way: ConfirmedBy) -> Stored<i64>;
    /// Lets the trust of browsers' sessions end so many seconds after it began, at the latest; answers with how many
    /// it cuts.
    async fn shorten_web_trust(&mut self, secs: i64) -> Stored<i64>;
    /// Lets a session end at this moment, at the latest.
    async fn limit_session(&mut self, id: &str, until: Timestamp) -> Stored<()>;
    /// Sessions that have neither ended nor expired, newest first, before (created, id).
    async fn active_sessions(
        &mut self,
        user: Option<&str>,
        before: Option<&(Timestamp, String)>,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Session>>;
    async fn count_active_sessions(&mut self, now: Timestamp) -> Stored<i64>;
    /// Deletes sessions that expired before the moment.
    async fn purge_sessions(&mut self, before: Timestamp) -> Stored<()>;
}

/// What tower-sessions keeps of a visit: flash messages, nothing that decides anything.
#[async_trait]
pub trait WebRecordRows {
    /// The record with this hash that has not expired.
    async fn web_record(&mut self, hash: &Digest, now: Timestamp) -> Stored<Option<String>>;
    /// Replaces.
    async fn put_web_record(&mut self, hash: &Digest, data: &str, expires: Timestamp) -> Stored<()>;
    async fn delete_web_record(&mut self, hash: &Digest) -> Stored<()>;
    /// Deletes records that expired before the moment.
    async fn purge_web_records(&mut self, before: Timestamp) -> Stored<()>;
}

/// Logins of command lines that wait for a browser.
#[async_trait]
pub trait CliLoginRows {
    async fn insert_cli_login(&mut self, login: &CliLogin) -> Stored<()>;
    async fn cli_login(&mut self, id: &str) -> Stored<Option<CliLogin>>;
    /// Decides a login that is neither decided nor expired; false otherwise.
    async fn decide_cli_login(&mut self, id: &str, decision: &CliDecision) -> Stored<bool>;
    /// Spends a login that was approved at `approved` or later, once; false otherwise.
    async fn spend_cli_login(&mut self, id: &str, now: Timestamp, approved: Timestamp) -> Stored<bool>;
    /// Counts a failed attempt; answers with how many there were.
    async fn fail_cli_login(&mut self, id: &str) -> Stored<i64>;
    /// Deletes logins that expired before the moment.
    async fn purge_cli_logins(&mut self, before: Timestamp) -> Stored<()>;
}

/// The inventory.
#[async_trait]
pub trait DeviceRows {
    /// Conflicts: `devices_pkey`, `devices_os_tag`, `devices_os_anchor`.
    async fn insert_device(&mut self, device: &Device) -> Stored<()>;
    async fn device(&mut self, id: &str) -> Stored<Option<Device>>;
    /// As [`DeviceRows::device`], and nobody else changes the row until this unit of work ends.
    async fn device_for_update(&mut self, id: &str) -> Stored<Option<Device>>;
    /// As [`DeviceRows::device_for_update`], with the time since which the counters of the device's TPM are known to
    /// have gone back, if they are.
    async fn device_and_alarm_for_update(&mut self, id: &str) -> Stored<Option<(Device, Option<Timestamp>)>>;
    async fn device_by_tag(&mut self, os_type: OsType, normalised_tag: &str) -> Stored<Option<Device>>;
    /// Writes everything but id and creation time; false if there is no such device. Conflicts as for inserts.
    async fn update_device(&mut self, device: &Device) -> Stored<bool>;
    /// Deletes the device with its tokens, credentials, users and collected data; evidence and audit stay.
    async fn delete_device(&mut self, id: &str) -> Stored<bool>;
    /// The device with this id and those with this tag, at most `limit`.
    async fn devices_by_id_or_tag(
        &mut self,
        id_or_tag: &str,
        normalised_tag: &str,
        limit: i64,
    ) -> Stored<Vec<Device>>;
    /// By normalised tag, then OS, then id.
    async fn devices(&mut self, after: Option<&DeviceCursor>, limit: i64) -> Stored<Vec<Device>>;
    async fn devices_of_user(
        &mut self,
        user: &str,
        after: Option<&DeviceCursor>,
        limit: i64,
    ) -> Stored<Vec<Device>>;
    /// See [`DeviceRows::device_and_alarm_for_update`].
    async fn set_counter_alarm(&mut self, device_id: &str, since: Option<Timestamp>) -> Stored<()>;
    /// Whether the user is a user of a device that is enrolled.
    async fn user_has_enrolled_device(&mut self, user: &str) -> Stored<bool>;
    /// As [`DeviceRows::user_has_enrolled_device`]; a device with a lock in force does not count, nor, where only `steady`
    /// ones do, one whose last boot is not the good one.
    async fn user_has_unlocked_device(&mut self, user: &str, steady: bool, now: Timestamp) -> Stored<bool>;
    /// (all, enrolled).
    async fn count_devices(&mut self) -> Stored<(i64, i64)>;

    async fn add_device_user(&mut self, device_id: &str, user: &str, now: Timestamp) -> Stored<()>;
    async fn is_device_user(&mut self, device_id: &str, user: &str) -> Stored<bool>;
    async fn device_users(&mut self, device_id: &str) -> Stored<Vec<String>>;
    async fn clear_device_users(&mut self, device_id: &str) -> Stored<()>;

    async fn add_collected(&mut self, device_id: &str, record: &CollectedRecord) -> Stored<()>;
    /// Newest first.
    async fn collected(&mut self, device_id: &str) -> Stored<Vec<CollectedRecord>>;
    /// Deletes authentication records but the `keep` newest; enrolment records stay.
    async fn trim_collected(&mut self, device_id: &str, keep: i64) -> Stored<()>;
}

/// Keys bound to devices.
#[async_trait]
pub trait CredentialRows {
    /// Inserts, or replaces the credential of the same OS and id if it belongs to the same device; conflict
    /// `credentials_os_id` if it belongs to another.
    async fn put_credential(&mut self, credential: &Credential) -> Stored<()>;
    async fn credential(&mut self, os_type: OsType, id: &str) -> Stored<Option<Credential>>;
    /// The credential, its device, and whether the user is one of the device's, in one statement.
    async fn bound_credential(
        &mut self,
        os_type: OsType,
        id: &str,
        user: &str,
    ) -> Stored<Option<BoundCredential>>;
    /// Last used first.
    async fn credentials_of_device(&mut self, device_id: &str) -> Stored<Vec<Credential>>;
    /// Of many devices at once, last used first within each.
    async fn credentials_of_devices(&mut self, device_ids: &[String]) -> Stored<Vec<Credential>>;
    /// Records a use: `last_used` and `counters`. False if the credential is gone.
    async fn use_credential(&mut self, credential: &Credential) -> Stored<bool>;
    async fn delete_credentials(&mut self, device_id: &str) -> Stored<()>;
    /// Forgets the counters of all credentials of a device.
    async fn forget_counters(&mut self, device_id: &str) -> Stored<()>;
}

/// Enrolment tokens.
#[async_trait]
pub trait EnrollTokenRows {
    async fn insert_enroll_token(&mut self, token: &EnrollToken) -> Stored<()>;
    async fn enroll_token(&mut self, id: &str) -> Stored<Option<EnrollToken>>;
    /// The token with this hash, and its device.
    async fn enroll_token_by_hash(&mut self, hash: &Digest) -> Stored<Option<(EnrollToken, Device)>>;
    /// Newest first.
    async fn enroll_tokens(
        &mut self,
        filter: &TokenFilter,
        before: Option<&TokenCursor>,
        limit: i64,
    ) -> Stored<Vec<EnrollToken>>;
    /// As [`Self::enroll_tokens`], each with its device.
    async fn enroll_tokens_with_devices(
        &mut self,
        filter: &TokenFilter,
        before: Option<&TokenCursor>,
        limit: i64,
    ) -> Stored<Vec<(EnrollToken, Device)>>;
    /// Counts and opens a challenge if the token is active at `now` and has no challenge open that began after
    /// `stale_before`; false otherwise.
    async fn open_challenge(
        &mut self,
        token_id: &str,
        challenge_id: &str,
        now: Timestamp,
        stale_before: Timestamp,
    ) -> Stored<bool>;
    /// Closes the challenge if it is the open one.
    async fn close_challenge(&mut self, token_id: &str, challenge_id: &str) -> Stored<()>;
    /// Spends the token if this challenge is open and it is neither spent, revoked nor expired; false otherwise.
    async fn spend_enroll_token(
        &mut self,
        token_id: &str,
        challenge_id: &str,
        now: Timestamp,
    ) -> Stored<bool>;
    /// False if it is spent, revoked or unknown.
    async fn revoke_enroll_token(&mut self, id: &str, now: Timestamp) -> Stored<bool>;
    /// Revokes all unspent tokens of a device, or only those bound to a user; running ceremonies die with them.
    async fn revoke_enroll_tokens(
        &mut self,
        device_id: &str,
        bound_user: Option<&str>,
        now: Timestamp,
    ) -> Stored<()>;
    /// Deletes tokens that expired before the moment.
    async fn purge_enroll_tokens(&mut self, before: Timestamp) -> Stored<()>;
}

/// What ceremonies were judged by.
#[async_trait]
pub trait EvidenceRows {
    async fn insert_evidence(&mut self, evidence: &Evidence) -> Stored<()>;
    /// Newest first.
    async fn evidence_of_device(&mut self, device_id: &str, limit: i64) -> Stored<Vec<Evidence>>;
    async fn purge_evidence(&mut self, before: Timestamp) -> Stored<i64>;
}

/// The audit log; it only grows, but for what has passed its retention.
#[async_trait]
pub trait AuditRows {
    async fn append_event(&mut self, event: &AuditEvent) -> Stored<()>;
    /// Newest first.
    async fn events(&mut self, filter: &AuditFilter, limit: i64) -> Stored<Vec<StoredEvent>>;
    async fn event(&mut self, uid: &str) -> Stored<Option<StoredEvent>>;
    async fn time_of_oldest_event(&mut self) -> Stored<Option<Timestamp>>;
    async fn purge_events(&mut self, before: Timestamp) -> Stored<i64>;
}

/// The inventory as it is listed. The store lists every device that a unit of work changes anew when it commits.
#[async_trait]
pub trait ListingRows {
    /// A part of a list. What it costs is bounded: by the limit, or, where words or ended locks make devices not match, by
    /// a number of devices that are looked at; see [`ListPart::stopped_at`].
    async fn listed(&mut self, request: &ListRequest<'_>) -> Stored<ListPart>;
    async fn listed_device(&mut self, device_id: &str) -> Stored<Option<ListedDevice>>;
    /// Cells that hold devices, with how many.
    async fn cell_counts(&mut self) -> Stored<Vec<(Cell, i64)>>;
    /// Notes of at most `limit` devices that they have turned stale; answers with how many there were.
    async fn turn_stale(&mut self, now: Timestamp, limit: i64) -> Stored<i64>;
    /// Notes of at most `limit` devices that their locks have ended; answers with how many there were.
    async fn forget_ended_locks(&mut self, now: Timestamp, limit: i64) -> Stored<i64>;
    /// By day, then detail. Kinds are names of events, of which enrolments and failures of devices are counted.
    async fn daily_counts(&mut self, kind: &str, from_day: i64) -> Stored<Vec<DailyCount>>;
    /// Replaces.
    async fn put_daily_count(&mut self, kind: &str, count: &DailyCount) -> Stored<()>;
}
