//! The real clock and the real source of randomness.

use aws_lc_rs::rand::SecureRandom as _;
use gatehouse_domain::ports::{Clock, Random};
use gatehouse_model::Timestamp;

/// The system's wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's implementation")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let micros = since_epoch.map_or(0, |elapsed| i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX));
        Timestamp::from_micros(micros)
    }
}

/// The generator of AWS-LC, seeded by the system.
#[derive(Debug, Default)]
pub struct SystemRandom(aws_lc_rs::rand::SystemRandom);

impl SystemRandom {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Random for SystemRandom {
    #[expect(clippy::expect_used, reason = "a server without randomness must stop, not go on with zeroes")]
    fn fill(&self, buffer: &mut [u8]) {
        self.0.fill(buffer).expect("the system's randomness is available");
    }
}
