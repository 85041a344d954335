use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{TestServer, program, programs};
use crate::swtpm::{FakeSysfs, Swtpm};

/// The password of everybody at a desk.
const PASSWORD: &str = "correct horse battery staple";

/// A person at a machine: a home, SMBIOS values, perhaps a TPM, and a shell in which `tsh` and `tctl` are found. `tctl`
/// finds the admin socket of the server; `--proxy=$PROXY` makes it use the login of `tsh`.
///
/// Commands are lines for the shell. These variables are set: `PROXY`, `PIN`, `DATA`, `CONFIG`, and what [`Desk::set`]
/// sets.
pub struct Desk {
    folder: TempDir,
    variables: BTreeMap<String, OsString>,
    /// Text that differs from run to run, and what stands for it.
    names: Vec<(String, String)>,
    told: RefCell<String>,
}

/// What came of a command.
#[derive(Clone, Debug)]
pub struct Ran {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Desk {
    /// A machine with this serial number and without a TPM.
    ///
    /// # Panics
    /// If the folder cannot be made or a program is missing.
    #[must_use]
    pub fn new(server: &TestServer, sysfs: &FakeSysfs) -> Self {
        for name in ["tctl", "tsh"] {
            let _ = program(name);
        }
        let folder =
            tempfile::Builder::new().prefix("gatehouse-desk-").tempdir().expect("a temporary folder");
        let home = folder.path().to_owned();
        let mut path = programs().into_os_string();
        path.push(":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        let mut desk = Self {
            names: vec![
                (home.display().to_string(), "$HOME".to_owned()),
                (server.folder().display().to_string(), "$SERVER".to_owned()),
                (sysfs.path().display().to_string(), "$GATEHOUSE_SYSFS".to_owned()),
                (format!("localhost:{}", server.port()), "localhost:[port]".to_owned()),
                (format!("127.0.0.1:{}", server.port()), "127.0.0.1:[port]".to_owned()),
            ],
            folder,
            variables: BTreeMap::new(),
            told: RefCell::default(),
        };
        desk.set("PATH", path);
        desk.set("HOME", &home);
        desk.set("TMPDIR", &home);
        desk.set("TSH_HOME", home.join("tsh"));
        desk.set("TZ", "UTC");
        desk.set("XDG_DATA_DIRS", home.join("share"));
        desk.set("GATEHOUSE_SYSFS", sysfs.path());
        desk.set("GATEHOUSE_DATA_DIR", server.data_dir());
        desk.set("TCTI", format!("swtpm:path={}", home.join("no-tpm").display()));
        desk.set("PROXY", server.address());
        desk.set("PIN", server.pin());
        desk.set("DATA", server.data_dir());
        desk.set("CONFIG", server.config_file());
        desk
    }

    /// The same machine with this TPM.
    #[must_use]
    pub fn with_tpm(mut self, tpm: &Swtpm) -> Self {
        self.plug(tpm);
        self
    }

    /// Puts another TPM into the machine.
    pub fn plug(&mut self, tpm: &Swtpm) {
        self.set("TCTI", tpm.address());
        self.names.push((tpm.folder().display().to_string(), "$TPM".to_owned()));
    }

    /// Sets a variable of the shell.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.variables.insert(name.to_owned(), value.into());
    }

    /// Lets `text` appear as `name` in the transcript.
    pub fn call(&mut self, text: impl Into<String>, name: &str) {
        self.names.push((text.into(), name.to_owned()));
    }

