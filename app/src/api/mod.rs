//! Server functions: each parses what it is given, calls one method of the domain, and answers with plain data.

#[cfg(feature = "ssr")]
pub(crate) mod audit;
#[cfg(feature = "ssr")]
pub(crate) mod boot_settings;
#[cfg(feature = "ssr")]
pub(crate) mod cli_login;
#[cfg(feature = "ssr")]
pub(crate) mod device;
#[cfg(feature = "ssr")]
pub(crate) mod device_web;
#[cfg(feature = "ssr")]
pub(crate) mod ek_cas;
#[cfg(feature = "ssr")]
pub(crate) mod imports;
#[cfg(feature = "ssr")]
mod inventory;
#[cfg(feature = "ssr")]
pub(crate) mod locks;
#[cfg(feature = "ssr")]
mod own_devices;
#[cfg(feature = "ssr")]
pub(crate) mod page_token;
mod passkeys;
#[cfg(feature = "ssr")]
pub(crate) mod query;
#[cfg(feature = "ssr")]
pub(crate) mod reviews;
#[cfg(feature = "ssr")]
pub(crate) mod roles;
#[cfg(feature = "ssr")]
mod security;
mod session;
#[cfg(feature = "ssr")]
pub(crate) mod sessions;
#[cfg(feature = "ssr")]
pub(crate) mod settings;
#[cfg(feature = "ssr")]
pub(crate) mod ship_ahead;
mod signup;
#[cfg(feature = "ssr")]
pub(crate) mod tokens;
#[cfg(feature = "ssr")]
pub(crate) mod users;
#[cfg(feature = "ssr")]
pub(crate) mod web_settings;

use serde::{Deserialize, Serialize};

pub use passkeys::{PasskeyQuestion, ask_passkey};
pub use session::{Shield, SignInForm, TrustedDevice, Viewer, sign_in_form, viewer};
pub use signup::{AuthenticatorSecret, Signup, SignupPurpose, signup};

#[cfg(feature = "ssr")]
pub(crate) use audit::device_named;
#[cfg(feature = "ssr")]
pub use audit::{AuditQuery, export_events};
#[cfg(feature = "ssr")]
pub use inventory::parameters;
#[cfg(feature = "ssr")]
pub(crate) use inventory::{
    INVENTORY, InventoryAddress, InventoryPage, InventoryRow, address_of, insights, inventory, row, sorted_by,
};
#[cfg(feature = "ssr")]
pub(crate) use own_devices::{EnrolCommands, OwnDevice, enrol_commands, own_devices};
#[cfg(feature = "ssr")]
pub(crate) use security::{
    Confirmation, KeyRow, SecurityView, add_passkey, change_password, confirm, confirmation,
    new_recovery_codes, offer_authenticator, remove_authenticator, remove_passkey, rename_passkey,
    security_view, set_authenticator,
};
#[cfg(feature = "ssr")]
pub use session::log_out;
#[cfg(feature = "ssr")]
pub(crate) use session::{finish_log_in, log_in, log_in_by_passkey, second_factor_step, viewer_of};
#[cfg(feature = "ssr")]
pub(crate) use signup::{SignupAnswers, redeem};

/// A point in time as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// To the minute, for people.
    pub text: String,
    /// RFC 3339.
    pub exact: String,
}
