//! Every statement of the store, as named constants: one text for both engines.
//!
//! The texts keep to what SQLite and PostgreSQL share: `$n` parameters, `returning`, `on conflict do update`, row
//! comparisons for pages, no functions of one engine. A filter that may be absent is
//! `(cast($n as text) is null or …)`; a filter that decides which index serves has a constant of its own.

/// Declares statements and the list of all of them.
macro_rules! statements {
    ($($(#[$meta:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$meta])* pub(crate) const $name: &str = $text;)*

        /// Name and text of every statement of this area.
        pub const ALL: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

pub mod audit;
pub mod ceremony;
pub mod cluster;
pub mod credential;
pub mod device;
pub mod enroll_token;
pub mod evidence;
pub mod lock;
pub mod role;
pub mod session;
pub mod user;

/// The statements of every area; those that differ by engine are in [`crate::dialect`].
pub const AREAS: &[&[(&str, &str)]] = &[
    audit::ALL,
    ceremony::ALL,
    cluster::ALL,
    credential::ALL,
    device::ALL,
    enroll_token::ALL,
    evidence::ALL,
    lock::ALL,
    role::ALL,
    session::ALL,
    user::ALL,
];
