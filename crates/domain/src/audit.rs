//! The audit log: what is written, and reading it.

mod refused;
mod words;

use std::sync::Arc;

use gatehouse_model::{ErrorKind, Timestamp, clean_label};
use serde_json::Value;

use crate::authz::{Attribution, Grant, ListEvents};
use crate::cluster::RETENTION_DAYS;
use crate::entity::{AuditEvent, AuditFilter, Device, DeviceMetadata, EventPage, StoredEvent};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision};

pub use refused::RefusedRequest;
pub use words::{event_names, words};

/// Kinds of events: name, code of a success, code of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventKind(&'static str, &'static str, &'static str);

macro_rules! event_kinds {
    ($($name:ident = $event:literal $success:literal $failure:literal;)+) => {
        impl EventKind {
            $(pub(crate) const $name: Self = Self($event, $success, $failure);)+
            const ALL: &[Self] = &[$(Self::$name),+];
        }
    };
}

// The device events and their codes are the contract's; the others are ours.
event_kinds! {
    DEVICE_CREATE = "device.create" "TV001I" "TV001I";
    DEVICE_DELETE = "device.delete" "TV002I" "TV002I";
    DEVICE_TOKEN_CREATE = "device.token.create" "TV003I" "TV003I";
    DEVICE_TOKEN_SPENT = "device.token.spent" "TV004I" "TV004I";
    DEVICE_ENROLL = "device.enroll" "TV005I" "TV005I";
    DEVICE_AUTHENTICATE = "device.authenticate" "TV006I" "TV006I";
    DEVICE_UPDATE = "device.update" "TV007I" "TV007I";
    DEVICE_WEB_TOKEN = "device.webtoken.create" "TV008I" "TV008I";
    DEVICE_CONFIRM = "device.authenticate.confirm" "TV009I" "TV009I";
    DEVICE_WEB_CODE = "device.webtoken.redeem" "GH003I" "GH003W";
    DEVICE_WEB_NUMBER = "device.webtoken.number" "GH004I" "GH004W";
    DEVICE_TOKEN_REVOKE = "device.token.revoke" "GH001I" "GH001W";
    DEVICE_COUNTERS_ACCEPT = "device.counters.accept" "GH002I" "GH002W";
    DEVICE_IMPORT_START = "device.import.start" "GH007I" "GH007W";
    DEVICE_IMPORT = "device.import" "GH008I" "GH008W";
    DEVICE_EVIDENCE_EXPORT = "device.evidence.export" "GH085I" "GH085W";
    SHIP_AHEAD_IMPORT = "device.ship_ahead.import" "GH088I" "GH088W";
    SHIP_AHEAD_DELETE = "device.ship_ahead.delete" "GH089I" "GH089W";
    SHIP_AHEAD_USE = "device.ship_ahead.use" "GH090I" "GH090W";
    DEVICE_BOOT_DRIFT = "device.boot.drift" "GH086W" "GH086W";
    DEVICE_BOOT_ACCEPT = "device.boot.accept" "GH087I" "GH087W";
    REVIEW_CREATE = "review.create" "GH080I" "GH080W";
    REVIEW_ACCEPT = "review.accept" "GH081I" "GH081W";
    REVIEW_TRUST = "review.trust" "GH082I" "GH082W";
    REVIEW_REFUSE = "review.refuse" "GH083I" "GH083W";
    USER_LOGIN = "user.login" "GH010I" "GH010W";
    USER_LOGOUT = "user.logout" "GH011I" "GH011W";
    USER_CREATE = "user.create" "GH012I" "GH012W";
    USER_UPDATE = "user.update" "GH013I" "GH013W";
    USER_DELETE = "user.delete" "GH014I" "GH014W";
    USER_RESET = "user.reset" "GH015I" "GH015W";
    USER_SIGNUP = "user.signup" "GH016I" "GH016W";
    USER_FACTOR = "user.second_factor" "GH017I" "GH017W";
    USER_PASSWORD = "user.password.change" "GH018I" "GH018W";
    PASSKEY_ADD = "user.passkey.add" "GH070I" "GH070W";
    PASSKEY_REMOVE = "user.passkey.remove" "GH071I" "GH071W";
    PASSKEY_RENAME = "user.passkey.rename" "GH072I" "GH072W";
    AUTHENTICATOR_SET = "user.authenticator.set" "GH073I" "GH073W";
    AUTHENTICATOR_REMOVE = "user.authenticator.remove" "GH074I" "GH074W";
    RECOVERY_CODES_CREATE = "user.recovery_codes.create" "GH075I" "GH075W";
    ROLE_CREATE = "role.create" "GH020I" "GH020W";
    ROLE_UPDATE = "role.update" "GH021I" "GH021W";
    ROLE_DELETE = "role.delete" "GH022I" "GH022W";
    LOCK_CREATE = "lock.create" "GH030I" "GH030W";
    LOCK_DELETE = "lock.delete" "GH031I" "GH031W";
    PREFERENCE_UPDATE = "cluster_auth_preference.update" "GH040I" "GH040W";
    SESSION_END = "session.end" "GH050I" "GH050W";
    CLI_LOGIN = "user.cli_login.approve" "GH051I" "GH051W";
    CLI_LOGIN_DENY = "user.cli_login.deny" "GH052I" "GH052W";
    HOST_ADMIN = "host_admin.call" "GH060I" "GH060W";
    REQUEST_REFUSED = "request.refused" "GH061I" "GH061W";
}

