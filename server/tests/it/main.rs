//! The server as its clients see it: over TLS, over the Unix socket, and as a process.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admin_socket;
mod client;
mod harness;
mod http;
mod process;
mod requests;
mod stopping;
mod tls;
