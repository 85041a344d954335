//! The server end to end over gRPC: the ceremonies, and what bad input gets.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rig;

mod enrol;
