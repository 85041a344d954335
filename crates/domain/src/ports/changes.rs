use async_trait::async_trait;

/// A change that was committed, told after its audit event: what changed, never what it changed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Name of the audit event, such as `device.enroll`.
    pub event: String,
    /// The device that the event is about.
    pub device_id: Option<String>,
    /// Who acted.
    pub user: Option<String>,
    /// What the event is about where it is no device: a user, a role, a lock.
    pub target: Option<String>,
    /// The session in which it was done.
    pub session_id: Option<String>,
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Changes(Vec<Change>),
    /// The listener was too slow, or the connection to the database was lost: anything may have changed.
    Missed,
}

/// Changes from now on, those of other servers on the same database included.
#[async_trait]
pub trait Changes: Send {
    /// Waits for at least one change; `None` once there will be no more.
    async fn next(&mut self) -> Option<Heard>;
}
