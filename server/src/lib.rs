//! The Gatehouse server: configuration, keys, TLS, listeners, and the services that they carry.
#![forbid(unsafe_code)]

pub mod ca;
pub mod cli;
pub mod compose;
pub mod config;
pub mod config_check;
pub mod connection_info;
pub mod data_dir;
pub mod environment;
pub mod foundation;
pub mod grpc;
pub mod http;
pub mod issuers;
pub mod listener;
pub mod logging;
pub mod output;
pub mod passkeys;
pub mod peer_certificate;
mod private_file;
pub mod request_id;
pub mod secrets;
pub mod shutdown;
mod start;
mod tasks;
pub mod tls;
pub mod user_ca;

use tokio_util::sync::CancellationToken;

use crate::compose::Composed;
use crate::foundation::{Foundation, StartError};

pub use start::run;

/// Binds, announces that the server is ready, and serves until `stop`.
///
/// # Errors
/// An address in use or out of reach; a failing database.
pub async fn serve(
    mut foundation: Foundation,
    stop: CancellationToken,
    announce: impl FnOnce(&Foundation, &Composed),
) -> Result<(), StartError> {
    let listener = foundation.bind().await?;
    let composed = compose::compose(&foundation).await?;
    announce(&foundation, &composed);
    let tasks = tasks::start(&composed.services, &stop);
    listener.serve(composed.routers, stop).await;
    tasks.wait().await;
    // The lock of the data directory is let go last.
    drop(foundation);
    Ok(())
}
