//! The console as a browser sees it: the real router over a real database, in process.

mod browser;
mod cli_login;
mod device_page;
mod devices;
mod imports;
mod live;
mod protection;
mod session_lists;
mod sessions;
mod signing_in;
mod signing_up;
mod tokens;
