//! The console as a browser sees it: the real router over a real database, in process.

mod browser;
mod devices;
mod inventory;
mod live;
mod protection;
mod signing_in;
mod signing_up;