impl Core {
    /// An event by `by`, successful until told otherwise.
    pub(crate) fn event(&self, kind: EventKind, by: &Attribution) -> AuditEvent {
        AuditEvent {
            uid: self.new_id(),
            time: self.now(),
            event: kind.0.to_owned(),
            code: kind.1.to_owned(),
            cluster_name: self.cluster_name.clone(),
            user: by.user.clone(),
            user_kind: by.user_kind,
            success: true,
            error: String::new(),
            reason: String::new(),
            message: String::new(),
            device: None,
            trusted_device: by.trusted_device.clone(),
            session_id: by.session_id.clone(),
            request_id: by.request_id.clone(),
            remote_address: by.remote_address.clone(),
            target: String::new(),
            details: Value::Null,
        }
    }

    /// Appends an event in a commit of its own: for what failed, and so changed nothing else.
    pub(crate) async fn append_alone(&self, event: &AuditEvent) -> Result<(), StoreError> {
        let mut work = self.begin().await?;
        work.append_event(event).await?;
        work.commit().await
    }
}

impl AuditEvent {
    pub(crate) fn about_device(mut self, device: &Device, credential_id: &str) -> Self {
        self.device =
            Some(DeviceMetadata::new(&device.id, device.os_type, device.asset_tag.as_str(), credential_id));
        self
    }

    /// The device of [`AuditEvent::about_device`] speaks for a browser's session.
    pub(crate) fn for_web_session(mut self, id: &str) -> Self {
        if let Some(device) = &mut self.device {
            device.web_authentication = true;
            id.clone_into(&mut device.web_session_id);
        }
        self
    }

    pub(crate) fn about(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }

    pub(crate) fn failed(mut self, kind: EventKind, code: &str, error: impl std::fmt::Display) -> Self {
        self.success = false;
        self.code = kind.2.to_owned();
        self.reason = code.to_owned();
        self.error = error.to_string();
        self
    }
}

/// Reads the audit log.
pub struct AuditLog {
    core: Arc<Core>,
    refused: refused::Counts,
}

/// Why an event cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("there is no event \"{0}\" in the audit log")]
    NotFound(String),
    #[error("there are no events of the type \"{0}\"")]
    Type(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for AuditError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Type(_) => ErrorKind::InvalidInput,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "event_not_found",
            Self::Type(_) => "event_type_unknown",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound(_) => Some(format!("events are kept for {RETENTION_DAYS} days")),
            Self::Type(text) => Some(nearest_types(text)),
            Self::Store(_) => None,
        }
    }
}

