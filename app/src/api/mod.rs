//! Server functions: each parses what it is given, calls one method of the domain, and answers with plain data.

#[cfg(feature = "ssr")]
pub(crate) mod audit;
#[cfg(feature = "ssr")]
pub(crate) mod cli_login;
#[cfg(feature = "ssr")]
pub(crate) mod device;
mod devices;
#[cfg(feature = "ssr")]
pub(crate) mod imports;
#[cfg(feature = "ssr")]
pub(crate) mod locks;
#[cfg(feature = "ssr")]
mod own_devices;
#[cfg(feature = "ssr")]
pub(crate) mod page_token;
#[cfg(feature = "ssr")]
pub(crate) mod query;
#[cfg(feature = "ssr")]
pub(crate) mod roles;
mod session;
#[cfg(feature = "ssr")]
pub(crate) mod sessions;
#[cfg(feature = "ssr")]
pub(crate) mod settings;
mod signup;
#[cfg(feature = "ssr")]
pub(crate) mod tokens;
#[cfg(feature = "ssr")]
pub(crate) mod users;

use serde::{Deserialize, Serialize};

pub use devices::{DeviceList, DeviceRow, list_devices};
pub use session::{Shield, SignInForm, TrustedDevice, Viewer, sign_in, sign_in_form, sign_out, viewer};
pub use signup::{AuthenticatorSecret, Signup, SignupPurpose, finish_signup, signup};

#[cfg(feature = "ssr")]
pub(crate) use audit::device_named;
#[cfg(feature = "ssr")]
pub use audit::{AuditQuery, export_events};
#[cfg(feature = "ssr")]
pub(crate) use own_devices::{EnrolCommands, OwnDevice, enrol_commands, own_devices};
#[cfg(feature = "ssr")]
pub(crate) use session::viewer_of;
#[cfg(feature = "ssr")]
pub use session::{log_in, log_out};
#[cfg(feature = "ssr")]
pub use signup::{SignupAnswers, redeem};

/// A point in time as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// To the minute, for people.
    pub text: String,
    /// RFC 3339.
    pub exact: String,
}
