use std::path::Path;
use std::str::FromStr;

use super::{Config, LogFormat, LogLevel};
use gatehouse_document::{Section, shown};

/// Longest name of a cluster: it becomes part of a certificate's name (RFC 5280 appendix A.1, ub-common-name is 64).
const MAX_NAME: usize = 48;

/// Reads the section `gatehouse`.
pub(super) fn read(mut section: Section<'_>, folder: &Path, config: &mut Config) {
    config.data_dir = section.text("data_dir").map(|(_, path)| folder.join(path));
    config.key_file = section.text("key_file").map(|(_, path)| folder.join(path));
    if let Some((place, name)) = section.text("cluster_name") {
        let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.len() <= MAX_NAME && name.chars().all(ok) {
            config.name = Some(name.to_owned());
        } else {
            let text = "letters, digits, dots, hyphens and underscores, at most 48 characters";
            section.problem(place, format!("`gatehouse.cluster_name` \"{}\": use {text}", shown(name)));
        }
    }
    if let Some(mut log) = section.section("log") {
        if let Some((_, level)) = log.parsed("level") {
            config.log.level = level;
        }
        if let Some((_, format)) = log.parsed("format") {
            config.log.format = format;
        }
        log.finish();
    }
    section.finish();
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            other => {
                Err(format!("unknown level \"{}\": use error, warn, info, debug or trace", shown(other)))
            }
        }
    }
}

impl FromStr for LogFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("unknown format \"{}\": use text or json", shown(other))),
        }
    }
}
