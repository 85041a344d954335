//! The audit log: what is written, and reading it.

use std::sync::Arc;

use serde_json::Value;

use crate::Core;
use crate::authz::{Attribution, Grant, ListEvents};
use crate::entity::{AuditEvent, AuditFilter, Device, DeviceMetadata, StoredEvent};
use crate::ports::StoreError;

/// Kinds of events: name, code of a success, code of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventKind(&'static str, &'static str, &'static str);

macro_rules! event_kinds {
    ($($name:ident = $event:literal $success:literal $failure:literal;)+) => {
        impl EventKind {
            $(pub(crate) const $name: Self = Self($event, $success, $failure);)+
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
    DEVICE_TOKEN_REVOKE = "device.token.revoke" "GH001I" "GH001W";
    DEVICE_COUNTERS_ACCEPT = "device.counters.accept" "GH002I" "GH002W";
    USER_LOGIN = "user.login" "GH010I" "GH010W";
    USER_LOGOUT = "user.logout" "GH011I" "GH011W";
    USER_CREATE = "user.create" "GH012I" "GH012W";
    USER_UPDATE = "user.update" "GH013I" "GH013W";
    USER_DELETE = "user.delete" "GH014I" "GH014W";
    USER_RESET = "user.reset" "GH015I" "GH015W";
    USER_SIGNUP = "user.signup" "GH016I" "GH016W";
    USER_FACTOR = "user.second_factor" "GH017I" "GH017W";
    ROLE_CREATE = "role.create" "GH020I" "GH020W";
    ROLE_UPDATE = "role.update" "GH021I" "GH021W";
    ROLE_DELETE = "role.delete" "GH022I" "GH022W";
    LOCK_CREATE = "lock.create" "GH030I" "GH030W";
    LOCK_DELETE = "lock.delete" "GH031I" "GH031W";
    PREFERENCE_UPDATE = "cluster_auth_preference.update" "GH040I" "GH040W";
    SESSION_END = "session.end" "GH050I" "GH050W";
    HOST_ADMIN = "host_admin.call" "GH060I" "GH060W";
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
        self.act().await?.append_event(event).await
    }
}

impl AuditEvent {
    pub(crate) fn about_device(mut self, device: &Device, credential_id: &str) -> Self {
        self.device =
            Some(DeviceMetadata::new(&device.id, device.os_type, device.asset_tag.as_str(), credential_id));
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
}

/// Most events of one page.
pub const MAX_EVENTS: i64 = 1000;

impl AuditLog {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Events, newest first.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListEvents>,
        filter: &AuditFilter,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        self.core.read().await?.events(filter, limit.clamp(1, MAX_EVENTS)).await
    }

    /// Notes that the host's admin called a method: that way in is exempt from the gate, and so leaves a trace.
    ///
    /// # Errors
    /// Storage.
    pub async fn note_host_admin(&self, by: &Attribution, method: &str) -> Result<(), StoreError> {
        self.core.append_alone(&self.core.event(EventKind::HOST_ADMIN, by).about(method)).await
    }
}
