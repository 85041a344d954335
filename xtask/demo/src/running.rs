//! A program whose output is followed while it runs.

use std::io::{Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// A running program with everything that it has printed, stdout and stderr in the order in which it was written.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    input: Option<ChildStdin>,
    chunks: Receiver<Vec<u8>>,
    bytes: Vec<u8>,
}

/// What came of waiting for output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// More was printed.
    More,
    /// Nothing within the time.
    Silence,
    /// All output is read: the program closed it, or ended.
    End,
}

impl Running {
    /// # Errors
    /// When the program does not start.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // One pipe for both, as a terminal is: only so do they come in the order in which they were written.
        let (output, writer) = std::io::pipe().context("making a pipe")?;
        command.stdin(Stdio::piped()).stdout(writer.try_clone().context("sharing the pipe")?).stderr(writer);
        let spawned = command.spawn().with_context(|| format!("starting {program}"));
        // The command keeps its ends open, and the pipe would never end.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = spawned?;
        let (sender, chunks) = channel();
        follow(output, sender);
        let input = child.stdin.take();
        Ok(Self { child, input, chunks, bytes: Vec::new() })
    }

    /// Waits for more output.
    pub(crate) fn listen(&mut self, limit: Duration) -> Heard {
        match self.chunks.recv_timeout(limit) {
            Ok(chunk) => {
                self.bytes.extend(chunk);
                Heard::More
            }
            Err(RecvTimeoutError::Timeout) => Heard::Silence,
            Err(RecvTimeoutError::Disconnected) => Heard::End,
        }
    }

    /// All that was printed so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Types a line.
    ///
    /// # Errors
    /// When the program no longer reads.
    pub(crate) fn answer(&mut self, line: &str) -> Result<()> {
        let input = self.input.as_mut().context("the program's input is closed")?;
        writeln!(input, "{line}").context("answering the program")
    }

    /// Waits for the end, which must come within the limit.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn finish(&mut self, limit: Duration) -> Result<ExitStatus> {
        self.input = None;
        let deadline = Instant::now() + limit;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                bail!("the program did not end in {} s", limit.as_secs());
            }
            if self.listen(left) == Heard::End {
                return self.child.wait().context("waiting for the program");
            }
        }
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    /// Nothing outlives the walk.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn follow(mut stream: impl Read + Send + 'static, sender: Sender<Vec<u8>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length) = stream.read(&mut buffer) {
            let chunk = buffer.get(..length).unwrap_or_default();
            if chunk.is_empty() || sender.send(chunk.to_vec()).is_err() {
                break;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[test]
    fn a_program_can_be_talked_to() {
        let script = "printf 'name: '; read -r name; echo \"hello $name\"; echo bye >&2; exit 3";
        let mut running = Running::start(Command::new("sh").args(["-c", script])).unwrap();
        while !running.text().ends_with("name: ") {
            assert_eq!(running.listen(LIMIT), Heard::More);
        }
        running.answer("Ada").unwrap();
        assert_eq!(running.finish(LIMIT).unwrap().code(), Some(3));
        assert!(running.text().contains("hello Ada\n") && running.text().contains("bye\n"));
    }

    #[test]
    fn a_program_that_hangs_is_given_up() {
        let mut running = Running::start(Command::new("sleep").arg("60")).unwrap();
        let error = running.finish(Duration::from_millis(50)).unwrap_err();
        assert!(error.to_string().contains("did not end"), "{error}");
    }
}
