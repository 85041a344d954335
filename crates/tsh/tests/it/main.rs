//! `tsh` as a person meets it: exit code, standard output and standard error together, without a server and with the
//! real one.

use std::path::Path;
use std::process::{Command, Stdio};

/// Compares what a person typed and saw with the snapshot of the test.
macro_rules! assert_transcript {
    ($desk:expr) => {
        assert_transcript!($desk, [])
    };
    ($desk:expr, $more:expr) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_filters(gatehouse_testkit::server::FILTERS.to_vec());
        let more: &[(&str, &str)] = &$more;
        more.iter().for_each(|(pattern, name)| settings.add_filter(pattern, *name));
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($desk.transcript()));
    }};
}

mod auto_enroll;
mod boot_drift;
mod browser_login;
mod device_key;
mod device_lock;
mod doctor;
mod endorsement;
mod enroll;
mod evidence;
mod expired;
mod help;
mod link_handler;
mod login;
mod logout;
mod open_link;
mod reviews;
mod self_enrolment;
mod server_key;
mod sessions;
mod ship_ahead;
mod trust;
mod web_handoff;
mod without_server;

use gatehouse_testkit::server::{Desk, TestServer};
use gatehouse_testkit::swtpm::{FakeSysfs, Swtpm};

/// The serial number of the machine at which the tests sit.
const SERIAL: &str = "C00AA0AAAA0A";
/// What the people of the tests choose.
const PASSWORD: &str = "correct horse battery staple\n";

/// A server, and a machine with a TPM at which somebody sits who is also an administrator of the server's host.
struct Scene {
    server: TestServer,
    desk: Desk,
    tpm: Swtpm,
    sysfs: FakeSysfs,
}

impl std::ops::Deref for Scene {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Scene {
    fn new() -> Self {
        Self::on(TestServer::start())
    }

    fn on(server: TestServer) -> Self {
        let tpm = Swtpm::start();
        let sysfs = FakeSysfs::new(SERIAL);
        let desk = Desk::new(&server, &sysfs).with_tpm(&tpm);
        Self { server, desk, tpm, sysfs }
    }

    /// With the user alice, who is logged in at the machine, enrolled there.
    fn enrolled() -> Self {
        Self::new().enrol()
    }

    fn enrol(self) -> Self {
        self.adds_user("alice", "access");
        self.is_logged_in("alice");
        self.enrols(SERIAL);
        self
    }
}

/// Several runs as a person would see them, one after the other.
fn transcript(home: &Path, runs: &[&[&str]]) -> String {
    let told = runs.iter().map(|args| {
        let line = args.join(" ").replace(&home.display().to_string(), "[HOME]");
        format!("$ tsh {line}\n{}\n", tsh(home, args))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Runs the program with an environment of its own and tells all three of what came of it.
#[expect(clippy::expect_used, reason = "a test helper: there is nothing to test without the program")]
fn tsh(home: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tsh"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("TSH_HOME", home.join("tsh"))
        .env("GATEHOUSE_SYSFS", home.join("sys"))
        .env("TCTI", format!("swtpm:path={}", home.join("no-tpm").display()))
        .env("TZ", "UTC")
        .env("XDG_DATA_DIRS", home.join("share"))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).replace(&home.display().to_string(), "[HOME]");
        text.replace(env!("CARGO_BIN_EXE_tsh"), "[TSH]").trim_end().to_owned()
    };
    format!(
        "exit: {}\n----- stdout -----\n{}\n----- stderr -----\n{}",
        output.status.code().map_or_else(|| "signal".to_owned(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr),
    )
}
