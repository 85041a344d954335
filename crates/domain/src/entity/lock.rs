use gatehouse_model::Timestamp;
use gatehouse_model::resource::LockTarget;

/// A lock: its target gets no certificates, no ceremonies and no access while it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// UUID.
    pub id: String,
    pub target: LockTarget,
    pub message: String,
    pub created: Timestamp,
    pub created_by: String,
    /// Never, if absent.
    pub expires: Option<Timestamp>,
}

impl Lock {
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| end > now)
    }

    /// The target as error texts name it: `User:"alice"`, `Device:"<id>"`.
    #[must_use]
    pub fn target_text(&self) -> String {
        target_text(&self.target)
    }
}

/// See [`Lock::target_text`].
pub(crate) fn target_text(target: &LockTarget) -> String {
    match target {
        LockTarget { user: Some(user), .. } => format!("User:\"{user}\""),
        LockTarget { role: Some(role), .. } => format!("Role:\"{role}\""),
        LockTarget { device: Some(device), .. } => format!("Device:\"{device}\""),
        LockTarget { .. } => "nobody".to_owned(),
    }
}
