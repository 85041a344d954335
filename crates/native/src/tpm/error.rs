use std::io;
use std::path::PathBuf;

use gatehouse_model::ErrorKind;

use super::{ResponseCode, TpmAddress};

/// Why the TPM could not be reached or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum TpmError {
    /// The device is there, but this user may not open it.
    #[error(
        "Failed to open the TPM device. Consider assigning the user to the `tss` group or creating equivalent udev rules."
    )]
    PermissionDenied {
        /// The device.
        path: PathBuf,
    },
    /// There is no such device or socket.
    #[error("no TPM 2.0 found at {address}")]
    NotFound {
        /// Where it was looked for.
        address: TpmAddress,
    },
    /// Opening failed for another reason.
    #[error("failed to open the TPM at {address}: {source}")]
    Open {
        /// Where it was looked for.
        address: TpmAddress,
        /// What the system says.
        source: io::Error,
    },
    /// The text of a flag or variable is no TPM address.
    #[error("\"{given}\" is not the address of a TPM")]
    Address {
        /// The text, made safe to print.
        given: String,
    },
    /// Bytes could not be exchanged any more.
    #[error("lost the connection to the TPM in {command}: {source}")]
    Exchange {
        /// The command that was under way.
        command: String,
        /// What the system says.
        source: io::Error,
    },
    /// Dictionary-attack protection has locked the TPM (TPM_RC_LOCKOUT, 0x921).
    #[error("the TPM is locked because of too many failed authorisations (TPM_RC_LOCKOUT, 0x921)")]
    Lockout,
    /// The TPM refused a command.
    #[error("{command} failed: {code}")]
    Refused {
        /// The command.
        command: String,
        /// The TPM's code.
        code: ResponseCode,
    },
    /// The TPM's answer, or data for it, does not have the form that the specification gives.
    #[error("{what} is malformed")]
    Malformed {
        /// What was being read or written.
        what: String,
    },
}

impl TpmError {
    /// Stable name of the error, for JSON output and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PermissionDenied { .. } => "tpm_permission_denied",
            Self::NotFound { .. } => "tpm_not_found",
            Self::Open { .. } => "tpm_open",
            Self::Address { .. } => "tpm_address",
            Self::Exchange { .. } => "tpm_exchange",
            Self::Lockout => "tpm_lockout",
            Self::Refused { .. } => "tpm_refused",
            Self::Malformed { .. } => "tpm_malformed",
        }
    }

    /// What kind of failure it is, for exit codes.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::PermissionDenied { .. } => ErrorKind::PermissionDenied,
            Self::NotFound { .. } | Self::Lockout => ErrorKind::FailedPrecondition,
            Self::Address { .. } => ErrorKind::InvalidInput,
            Self::Open { .. } | Self::Exchange { .. } => ErrorKind::Unavailable,
            Self::Refused { .. } | Self::Malformed { .. } => ErrorKind::Internal,
        }
    }

    /// The way out, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::PermissionDenied { path } => Some(permission_hint(path)),
            Self::NotFound { address: TpmAddress::Device(_) } => Some(
                "Enable the TPM (fTPM, PTT, security device) in the firmware setup, or add a virtual TPM 2.0 to the \
                 virtual machine. `--tpm` or TCTI select another TPM."
                    .to_owned(),
            ),
            Self::NotFound { .. } => {
                Some("start the software TPM first, or select another TPM with `--tpm` or TCTI".to_owned())
            }
            Self::Open { source, .. } if source.kind() == io::ErrorKind::ResourceBusy => Some(
                "another program holds the TPM; use /dev/tpmrm0, which many programs can share".to_owned(),
            ),
            Self::Open { .. } | Self::Malformed { .. } => None,
            Self::Address { .. } => Some(
                "write device:/dev/tpmrm0, swtpm:path=/run/tpm.sock or swtpm:host=127.0.0.1,port=2321".to_owned(),
            ),
            Self::Exchange { .. } => Some("try again; if it stays so, restart the machine".to_owned()),
            Self::Lockout => Some(
                "Wait for the TPM's recovery time and try again, or reset the counter with `tpm2_dictionarylockout \
                 --clear-lockout`. `tsh device doctor` shows the counter."
                    .to_owned(),
            ),
            Self::Refused { code, .. } => refusal_hint(*code),
        }
    }

    /// The code with which the TPM refused the command, if it did.
    #[must_use]
    pub const fn response_code(&self) -> Option<ResponseCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn permission_hint(path: &std::path::Path) -> String {
    format!(
        "Run `sudo usermod -aG tss $USER` and log in again, or create /etc/udev/rules.d/60-tpm.rules with \
         KERNEL==\"tpmrm[0-9]*\", MODE=\"0660\", GROUP=\"tss\" and run `sudo udevadm trigger {}`.",
        path.display()
    )
}

fn refusal_hint(code: ResponseCode) -> Option<String> {
    let text = match code.value() {
        0x100 => "the TPM was not started up; start swtpm with `--flags not-need-init,startup-clear`",
        0x902..=0x904 => {
            "the TPM has no room for more keys or sessions; use /dev/tpmrm0, or restart the software TPM"
        }
        _ if code.is_temporary() => "the TPM is busy; try again in a moment",
        _ if code.is_wrong_password() => {
            "The owner or endorsement hierarchy of this TPM has a password; Gatehouse needs them without one. Clear \
             it with `tpm2_changeauth`."
        }
        _ => return None,
    };
    Some(text.to_owned())
}