/// Types that begin most like this one.
fn nearest_types(text: &str) -> String {
    let alike = |kind: &EventKind| kind.0.chars().zip(text.chars()).take_while(|(a, b)| a == b).count();
    let most = EventKind::ALL.iter().map(alike).max().unwrap_or_default();
    let nearest = EventKind::ALL.iter().filter(|kind| alike(kind) == most).map(|kind| kind.0);
    match most {
        ..4 => "types are such as device.enroll, user.login or lock.create".to_owned(),
        _ => format!("did you mean {}?", nearest.take(4).collect::<Vec<_>>().join(" or ")),
    }
}

/// Who changed something last, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastChange {
    pub by: String,
    pub time: Timestamp,
    /// Of the event that tells of it.
    pub event: String,
}

impl std::fmt::Display for LastChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "by {} at {}", self.by, self.time)
    }
}

/// The newest event of a kind about a target.
pub(crate) async fn last_change(
    work: &mut dyn UnitOfWork,
    kind: EventKind,
    target: &str,
) -> Result<Option<LastChange>, StoreError> {
    let filter = AuditFilter {
        event: Some(kind.0.to_owned()),
        target: Some(target.to_owned()),
        success: Some(true),
        ..AuditFilter::default()
    };
    let newest = work.events(&filter, 1).await?.pop().map(|stored| stored.event);
    Ok(newest.map(|event| LastChange { by: event.user, time: event.time, event: event.uid }))
}

/// Cuts a list that was asked for with one more than the size; whether there was one more. `from_start` = the surplus
/// one is the first.
fn truncate(events: &mut Vec<StoredEvent>, size: i64, from_start: bool) -> bool {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = events.len() > size;
    if more && from_start {
        events.drain(..events.len() - size);
    } else {
        events.truncate(size);
    }
    more
}

/// Most events of one page.
pub const MAX_EVENTS: i64 = 1000;

impl AuditLog {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core, refused: refused::Counts::default() }
    }

    /// Events, newest first.
    ///
    /// # Errors
    /// Nothing writes events of the type that is asked for; storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListEvents>,
        filter: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, AuditError> {
        if let Some(name) =
            filter.event.as_deref().filter(|name| EventKind::ALL.iter().all(|kind| kind.0 != *name))
        {
            return Err(AuditError::Type(clean_label(name)));
        }
        Ok(self.core.read().await?.events(filter, limit.clamp(1, MAX_EVENTS)).await?)
    }

    /// One page of events, newest first, and where the pages beside it begin.
    ///
    /// # Errors
    /// Storage.
    pub async fn page(
        &self,
        _grant: &Grant<ListEvents>,
        filter: &AuditFilter,
        size: i64,
    ) -> Result<EventPage, StoreError> {
        let size = size.clamp(1, MAX_EVENTS);
        let mut work = self.core.read().await?;
        let mut events = work.events(filter, size + 1).await?;
        let more = truncate(&mut events, size, filter.after.is_some());
        if filter.after.is_some() && !more {
            // Nothing newer is left over: this is the first page, and a first page is full.
            let first = AuditFilter { after: None, ..filter.clone() };
            let mut events = work.events(&first, size + 1).await?;
            let more = truncate(&mut events, size, false);
            let older = events.last().filter(|_| more).map(|last| last.sequence);
            return Ok(EventPage { events, older, newer: None });
        }
        let has_older = more || filter.after.is_some();
        let has_newer = filter.before.is_some() || filter.after.is_some();
        Ok(EventPage {
            older: events.last().filter(|_| has_older).map(|last| last.sequence),
            newer: events.first().filter(|_| has_newer).map(|first| first.sequence),
            events,
        })
    }

    /// One event.
    ///
    /// # Errors
    /// It does not exist, or no longer.
    pub async fn get(&self, _grant: &Grant<ListEvents>, uid: &str) -> Result<StoredEvent, AuditError> {
        let found = self.core.read().await?.event(uid).await?;
        found.ok_or_else(|| AuditError::NotFound(gatehouse_model::clean_label(uid)))
    }

    /// Notes that the host's admin called a method: that way in is exempt from the gate, and so leaves a trace.
    ///
    /// # Errors
    /// Storage.
    pub async fn note_host_admin(&self, by: &Attribution, method: &str) -> Result<(), StoreError> {
        self.core.append_alone(&self.core.event(EventKind::HOST_ADMIN, by).about(method)).await
    }
}
