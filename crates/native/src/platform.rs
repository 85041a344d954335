//! What differs between operating systems.

use gatehouse_model::CollectedData;

use crate::{CollectOptions, NativeError};

/// What an operating system must offer for device trust.
pub(crate) trait Platform: Sync {
    /// Whether keys live in a TPM that this crate can talk to.
    fn has_tpm(&self) -> bool;

    /// Gathers serial numbers and facts of the operating system.
    fn collect(&self, options: &CollectOptions) -> Result<CollectedData, NativeError>;
}

/// The platform that this program was built for.
pub(crate) fn current() -> &'static dyn Platform {
    #[cfg(target_os = "linux")]
    return &crate::collect::Linux;
    #[cfg(not(target_os = "linux"))]
    return &Unsupported;
}

/// Everything but Linux: macOS' Secure Enclave needs signed binaries and Windows its own TPM services.
#[cfg_attr(target_os = "linux", allow(dead_code))]
struct Unsupported;

impl Platform for Unsupported {
    fn has_tpm(&self) -> bool {
        false
    }

    fn collect(&self, _options: &CollectOptions) -> Result<CollectedData, NativeError> {
        Err(NativeError::PlatformNotSupported)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elsewhere_the_answer_is_clean() {
        let options = CollectOptions::new(
            "/nonexistent",
            crate::Escalation::Never,
            gatehouse_model::Timestamp::default(),
        );
        let error = Unsupported.collect(&options).unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.code()),
            ("platform not supported", "platform_not_supported")
        );
        assert!(!Unsupported.has_tpm());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_is_supported() {
        assert!(current().has_tpm());
    }
}
