//! The console as a browser sees it: the real router over a real database, in process.

mod browser;
mod cli_login;
mod devices;
mod live;
mod passkeys;
mod protection;
mod session_lists;
mod sessions;
mod signing_in;
mod signing_up;
