//! Logins that are in force.

mod all;
mod own;
mod table;

pub(crate) use all::AllSessionsPage;
pub(crate) use own::OwnSessionsPage;
