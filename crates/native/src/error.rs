use std::io;
use std::path::PathBuf;

use gatehouse_model::ErrorKind;

use crate::tpm::{ResponseCode, TpmError};

/// Why something on the device did not work.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// The TPM could not be reached or refused a command.
    #[error(transparent)]
    Tpm(#[from] TpmError),
    /// There is no support for device trust on this operating system.
    #[error("platform not supported")]
    PlatformNotSupported,
    /// No attestation key is stored here.
    #[error("device key not found, was the device enrolled?")]
    NoAttestationKey,
    /// The stored attestation key belongs to another TPM, or to this one before it was cleared.
    #[error("the stored attestation key was not made by this TPM ({code})")]
    ForeignAttestationKey {
        /// How the TPM refused it.
        code: ResponseCode,
    },
    /// The file with the attestation key cannot be read as one.
    #[error("the stored attestation key is damaged: {reason}")]
    DamagedAttestationKey {
        /// What is wrong with it.
        reason: String,
    },
    /// The TPM can make none of the endorsement keys that Gatehouse knows.
    #[error("no endorsement keys found in tpm")]
    NoEndorsementKey,
    /// `--ek` asks for a key that this TPM cannot make.
    #[error("this TPM has no {kind} endorsement key")]
    EndorsementKeyUnavailable {
        /// The kind that was asked for.
        kind: &'static str,
    },
    /// The certificate in NV memory is for another key than the TPM makes.
    #[error(
        "the {kind} endorsement certificate in the TPM does not belong to the TPM's {kind} endorsement key"
    )]
    EndorsementKeyMismatch {
        /// The kind of key.
        kind: &'static str,
    },
    /// The server's challenge was made for other keys than this TPM's.
    #[error(
        "this TPM cannot open the server's challenge: it was made for another endorsement or attestation key ({code})"
    )]
    ForeignChallenge {
        /// How the TPM refused it.
        code: ResponseCode,
    },
    /// The server's challenge cannot be read.
    #[error("the server's challenge is malformed: {reason}")]
    MalformedChallenge {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The PCRs changed between reading and quoting, over and over.
    #[error("the platform's measurements keep changing while they are quoted")]
    UnsteadyPcrs,
    /// A file of the device's state cannot be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    State {
        /// `read`, `write`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Reading the machine's serial numbers as root failed.
    #[error("failed to read the machine's serial numbers as root: {reason}")]
    Escalation {
        /// What happened.
        reason: String,
    },
}

impl NativeError {
    /// Stable name of the error, for JSON output and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tpm(error) => error.code(),
            Self::PlatformNotSupported => "platform_not_supported",
            Self::NoAttestationKey => "device_key_not_found",
            Self::ForeignAttestationKey { .. } => "device_key_foreign",
            Self::DamagedAttestationKey { .. } => "device_key_damaged",
            Self::NoEndorsementKey => "ek_not_found",
            Self::EndorsementKeyUnavailable { .. } => "ek_unavailable",
            Self::EndorsementKeyMismatch { .. } => "ek_mismatch",
            Self::ForeignChallenge { .. } => "challenge_foreign",
            Self::MalformedChallenge { .. } => "challenge_malformed",
            Self::UnsteadyPcrs => "pcrs_unsteady",
            Self::State { .. } => "device_state",
            Self::Escalation { .. } => "escalation_failed",
        }
    }

    /// What kind of failure it is, for exit codes.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Tpm(error) => error.kind(),
            Self::PlatformNotSupported => ErrorKind::Unimplemented,
            Self::NoAttestationKey => ErrorKind::NotFound,
            Self::ForeignAttestationKey { .. }
            | Self::DamagedAttestationKey { .. }
            | Self::NoEndorsementKey
            | Self::EndorsementKeyUnavailable { .. }
            | Self::EndorsementKeyMismatch { .. }
            | Self::ForeignChallenge { .. }
            | Self::Escalation { .. } => ErrorKind::FailedPrecondition,
            Self::UnsteadyPcrs => ErrorKind::Unavailable,
            Self::MalformedChallenge { .. } | Self::State { .. } => ErrorKind::Internal,
        }
    }

    /// The way out, where there is one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Tpm(error) => return error.hint(),
            Self::PlatformNotSupported => "device trust works on Linux with a TPM 2.0",
            Self::NoAttestationKey => "enrol this device: `tsh device enroll --token=<token>`",
            Self::ForeignAttestationKey { .. } | Self::DamagedAttestationKey { .. } => {
                "enrol this device again: `tsh device enroll --token=<token>`; a new key is made then"
            }
            Self::NoEndorsementKey => {
                "check that the endorsement hierarchy is enabled in the firmware setup; `tsh device doctor` shows more"
            }
            Self::EndorsementKeyUnavailable { .. } => {
                "leave out `--ek`, or choose another kind of key with it"
            }
            Self::EndorsementKeyMismatch { .. } => {
                "the TPM's endorsement seed was changed after it left its maker; choose another key with `--ek`"
            }
            Self::ForeignChallenge { .. } => "try again; if it stays so, run `tsh device doctor`",
            Self::UnsteadyPcrs => "try again in a moment",
            Self::State { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                "the folder belongs to somebody else, perhaps because tsh once ran under sudo; give it back with chown"
            }
            Self::Escalation { .. } => {
                "check that you may use sudo, or run `sudo -v` first; the serial numbers are kept after the first time"
            }
            Self::MalformedChallenge { .. } | Self::State { .. } => return None,
        };
        Some(text.to_owned())
    }
}
