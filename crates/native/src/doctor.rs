//! `tsh device doctor`: looks at everything that device trust needs, and says what it saw. It changes nothing.

mod link_checks;
mod machine;
mod tpm_checks;

use std::path::Path;

use serde::Serialize;

pub use self::link_checks::examine_links;
use crate::tpm::{Tpm, TpmAddress, connect};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// All is well.
    Ok,
    /// It works, but not as well as it could, or not yet.
    Warn,
    /// Device trust cannot work like this.
    Fail,
}

/// What one check saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable name of the check: `tpm-device`, `tpm-model`, `ek-certificates`, `storage-key`, `attestation-key`,
    /// `lockout`, `pcr-banks`, `event-log`, `smbios`, `state-folder`, `link-handler`, `link-question`, `link-browser`.
    pub check: String,
    pub status: Status,
    /// One line for people.
    pub detail: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Finding {
    fn new(check: &str, status: Status, detail: impl Into<String>) -> Self {
        Self { check: check.to_owned(), status, detail: detail.into(), hint: None }
    }

    fn ok(check: &str, detail: impl Into<String>) -> Self {
        Self::new(check, Status::Ok, detail)
    }

    fn warn(check: &str, detail: impl Into<String>) -> Self {
        Self::new(check, Status::Warn, detail)
    }

    fn fail(check: &str, detail: impl Into<String>) -> Self {
        Self::new(check, Status::Fail, detail)
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn failed(check: &str, error: &crate::NativeError) -> Self {
        Self { hint: error.hint(), ..Self::fail(check, error.to_string()) }
    }
}

/// Runs every check. `event_log` is the file that would be used in place of the firmware's, if any.
#[must_use]
pub fn examine(
    address: &TpmAddress,
    state_dir: &Path,
    sysfs: &Path,
    event_log: Option<&Path>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    match connect(address) {
        Ok(transport) => {
            findings.push(Finding::ok(
                "tpm-device",
                format!("{address} can be opened{}", machine::groups_note(address)),
            ));
            findings.extend(tpm_checks::run(&Tpm::new(transport), state_dir));
        }
        Err(error) => {
            let mut finding = Finding::failed("tpm-device", &error.into());
            finding.detail.push_str(&machine::groups_note(address));
            findings.push(finding);
        }
    }
    findings.push(machine::event_log(address, event_log));
    findings.push(machine::smbios(sysfs, state_dir));
    findings.push(machine::state_folder(state_dir));
    findings
}
