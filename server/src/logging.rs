//! Log lines on standard error. Never logged: query strings, bodies, headers, tokens, keys, passwords.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{Layer as _, Registry};

use crate::config::{LogConfig, LogFormat, LogLevel};

/// Sets up logging for the whole process. Levels below `warn` are for Gatehouse's own lines alone: libraries would
/// print what they carry.
///
/// # Errors
/// Logging is already set up.
pub fn start(config: LogConfig) -> Result<(), TryInitError> {
    let own = match config.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    let filter = Targets::new()
        .with_default(own.min(tracing::Level::WARN))
        // Covers every crate of ours: a target matches by its beginning.
        .with_target("gatehouse", own);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    Registry::default().with(lines.with_filter(filter)).try_init()
}
