//! TPM response codes as people read them (TPM 2.0 part 2, section 6.6).

use std::fmt;

use tpm2_protocol::data::{TpmRc, TpmRcBase};

/// The code with which a TPM refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResponseCode(u32);

/// Format-one codes: bit 7 is set, bit 6 says that a parameter is at fault, bits 8 to 11 say which (section 6.6.2).
const FORMAT_ONE: u32 = 0x080;
const PARAMETER: u32 = 0x040;
/// `TPM_RC_HANDLE` for the first handle: there is no such object.
const NO_SUCH_HANDLE: u32 = 0x18b;

impl ResponseCode {
    /// Wraps the number from a response header.
    #[must_use]
    pub const fn new(code: u32) -> Self {
        Self(code)
    }

    /// The number as it came.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }

    pub(crate) fn base(self) -> Option<TpmRcBase> {
        TpmRc::try_from(self.0).ok().map(|code| code.base())
    }

    /// The same command may simply be sent again: RETRY, YIELDED, TESTING, NV_RATE, NV_UNAVAILABLE.
    pub(crate) const fn is_temporary(self) -> bool {
        matches!(self.0, 0x922 | 0x908 | 0x90a | 0x920 | 0x923)
    }

    /// The object or index that the first handle names does not exist.
    pub(crate) const fn is_no_such_handle(self) -> bool {
        self.0 == NO_SUCH_HANDLE
    }

    /// A parameter was refused, as opposed to a handle, an authorisation or the TPM's state.
    pub(crate) const fn blames_a_parameter(self) -> bool {
        self.0 & FORMAT_ONE != 0 && self.0 & PARAMETER != 0
    }

    /// An owner or endorsement password is set, so that the empty one is refused.
    pub(crate) fn is_wrong_password(self) -> bool {
        matches!(self.base(), Some(TpmRcBase::BadAuth | TpmRcBase::AuthFail))
    }
}

impl fmt::Display for ResponseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match TpmRc::try_from(self.0) {
            Ok(TpmRc::Fmt1(parts)) => match parts.index {
                Some(index) => write!(f, "{} for {index} (0x{:03x})", parts.base, self.0),
                None => write!(f, "{} (0x{:03x})", parts.base, self.0),
            },
            Ok(TpmRc::Fmt0(base) | TpmRc::Warn(base)) => write!(f, "{base} (0x{:03x})", self.0),
            Err(_) => write!(f, "response code 0x{:03x}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_named_and_keep_their_number() {
        assert_eq!(ResponseCode::new(0x1df).to_string(), "TPM_RC_INTEGRITY for parameter[1] (0x1df)");
        assert_eq!(ResponseCode::new(0x921).to_string(), "TPM_RC_LOCKOUT (0x921)");
        assert_eq!(ResponseCode::new(0x0001_0000).to_string(), "response code 0x10000");
        assert!(ResponseCode::new(0x1df).blames_a_parameter());
        assert!(!ResponseCode::new(0x18b).blames_a_parameter());
        assert!(ResponseCode::new(0x9a2).is_wrong_password());
    }
}
