//! Ctrl-C and `kill`: the walk ends early, and cleans up all the same.

use std::cell::Cell;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context as _, Result, bail};
use tokio::signal::unix::{SignalKind, signal};

/// From its making on, SIGINT and SIGTERM no longer end this process but are noticed here.
#[derive(Debug)]
pub(crate) struct Interrupts {
    received: Receiver<()>,
    seen: Cell<bool>,
}

impl Interrupts {
    /// # Errors
    /// When the signals cannot be caught.
    pub(crate) fn watch() -> Result<Self> {
        let (sender, received) = channel();
        let (installed, is_installed) = channel();
        thread::spawn(move || {
            let outcome = listen(&sender, &installed);
            if let Err(error) = outcome {
                let _ = installed.send(Err(error));
            }
        });
        is_installed.recv().context("the thread for signals ended")?.context("catching signals")?;
        Ok(Self { received, seen: Cell::new(false) })
    }

    /// # Errors
    /// When a signal came.
    pub(crate) fn check(&self) -> Result<()> {
        if self.seen.get() || self.received.try_recv().is_ok() {
            self.seen.set(true);
            bail!("interrupted");
        }
        Ok(())
    }

    /// Waits for a signal, if none came yet.
    pub(crate) fn wait(&self) {
        if !self.seen.replace(true) {
            // An error would mean that the thread is gone, and no signal can come.
            let _ = self.received.recv();
        }
    }
}

fn listen(sender: &Sender<()>, installed: &Sender<io::Result<()>>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let _ = installed.send(Ok(()));
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if sender.send(()).is_err() {
                return Ok(());
            }
        }
    })
}
