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
pub mod boot;
pub mod ceremony;
pub mod cli_login;
pub mod cluster;
pub mod credential;
pub mod device;
pub mod device_detail;
pub mod device_web;
pub mod enroll_token;
pub mod evidence;
pub mod factor;
pub mod import;
pub mod listing;
pub mod lock;
pub mod review;
pub mod role;
pub mod session;
pub mod ship_ahead;
pub mod user;
pub mod web_record;

/// The statements of every area; those that differ by engine are in [`crate::dialect`].
pub const AREAS: &[&[(&str, &str)]] = &[
    audit::ALL,
    ceremony::ALL,
    cli_login::ALL,
    cluster::ALL,
    credential::ALL,
    boot::ALL,
    device::ALL,
    device_detail::ALL,
    device_web::ALL,
    enroll_token::ALL,
    evidence::ALL,
    listing::ALL,
    import::ALL,
    factor::ALL,
    lock::ALL,
    review::ALL,
    role::ALL,
    session::ALL,
    ship_ahead::ALL,
    user::ALL,
    web_record::ALL,
];
