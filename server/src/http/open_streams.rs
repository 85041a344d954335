//! How many streams of news are open: each is a connection, and who it is for is asked with every change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::authz::SignedIn;

/// Of one session: more windows than anybody looks at.
pub(super) const MAX_OF_SESSION: usize = 8;
/// Of all sessions of one account.
pub(super) const MAX_OF_USER: usize = 32;

/// The streams of this server.
#[derive(Default)]
pub(super) struct OpenStreams(Mutex<HashMap<Owner, usize>>);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Owner {
    Session(String),
    User(String),
}

/// One of them: counts until it is dropped.
pub(super) struct OpenStream {
    all: Arc<OpenStreams>,
    owners: [Owner; 2],
}

impl OpenStreams {
    /// One more, unless there are enough.
    pub(super) fn open(self: &Arc<Self>, user: &SignedIn) -> Option<OpenStream> {
        self.count(&user.session_id, &user.name)
    }

    fn count(self: &Arc<Self>, session: &str, user: &str) -> Option<OpenStream> {
        let owners = [Owner::Session(session.to_owned()), Owner::User(user.to_owned())];
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = owners.iter().any(|owner| {
            let most = match owner {
                Owner::Session(_) => MAX_OF_SESSION,
                Owner::User(_) => MAX_OF_USER,
            };
            counts.get(owner).is_some_and(|count| *count >= most)
        });
        if is_full {
            return None;
        }
        for owner in &owners {
            *counts.entry(owner.clone()).or_default() += 1;
        }
        drop(counts);
        Some(OpenStream { all: Arc::clone(self), owners })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut counts = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        for owner in &self.owners {
            if let Some(count) = counts.get_mut(owner) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(owner);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_and_an_account_have_so_many_streams_and_no_more() {
        let streams = Arc::new(OpenStreams::default());
        let mut open: Vec<_> =
            (0..MAX_OF_USER).map(|n| streams.count(&format!("s{}", n / MAX_OF_SESSION), "ada")).collect();
        assert!(open.iter().all(Option::is_some));
        assert!(streams.count("another", "ada").is_none(), "the account has enough");
        assert!(streams.count("theirs", "bob").is_some(), "others are not in the way");
        open.pop();
        assert!(streams.count("s0", "ada").is_none(), "the session has enough");
        let last = streams.count("another", "ada");
        assert!(last.is_some(), "one was closed");
        drop((open, last));
        assert!(streams.0.lock().unwrap().is_empty(), "nothing is kept of what is closed");
    }
}
