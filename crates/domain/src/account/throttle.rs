//! Throttled guessing: after a few failures a key closes for a while, longer each time.
//!
//! An attempt counts as a failure before it is judged, in a commit of its own, and is taken back when it turns out
//! well: attempts side by side cannot all slip past the count.

use super::turns::Turn;
use super::{AccountError, Accounts};
use crate::Core;
use crate::entity::{Digest, Throttle};
use crate::ports::UnitOfWork;

/// What is counted, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Limit {
    key: String,
    /// Failures before the key closes for the first time.
    free: i64,
    /// Longest closure, in seconds.
    longest_secs: i64,
    /// After how many seconds a failure is forgotten by itself, where there is always somebody who mistypes: a network
    /// may be an office behind one address, which has no quiet hour.
    fades_secs: Option<i64>,
}

impl Limit {
    const fn new(key: String, free: i64, longest_secs: i64) -> Self {
        Self { key, free, longest_secs, fades_secs: None }
    }

    /// One that many people share.
    const fn shared(key: String, free: i64, longest_secs: i64) -> Self {
        Self { key, free, longest_secs, fades_secs: Some(FADE_SECS) }
    }
}

/// Failures are forgotten after this many quiet seconds.
const FORGET_SECS: i64 = 3600;
/// One failure that many share is forgotten in so many seconds: whoever guesses from one network at many accounts has
/// sixty guesses an hour, once the free ones are used up.
const FADE_SECS: i64 = 60;

/// Wrong answers to the second factor of one sign-in, at most.
const PENDING_TRIES: i64 = 5;

/// What an attempt is counted under.
pub(crate) struct Keys(Vec<Limit>);

impl Keys {
    /// For a login. The strict limit is on account and network together: a stranger who guesses at an account closes
    /// it for the own network, not for its owner. The account alone closes late and briefly.
    pub(super) fn login(user: &str, remote_address: &str) -> Self {
        let mut limits = vec![Limit::new(format!("user:{user}"), 200, 5)];
        if let Some(network) = network(remote_address) {
            limits.push(Limit::new(format!("user:{user}@{network}"), 5, 300));
            limits.push(Limit::shared(format!("network:{network}"), 20, 300));
        } else {
            limits.push(Limit::new(format!("user:{user}@here"), 5, 300));
        }
        Self(limits)
    }

    /// For a typed code, wherever it comes from: whoever knows the password must not guess on from network to network.
    /// Only counted after the password was right, so that no stranger can close it.
    pub(super) fn factor(user: &str) -> Self {
        Self(vec![Limit::new(format!("factor:{user}"), 20, 3600)])
    }

    /// For the second factor of one sign-in, which ends with too many failures: see [`Accounts::failed_too_often`].
    pub(super) fn pending(hash: &Digest) -> Self {
        Self(vec![Limit::new(format!("pending:{}", hex::encode(hash)), PENDING_TRIES, 300)])
    }

    /// All of these and those.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// For a passkey that is to sign in alone: who it is shows only at the end, so it is the network that counts.
    pub(super) fn passwordless(remote_address: &str) -> Self {
        let network = network(remote_address).unwrap_or_else(|| "here".to_owned());
        Self(vec![Limit::shared(format!("passkey@{network}"), 20, 300)])
    }

    /// For a command line's login in the browser, which anybody may begin.
    pub(super) fn cli_login(remote_address: &str) -> Self {
        let network = network(remote_address).unwrap_or_else(|| "here".to_owned());
        Self(vec![Limit::shared(format!("cli-login:{network}"), 30, 300)])
    }

    /// For a typed code of a browser's session, by somebody who is logged in.
    pub(crate) fn device_code(user: &str) -> Self {
        Self(vec![Limit::new(format!("device-code:{user}"), 5, 300)])
    }

    /// For a second factor within a session.
    pub(super) fn session(id: &str) -> Self {
        Self(vec![Limit::new(format!("session:{id}"), 5, 300)])
    }
}

/// The network of an address: an IPv4 address, or the /64 that one IPv6 customer has to choose from.
pub(crate) fn network(remote_address: &str) -> Option<String> {
    let address: std::net::SocketAddr = remote_address.parse().ok()?;
    Some(match address.ip().to_canonical() {
        std::net::IpAddr::V4(v4) => v4.to_string(),
        std::net::IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    })
}

