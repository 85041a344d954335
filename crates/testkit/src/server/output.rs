use std::io::{BufRead, BufReader};
use std::process::ChildStdout;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What a process prints, gathered beside the test.
pub(super) struct Output(Arc<Shared>);

#[derive(Default)]
struct Shared {
    printed: Mutex<Printed>,
    more: Condvar,
}

#[derive(Default)]
struct Printed {
    lines: Vec<String>,
    ended: bool,
}

impl Output {
    pub(super) fn of(stdout: ChildStdout) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                theirs.lock().lines.push(line);
                theirs.more.notify_all();
            }
            theirs.lock().ended = true;
            theirs.more.notify_all();
        });
        Self(shared)
    }

    /// The rest of the line that starts so; waits for it until the deadline or the end of the process.
    pub(super) fn line(&self, start: &str, deadline: Instant) -> Option<String> {
        let find = |printed: &Printed| {
            printed.lines.iter().find_map(|line| line.strip_prefix(start)).map(str::to_owned)
        };
        let printed = self.wait(deadline, |printed| printed.ended || find(printed).is_some());
        find(&printed)
    }

    /// Whether the process has closed its output; waits for it until the deadline.
    pub(super) fn ended(&self, deadline: Instant) -> bool {
        self.wait(deadline, |printed| printed.ended).ended
    }

    fn wait(&self, deadline: Instant, enough: impl Fn(&Printed) -> bool) -> MutexGuard<'_, Printed> {
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.0.more.wait_timeout_while(self.0.lock(), left, |printed| !enough(printed));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
