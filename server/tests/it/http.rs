//! The console as a browser sees it: the real router over a real database, in process.

mod audit;
mod browser;
mod cli_login;
mod device_page;
mod devices;
mod ek_cas;
mod imports;
mod inventory;
mod kept_forms;
mod list_places;
mod live;
mod locks;
mod passkeys;
mod people;
mod protection;
mod roles;
mod session_lists;
mod sessions;
mod settings;
mod ship_ahead;
mod signing_in;
mod signing_up;
mod step_up;
mod tokens;
mod users;
mod ways_out;
