//! What somebody may hear of changes while they happen.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Core;
use crate::authz::{
    ListDevices, ListEvents, ListLocks, ListReviews, ListRoles, ListUsers, Principal, ReadPreference,
};
use crate::ports::{Change, Changes, Heard};

/// Names something that is shown somewhere and may have changed, such as `device:<id>`. It says nothing else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A device.
    Device(String),
    /// The own session: its trust, its rights, or its end.
    Session,
    /// A device speaks for the own session, or was refused.
    DeviceWeb,
    /// The own devices.
    OwnDevices,
    User(String),
    Role(String),
    Locks,
    /// What administrators have to decide about devices.
    Reviews,
    Preference,
    /// An import of the own.
    Import(String),
    /// The audit log has grown.
    Audit,
    /// Anything.
    Everything,
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Device(id) => write!(f, "device:{id}"),
            Self::Session => f.write_str("session"),
            Self::DeviceWeb => f.write_str("device-web"),
            Self::OwnDevices => f.write_str("own-devices"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Role(name) => write!(f, "role:{name}"),
            Self::Locks => f.write_str("locks"),
            Self::Reviews => f.write_str("reviews"),
            Self::Preference => f.write_str("preference"),
            Self::Import(id) => write!(f, "import:{id}"),
            Self::Audit => f.write_str("audit"),
            Self::Everything => f.write_str("everything"),
        }
    }
}

/// Changes as they happen.
pub struct Live {
    core: Arc<Core>,
}

impl Live {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Every change from now on. What of it somebody may know, [`topics`] says.
    #[must_use]
    pub fn watch(&self) -> Box<dyn Changes> {
        self.core.store.changes()
    }
}

/// What of the changes somebody may know, each topic once. The principal is to be asked for anew after they were
/// heard, for they may have changed what it may know.
#[must_use]
pub fn topics(principal: &Principal, heard: &Heard) -> BTreeSet<Topic> {
    if principal.signed_in().is_none() {
        return BTreeSet::new();
    }
    match heard {
        Heard::Missed => BTreeSet::from([Topic::Everything]),
        Heard::Changes(changes) => changes.iter().flat_map(|change| of_change(principal, change)).collect(),
    }
}

