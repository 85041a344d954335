//! Gatehouse's storage: the ports of `gatehouse_domain::ports::store` on SQLite and on PostgreSQL.
//!
//! A query is one text ([`sql`]) and one method (`rows/`) for both engines; a method speaks to a small executor
//! that each engine has one of. Where the engines differ, the difference is a value in [`dialect`].
#![forbid(unsafe_code)]

mod decode;
pub mod dialect;
mod executor;
mod failure;
mod feed;
mod open;
mod platform;
mod pools;
mod postgres_transaction;
mod rows;
pub mod sql;
mod sqlite_connections;
mod sqlite_file;
mod sqlite_group;
mod sqlite_lease;
mod sqlite_row;
mod sqlite_transaction;
mod value;

pub use failure::way_out;
pub use open::{
    Location, OpenError, POSTGRES_LISTS, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, open, open_as_is,
};
