//! `tctl` as a person meets it: exit code, standard output and standard error together, without a server and with the
//! real one.

use std::path::Path;
use std::process::{Command, Stdio};

/// Compares what a person typed and saw with the snapshot of the test.
macro_rules! assert_transcript {
    ($desk:expr) => {
        assert_transcript!($desk, [])
    };
    // The names of host admins have their user's number in them: columns are as wide as that number makes them.
    ($desk:expr, any_width) => {
        assert_transcript!($desk, [(r"host-admin\(uid=\d+\)", "host-admin(uid=[uid])"), (r"-{5,}", "-----"), (r"(\S) {2,}", "$1  ")])
    };
    ($desk:expr, [$($more:expr),*]) => {{
        let mut settings = insta::Settings::clone_current();
        settings.set_filters(gatehouse_testkit::server::FILTERS.to_vec());
        let more: &[(&str, &str)] = &[$($more),*];
        more.iter().for_each(|(pattern, name)| settings.add_filter(pattern, *name));
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($desk.transcript()));
    }};
}

mod audit;
mod bulk;
mod current_device;
mod devices;
mod ekcas;
mod evidence;
mod help;
mod locks;
mod preference;
mod resources;
mod sessions;
mod tokens;
mod users;
mod without_server;

use gatehouse_testkit::server::{Desk, TestServer};
use gatehouse_testkit::swtpm::FakeSysfs;

/// The serial number of the machine at which the tests sit.
const SERIAL: &str = "C00AA0AAAA0A";

/// A server, and an administrator of its host at a machine without a TPM.
struct Scene {
    server: TestServer,
    desk: Desk,
    _sysfs: FakeSysfs,
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
        let sysfs = FakeSysfs::new(SERIAL);
        let desk = Desk::new(&server, &sysfs);
        Self { server, desk, _sysfs: sysfs }
    }
}

/// Several runs as a person would see them, one after the other.
fn transcript(home: &Path, runs: &[&[&str]]) -> String {
    let told = runs.iter().map(|args| {
        let line = args.join(" ").replace(&home.display().to_string(), "[HOME]");
        format!("$ tctl {line}\n{}\n", tctl(home, args))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// Runs the program with an environment of its own and tells all three of what came of it.
#[expect(clippy::expect_used, reason = "a test helper: there is nothing to test without the program")]
fn tctl(home: &Path, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tctl"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("TSH_HOME", home.join("tsh"))
        .env("GATEHOUSE_SYSFS", home.join("sys"))
        .env("TCTI", format!("swtpm:path={}", home.join("no-tpm").display()))
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&home.display().to_string(), "[HOME]").trim_end().to_owned()
    };
    format!(
        "exit: {}\n----- stdout -----\n{}\n----- stderr -----\n{}",
        output.status.code().map_or_else(|| "signal".to_owned(), |code| code.to_string()),
        text(&output.stdout),
        text(&output.stderr),
    )
}
