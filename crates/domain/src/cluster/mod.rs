//! What holds for the cluster as a whole: preference, roles, locks, status, retention.

mod form_keys;
mod last_admin;
mod locked_out;
mod locks;
mod preference;
mod reach;
mod readiness;
mod retention;
mod roles;
mod status;

pub use form_keys::{FormKeyError, FormKeys};
pub(crate) use last_admin::AdminGuard;
pub use last_admin::LastAdmin;
pub use locked_out::{COUNTED, LockedOut, Yourself};
pub use locks::{LockError, LockPage, Locks, NewLock};
pub use preference::{
    AllowedCa, Effective, Preference, PreferenceDocument, PreferenceError, Source, shadowed_keys,
};
pub use reach::BeyondReach;
pub(crate) use reach::Reach;
pub use readiness::Readiness;
pub use retention::{RETENTION_DAYS, Retention};
pub(crate) use roles::check_logins as roles_check_logins;
pub use roles::{RoleError, RoleGlance, RoleProblem, Roles};
pub use status::{CLUSTER_ID, ClusterStatus, Status};
