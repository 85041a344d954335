//! Gatehouse's console.
//!
//! Pages are rendered on the server and work without JavaScript: they are of the `ssr` half alone. Only what stands in
//! [`islands`] is compiled to WASM, and only the server functions and their answers ([`api`]) are in both halves.
#![expect(
    unreachable_pub,
    reason = "the macros make public what they add to components and server functions"
)]
// A view's type nests as deep as its elements do.
#![recursion_limit = "512"]

pub mod api;
mod error;
#[cfg(feature = "ssr")]
mod form;
#[cfg(feature = "ssr")]
pub mod forms;
pub mod islands;

#[cfg(feature = "ssr")]
mod app;
#[cfg(feature = "ssr")]
mod components;
#[cfg(feature = "ssr")]
mod context;
#[cfg(feature = "ssr")]
mod cookie;
#[cfg(feature = "ssr")]
mod moment;
#[cfg(feature = "ssr")]
mod next_page;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod way_out;

#[cfg(feature = "ssr")]
pub use api::parameters;
#[cfg(feature = "ssr")]
pub use app::App;
#[cfg(feature = "ssr")]
pub use context::{ConsoleContext, Refusal, Refusals, Said};
#[cfg(feature = "ssr")]
pub use cookie::{PENDING_COOKIE, SESSION_COOKIE, clear_pending_cookie, pending_cookie, session_cookie};
pub use error::ApiError;
#[cfg(feature = "ssr")]
pub use form::{
    ACTION_FIELD, Answer, Answering, CookieChange, FormOutcome, Handler, KEY_FIELD, MAX_FORM, PostRoute,
    Posted, PostedFile, Reaction, shown,
};
#[cfg(feature = "ssr")]
pub use next_page::{HOME, safe_next};
#[cfg(feature = "ssr")]
pub use pages::{device_row, handoff_state};
#[cfg(feature = "ssr")]
pub use shell::{Assets, IslandFiles, shell};