    /// The person's home, which is the folder that commands run in.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// A file below the home.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file below the home.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.file(name), text).expect("writing a file");
    }

    /// Types a line, with `answers` on standard input, and adds line and outcome to the transcript.
    ///
    /// # Panics
    /// If there is no shell.
    pub fn answers(&self, line: &str, answers: &str) -> Ran {
        let ran = self.quietly(line, answers);
        let mut told = self.told.borrow_mut();
        if !told.is_empty() {
            told.push('\n');
        }
        told.push_str(&format!("$ {line}\n{}", self.named(&ran.shown())));
        ran
    }

    /// Types a line that asks for nothing.
    ///
    /// # Panics
    /// As [`Desk::answers`].
    pub fn types(&self, line: &str) -> Ran {
        self.answers(line, "")
    }

    /// Types a line whose outcome is not part of the transcript.
    ///
    /// # Panics
    /// As [`Desk::answers`].
    pub fn quietly(&self, line: &str, answers: &str) -> Ran {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a shell");
        if let Some(mut stdin) = shell.stdin.take() {
            // A program that asks for less closes its input early.
            let _ = stdin.write_all(answers.as_bytes());
        }
        let output = shell.wait_with_output().expect("what the shell printed");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Types a line that prepares a test.
    ///
    /// # Panics
    /// If it does not succeed.
    pub fn prepares(&self, line: &str, answers: &str) -> Ran {
        let ran = self.quietly(line, answers);
        assert_eq!(ran.code, Some(0), "$ {line}\n{}", ran.shown());
        ran
    }

    /// Invites a user and redeems the invitation; both on this machine.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn adds_user(&self, name: &str, roles: &str) {
        let invited = self.prepares(&format!("tctl users add {name} --roles={roles} --logins={name}"), "");
        let link = invited.word_after("https://");
        self.prepares(
            &format!("tsh signup --link=https://{link} --ca-pin=$PIN"),
            &format!("{PASSWORD}\n{PASSWORD}\n"),
        );
    }

    /// Logs in, and adds what is seen to the transcript. `flags` go to `tsh login`.
    ///
    /// # Panics
    /// As [`Desk::answers`].
    pub fn logs_in(&self, user: &str, flags: &str) -> Ran {
        self.answers(&login_line(user, flags), &format!("{PASSWORD}\n"))
    }

    /// Logs in as a preparation.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn is_logged_in(&self, user: &str) -> Ran {
        self.prepares(&login_line(user, ""), &format!("{PASSWORD}\n"))
    }

    /// Registers the machine and enrols it with a token: what a trusted login needs.
    ///
    /// # Panics
    /// If the server refuses, or nobody is logged in.
    pub fn enrols(&self, serial: &str) {
        let added = self.prepares(&format!("tctl devices add --os=linux --asset-tag={serial} --enroll"), "");
        let token = added.word_after("--token=");
        self.prepares(&format!("tsh device enroll --token={token}"), "");
    }

    /// Everything that was typed and seen since the last call.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.told.take()
    }

    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

fn login_line(user: &str, flags: &str) -> String {
    format!("tsh login --proxy=$PROXY --ca-pin=$PIN --user={user} {flags}").trim_end().to_owned()
}

impl Ran {
    /// Standard output as it is, standard error with `! ` before each line, and the exit code.
    #[must_use]
    pub fn shown(&self) -> String {
        let mut shown = self.stdout.clone();
        if !shown.is_empty() && !shown.ends_with('\n') {
            shown.push_str("⏎\n");
        }
        for line in self.stderr.lines() {
            shown.push_str(format!("! {line}").trim_end());
            shown.push('\n');
        }
        match self.code {
            Some(code) => shown.push_str(&format!("[exit {code}]\n")),
            None => shown.push_str("[ended by a signal]\n"),
        }
        shown
    }

    /// What follows `start` on standard output, up to the next space, quote or line end.
    ///
    /// # Panics
    /// If standard output has no such text.
    #[must_use]
    pub fn word_after(&self, start: &str) -> String {
        let (_, rest) =
            self.stdout.split_once(start).unwrap_or_else(|| panic!("no `{start}`:\n{}", self.shown()));
        rest.split(|c: char| c.is_whitespace() || c == '"').next().unwrap_or_default().to_owned()
    }
}
