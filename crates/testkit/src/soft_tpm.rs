//! A TPM made of plain software, for tests and load clients: no process, no device, microseconds per step.
//!
//! It writes the TPM's structures by hand, so that each of them can be made wrong as well: every template has public
//! fields for what a test may want to falsify.

#![expect(clippy::expect_used, reason = "test equipment: what cannot be set up ends the test with a message")]

mod ak;
mod bytes;
mod certificate;
mod creation;
mod ek;
mod platform;

pub use ak::{AK_ATTRIBUTES, AkKind, AkTemplate, SoftAk};
pub use certificate::{CaTemplate, EkCertTemplate, SoftTpmCa};
pub use creation::Creation;
pub use ek::{ActivateError, EkKind, SoftTpm};
pub use platform::{Bank, Platform, QuoteTemplate};

/// TPM_GENERATED_VALUE, with which everything begins that a restricted key signs (TPM 2.0 part 2, section 6.2).
pub const GENERATED: u32 = 0xff54_4347;

/// TPM_ST_ATTEST_QUOTE.
pub const ATTEST_QUOTE: u16 = 0x8018;

/// TPM_ST_ATTEST_CREATION.
pub const ATTEST_CREATION: u16 = 0x801a;

/// The counters of TPMS_CLOCK_INFO, and the firmware version that stands beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// Milliseconds.
    pub clock: u64,
    pub reset_count: u32,
    pub restart_count: u32,
    pub safe: bool,
    pub firmware_version: u64,
}

impl Default for Boot {
    fn default() -> Self {
        Self {
            clock: 60_000,
            reset_count: 1,
            restart_count: 0,
            safe: true,
            firmware_version: 0x0001_0002_0003_0004,
        }
    }
}

impl Boot {
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.clock.to_be_bytes());
        out.extend_from_slice(&self.reset_count.to_be_bytes());
        out.extend_from_slice(&self.restart_count.to_be_bytes());
        out.push(u8::from(self.safe));
        out.extend_from_slice(&self.firmware_version.to_be_bytes());
    }
}
