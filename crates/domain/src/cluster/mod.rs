//! What holds for the cluster as a whole: preference, roles, locks, status, retention.

mod form_keys;
mod locks;
mod preference;
mod retention;
mod roles;
mod status;

pub use form_keys::{FormKeyError, FormKeys};
pub use locks::{LockError, Locks, NewLock};
pub use preference::{Effective, Preference, PreferenceDocument, PreferenceError, Source, shadowed_keys};
pub use retention::{RETENTION_DAYS, Retention};
pub(crate) use roles::check_logins as roles_check_logins;
pub use roles::{RoleError, Roles};
pub use status::{CLUSTER_ID, ClusterStatus, Status};