impl Core {
    /// Counts an attempt, or refuses it while one of its keys is closed.
    pub(crate) async fn take_attempt(&self, keys: &Keys) -> Result<(), AccountError> {
        let now = self.now();
        let mut work = self.begin().await?;
        for limit in &keys.0 {
            let counted = match limit.fades_secs {
                None => work.take_attempt(&limit.key, now, now.plus_secs(-FORGET_SECS)).await?,
                Some(secs) => work.take_fading_attempt(&limit.key, now, secs).await?,
            };
            let Some(failures) = counted else {
                let found = work.throttle(&limit.key).await?.unwrap_or_default();
                let mut wait_secs = found.blocked_until.secs_since(now).max(0);
                if wait_secs > limit.longest_secs {
                    // Written while the clock was ahead: it must not stay closed until then.
                    wait_secs = limit.longest_secs;
                    let closed =
                        Throttle { last_failure: now, blocked_until: now.plus_secs(wait_secs), ..found };
                    work.put_throttle(&limit.key, &closed).await?;
                    work.commit().await?;
                }
                return Err(AccountError::Throttled { wait_secs: wait_secs + 1 });
            };
            let secs = closed_secs(failures - limit.free, limit.longest_secs);
            if secs > 0 {
                work.close_throttle(&limit.key, now.plus_secs(secs)).await?;
            }
        }
        Ok(work.commit().await?)
    }

    /// Takes a counted attempt back after a success.
    pub(crate) async fn return_attempt(
        &self,
        work: &mut dyn UnitOfWork,
        keys: &Keys,
    ) -> Result<(), AccountError> {
        for limit in &keys.0 {
            work.return_attempt(&limit.key).await?;
        }
        Ok(())
    }
}

impl Accounts {
    /// Waits until it is this attempt's turn to be counted and judged; what is closed anyway does not wait.
    pub(super) async fn turn(&self, keys: &Keys) -> Result<Turn<'_>, AccountError> {
        let now = self.core.now();
        let mut work = self.core.read().await?;
        for limit in &keys.0 {
            let found = work.throttle(&limit.key).await?.unwrap_or_default();
            let wait_secs = found.blocked_until.secs_since(now);
            if (1..=limit.longest_secs).contains(&wait_secs) {
                return Err(AccountError::Throttled { wait_secs: wait_secs + 1 });
            }
        }
        drop(work);
        self.turns.take().await
    }

    pub(super) async fn take_attempt(&self, keys: &Keys) -> Result<(), AccountError> {
        self.core.take_attempt(keys).await
    }

    /// Whether this one sign-in has had all its tries.
    pub(super) async fn failed_too_often(&self, pending: &Digest) -> Result<bool, AccountError> {
        let mut work = self.core.read().await?;
        for limit in Keys::pending(pending).0 {
            let failures = work.throttle(&limit.key).await?.unwrap_or_default().failures;
            if failures >= limit.free {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) async fn return_attempt(
        &self,
        work: &mut dyn UnitOfWork,
        keys: &Keys,
    ) -> Result<(), AccountError> {
        self.core.return_attempt(work, keys).await
    }
}

/// How long a key stays closed that is `over` its free failures: 1, 2, 4, … seconds.
fn closed_secs(over: i64, longest_secs: i64) -> i64 {
    if over < 0 {
        return 0;
    }
    let doubled = u32::try_from(over).ok().and_then(|over| 2_i64.checked_pow(over));
    doubled.map_or(longest_secs, |secs| secs.min(longest_secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_grow_and_end() {
        let closed: Vec<_> = (1..=16).map(|failures| closed_secs(failures - 5, 300)).collect();
        assert_eq!(closed[..8], [0, 0, 0, 0, 1, 2, 4, 8]);
        assert_eq!(closed[15], 300);
        assert_eq!(closed_secs(i64::MAX, 300), 300);
    }

    #[test]
    fn a_network_is_an_ipv4_address_or_a_64() {
        assert_eq!(network("192.0.2.1:4711").as_deref(), Some("192.0.2.1"));
        assert_eq!(network("[::ffff:192.0.2.1]:4711").as_deref(), Some("192.0.2.1"));
        assert_eq!(network("[2001:db8:1:2:3:4:5:6]:1"), network("[2001:db8:1:2:ffff::1]:2"));
        assert_ne!(network("[2001:db8:1:2::1]:1"), network("[2001:db8:1:3::1]:1"));
        assert_eq!(network(""), None);
    }
}
