//! Throttled logins: after a few failures an account and an address close for a while, longer each time.

use super::{AccountError, Accounts};
use crate::entity::Throttle;

/// Failures before an account closes for the first time.
const FREE_PER_ACCOUNT: i64 = 5;
/// Failures before an address closes; more, since many people may share one.
const FREE_PER_ADDRESS: i64 = 20;
/// Longest closure, in seconds: a stranger must not be able to keep an account closed for long.
const LONGEST_SECS: i64 = 300;
/// Failures are forgotten after this many quiet seconds.
const FORGET_SECS: i64 = 3600;

pub(super) struct Keys {
    account: String,
    address: Option<String>,
}

impl Keys {
    pub(super) fn new(user: &str, remote_address: &str) -> Self {
        // The port changes with every connection.
        let host = remote_address.rsplit_once(':').map_or(remote_address, |(host, _)| host);
        let address = (!host.is_empty()).then(|| format!("address:{host}"));
        Self { account: format!("user:{user}"), address }
    }

    fn with_limits(&self) -> impl Iterator<Item = (&str, i64)> {
        let account = std::iter::once((self.account.as_str(), FREE_PER_ACCOUNT));
        account.chain(self.address.as_deref().map(|address| (address, FREE_PER_ADDRESS)))
    }
}

impl Accounts {
    /// Refuses while the account or the address is closed.
    pub(super) async fn check_throttle(&self, keys: &Keys) -> Result<(), AccountError> {
        let now = self.core.now();
        let mut work = self.core.read().await?;
        for (key, _) in keys.with_limits() {
            if let Some(throttle) = work.throttle(key).await?
                && throttle.blocked_until > now
            {
                return Err(AccountError::Throttled {
                    wait_secs: throttle.blocked_until.secs_since(now) + 1,
                });
            }
        }
        Ok(())
    }

    /// Counts a failure, in a commit of its own.
    pub(super) async fn count_failure(&self, keys: &Keys) -> Result<(), AccountError> {
        let now = self.core.now();
        let mut work = self.core.begin().await?;
        for (key, free) in keys.with_limits() {
            let mut throttle = work.throttle(key).await?.unwrap_or_default();
            throttle = after_failure(throttle, free, now);
            work.put_throttle(key, &throttle).await?;
        }
        Ok(work.commit().await?)
    }

    /// Forgets the account's failures after a success.
    pub(super) async fn forget_failures(
        &self,
        work: &mut dyn crate::ports::UnitOfWork,
        keys: &Keys,
    ) -> Result<(), AccountError> {
        Ok(work.clear_throttle(&keys.account).await?)
    }
}

fn after_failure(before: Throttle, free: i64, now: gatehouse_model::Timestamp) -> Throttle {
    let quiet = now.secs_since(before.last_failure) > FORGET_SECS;
    let failures = if quiet { 1 } else { before.failures.saturating_add(1) };
    let over = failures - free;
    let closed_secs = if over < 0 {
        0
    } else {
        LONGEST_SECS.min(2_i64.saturating_pow(u32::try_from(over.min(30)).unwrap_or(30)))
    };
    Throttle { failures, last_failure: now, blocked_until: now.plus_secs(closed_secs) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gatehouse_model::Timestamp;

    #[test]
    fn closures_grow_and_end() {
        let now = Timestamp::from_secs(10_000);
        let mut throttle = Throttle::default();
        let mut closed = Vec::new();
        for _ in 0..16 {
            throttle = after_failure(throttle, FREE_PER_ACCOUNT, now);
            closed.push(throttle.blocked_until.secs_since(now));
        }
        assert_eq!(closed[..8], [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(closed[15], LONGEST_SECS);
        assert_eq!(after_failure(throttle, FREE_PER_ACCOUNT, now.plus_secs(FORGET_SECS + 1)).failures, 1);
    }

    #[test]
    fn the_port_of_an_address_does_not_matter() {
        let keys = Keys::new("alice", "192.0.2.1:4711");
        assert_eq!(keys.address.as_deref(), Some("address:192.0.2.1"));
    }
}