fn of_change(principal: &Principal, change: &Change) -> Vec<Topic> {
    let Some(user) = principal.signed_in() else { return Vec::new() };
    let mut topics = Vec::new();
    let acted = change.user.as_deref() == Some(&user.name);
    let is_target = change.target.as_deref() == Some(&user.name);
    if let Some(id) = &change.device_id {
        let is_at_hand = user.device.as_ref().is_some_and(|device| device.device_id == *id);
        if acted {
            topics.push(Topic::OwnDevices);
        }
        if acted || is_at_hand || principal.grant::<ListDevices>().is_ok() {
            topics.push(Topic::Device(id.clone()));
        }
        // Locked, un-enrolled or deleted under a session, or authenticated for it.
        if acted || is_at_hand {
            topics.push(Topic::Session);
        }
    }
    let is_here = change.session_id.as_deref() == Some(&user.session_id);
    if is_here
        && ["device.authenticate", "device.webtoken.redeem", "device.webtoken.number"]
            .iter()
            .any(|name| change.event.starts_with(name))
    {
        topics.push(Topic::DeviceWeb);
    }
    let (area, _) = change.event.split_once('.').unwrap_or((&change.event, ""));
    let target = change.target.clone();
    match (area, target) {
        ("user", Some(name)) if principal.grant::<ListUsers>().is_ok() => topics.push(Topic::User(name)),
        ("role", Some(name)) => {
            // Whoever has the role has other rights now.
            if user.roles.iter().any(|role| role.name == name) {
                topics.push(Topic::Session);
            }
            if principal.grant::<ListRoles>().is_ok() {
                topics.push(Topic::Role(name));
            }
        }
        ("device", Some(id)) if acted && change.event.starts_with("device.import") => {
            topics.push(Topic::Import(id));
        }
        ("lock", _) => {
            // A lock may be on the user, a role, or the device: the session's next look says.
            topics.push(Topic::Session);
            if principal.grant::<ListLocks>().is_ok() {
                topics.push(Topic::Locks);
            }
        }
        ("review", _) if principal.grant::<ListReviews>().is_ok() => topics.push(Topic::Reviews),
        ("cluster_auth_preference", _) => {
            topics.push(Topic::Session);
            if principal.grant::<ReadPreference>().is_ok() {
                topics.push(Topic::Preference);
            }
        }
        _ => {}
    }
    if matches!(area, "user" | "session") && (acted || is_target) {
        topics.push(Topic::Session);
    }
    if principal.grant::<ListEvents>().is_ok() {
        topics.push(Topic::Audit);
    }
    topics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authz::Actor;
    use crate::authz::tests::{NOW, principal, signed_in, user};
    use crate::ports::DeviceExtensions;

    fn change(event: &str, device: Option<&str>, actor: &str, target: Option<&str>) -> Heard {
        Heard::Changes(vec![Change {
            event: event.to_owned(),
            device_id: device.map(str::to_owned),
            user: Some(actor.to_owned()),
            target: target.map(str::to_owned),
            session_id: None,
        }])
    }

    fn heard(principal: &Principal, heard: &Heard) -> Vec<String> {
        topics(principal, heard).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn strangers_hear_nothing_and_users_only_of_what_is_theirs() {
        let nobody = principal(Actor::Anonymous);
        let alice = user(signed_in(&["access"]));
        let enrolled = change("device.enroll", Some("d1"), "bob", None);
        assert_eq!(heard(&nobody, &enrolled), [""; 0]);
        assert_eq!(heard(&nobody, &Heard::Missed), [""; 0]);
        assert_eq!(heard(&alice, &enrolled), [""; 0]);
        assert_eq!(heard(&alice, &change("user.update", None, "root", Some("bob"))), [""; 0]);
        assert_eq!(heard(&alice, &change("role.update", None, "root", Some("editor"))), [""; 0]);

        let own = change("device.enroll", Some("d1"), "alice", None);
        assert_eq!(heard(&alice, &own), ["device:d1", "session", "own-devices"]);
        assert_eq!(heard(&alice, &change("user.update", None, "root", Some("alice"))), ["session"]);
        assert_eq!(heard(&alice, &change("role.update", None, "root", Some("access"))), ["session"]);
        assert_eq!(heard(&alice, &change("lock.create", None, "root", Some("x"))), ["session"]);
        assert_eq!(heard(&alice, &Heard::Missed), ["everything"]);
    }

    #[test]
    fn what_happens_to_the_device_at_hand_is_heard_without_rights() {
        let mut alice = signed_in(&["access"]);
        alice.device = Some(DeviceExtensions {
            device_id: "d1".to_owned(),
            asset_tag: "TAG".to_owned(),
            credential_id: "c".to_owned(),
        });
        let deleted = change("device.delete", Some("d1"), "root", None);
        assert_eq!(heard(&user(alice), &deleted), ["device:d1", "session"]);
    }

    #[test]
    fn admins_hear_of_what_they_may_list_and_of_nothing_while_a_required_device_is_missing() {
        let admin = user(signed_in(&["editor"]));
        let enrolled = change("device.enroll", Some("d1"), "bob", None);
        assert_eq!(heard(&admin, &enrolled), ["device:d1", "audit"]);
        assert_eq!(heard(&admin, &change("user.update", None, "x", Some("bob"))), ["user:bob", "audit"]);
        let devices_only = user(signed_in(&["device-admin"]));
        assert_eq!(heard(&devices_only, &enrolled), ["device:d1"]);
        let mut untrusted = signed_in(&["editor"]);
        untrusted.device_required = true;
        untrusted.has_enrolled_device = true;
        untrusted.factor_time = NOW;
        assert_eq!(heard(&user(untrusted), &enrolled), [""; 0]);
    }
}
