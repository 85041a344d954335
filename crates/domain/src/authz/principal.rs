use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_model::resource::UserKind;
use gatehouse_model::{AttestationTier, ConfirmedBy, Timestamp};
use serde::{Deserialize, Serialize};

use crate::SecretToken;
use crate::entity::{DeviceMetadata, Digest, Role};
use crate::ports::DeviceExtensions;

/// Who makes a request, as it stood when the request (or the message of a stream) came in.
#[derive(Clone, Debug)]
pub struct Principal {
    pub(crate) actor: Actor,
    /// When this was established.
    pub(crate) now: Timestamp,
    pub(crate) request_id: String,
    pub(crate) remote_address: String,
}

/// The kinds of callers.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Nobody has proven anything.
    Anonymous,
    /// A session of an account.
    User(Box<SignedIn>),
    /// The admin of the server's own host, through the Unix socket.
    HostAdmin { uid: u32 },
}

/// A live session of an account.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub name: String,
    pub kind: UserKind,
    pub roles: Vec<Role>,
    /// OS logins of the account and its roles.
    pub logins: Vec<String>,
    pub session_id: String,
    /// The trusted device, if certificate (or cookie) and session agree on one.
    pub device: Option<DeviceExtensions>,
    /// Since when, and how its key is vouched for.
    pub trust: Option<Trust>,
    /// The certificate itself carries device extensions, whether or not they still count.
    pub certificate_has_device: bool,
    pub factor_time: Timestamp,
    /// The cluster's mode or one of the roles requires a trusted device.
    pub device_required: bool,
    /// Only looked up where a required device is lacking.
    pub has_enrolled_device: bool,
    /// SubjectPublicKeyInfo DER of the client certificate; empty for browsers.
    pub tls_public_key_der: Vec<u8>,
    pub expires: Timestamp,
    /// Hash of the cookie that came with the request; none for command lines.
    pub cookie_hash: Option<Digest>,
    /// The cookie that took its place during the request.
    pub(crate) renewed: Renewed,
}

/// What a session knows of the proof of its device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    pub since: Timestamp,
    pub tier: Option<AttestationTier>,
    /// Of browsers' sessions.
    pub confirmed_by: Option<ConfirmedBy>,
}

/// A session's new cookie, on its way from the rule that renewed it to the edge that hands it out. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renewed(Arc<Mutex<Option<SecretToken>>>);

impl Renewed {
    pub(crate) fn set(&self, cookie: SecretToken) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cookie);
    }

    pub(crate) fn get(&self) -> Option<SecretToken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SignedIn {
    /// Hash of the session's cookie as this request has left it; none for command lines.
    pub(crate) fn current_cookie(&self) -> Option<Digest> {
        self.renewed.get().map(|cookie| cookie.hash()).or(self.cookie_hash)
    }
}

/// Who acts, as the audit log names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribution {
    pub user: String,
    pub user_kind: Option<u8>,
    pub session_id: String,
    pub request_id: String,
    pub remote_address: String,
    pub trusted_device: Option<DeviceMetadata>,
}

impl Attribution {
    /// The admin of the server's own host: whoever else acts has an account, and with it a kind.
    pub(crate) fn is_host_admin(&self) -> bool {
        self.user_kind.is_none() && !self.user.is_empty()
    }
}

impl Principal {
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The account's session, if somebody is logged in.
    #[must_use]
    pub fn signed_in(&self) -> Option<&SignedIn> {
        match &self.actor {
            Actor::User(user) => Some(user),
            Actor::Anonymous | Actor::HostAdmin { .. } => None,
        }
    }

    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// Who acts, for the audit log.
    #[must_use]
    pub fn attribution(&self) -> Attribution {
        let common = Attribution {
            request_id: self.request_id.clone(),
            remote_address: self.remote_address.clone(),
            ..Attribution::default()
        };
        match &self.actor {
            Actor::Anonymous => common,
            Actor::HostAdmin { uid } => Attribution { user: format!("host-admin(uid={uid})"), ..common },
            Actor::User(user) => Attribution {
                user: user.name.clone(),
                user_kind: Some(match user.kind {
                    UserKind::Human => 1,
                    UserKind::Bot => 2,
                }),
                session_id: user.session_id.clone(),
                trusted_device: user.device.as_ref().map(|device| DeviceMetadata {
                    device_id: device.device_id.clone(),
                    os_type: 0,
                    asset_tag: device.asset_tag.clone(),
                    credential_id: device.credential_id.clone(),
                    tier: user
                        .trust
                        .and_then(|trust| trust.tier)
                        .map_or("", AttestationTier::as_str)
                        .to_owned(),
                    since: user.trust.map(|trust| trust.since),
                    confirmed_by: user
                        .trust
                        .and_then(|trust| trust.confirmed_by)
                        .map_or("", ConfirmedBy::as_str)
                        .to_owned(),
                    ..DeviceMetadata::default()
                }),
                ..common
            },
        }
    }
}
