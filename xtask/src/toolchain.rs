//! What compiles the front end to WASM: this Rust with its WASM target, or Debian's Rust for the web.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::output::say;
use crate::packages;
use crate::process::{self, on_path};
use crate::workspace::Workspace;

/// The only target of the front end.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// Names a chain to use whatever else is there: `rustup` or `debian`.
pub(crate) const CHOICE: &str = "GATEHOUSE_WASM_TOOLCHAIN";
/// How long a download of the target may take before Debian's packages are tried.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60);

/// A way to compile to WASM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chain {
    /// The Rust that builds everything else has the target installed.
    Own,
    /// Debian 12's rustc-web, which builds the standard library from its sources.
    Debian,
}

impl Chain {
    /// The chain to use, if one is there.
    ///
    /// # Errors
    /// When the environment names a chain that does not exist.
    pub(crate) fn installed() -> Result<Option<Self>> {
        let choice = std::env::var(CHOICE).ok();
        let own = || own_target_is_installed().map(|there| there.then_some(Self::Own));
        let debian = || debian_is_installed().then_some(Self::Debian);
        match choice.as_deref() {
            None | Some("") => Ok(own()?.or_else(debian)),
            Some("rustup") => own(),
            Some("debian") => Ok(debian()),
            Some(other) => bail!("{CHOICE} is `{other}`; it may be `rustup` or `debian`"),
        }
    }

    /// Whether only Debian's packages may be used.
    pub(crate) fn debian_is_demanded() -> bool {
        std::env::var_os(CHOICE).is_some_and(|choice| choice == "debian")
    }

    /// The cargo call that builds the front end with this chain, up to and with `build --target …`.
    pub(crate) fn cargo_build(self, workspace: &Workspace, target_folder: &Path) -> Command {
        let mut command = match self {
            Self::Own => process::cargo(workspace),
            Self::Debian => debian_cargo(workspace),
        };
        command.arg("build").args(["--target", TARGET]).arg("--target-dir").arg(target_folder);
        command
    }

    /// For the progress line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Own => "this Rust's own WASM target",
            Self::Debian => "Debian's rustc-web",
        }
    }

    /// A folder name of its own for each chain: they are different compilers, and would undo each other's work.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::Own => "front",
            Self::Debian => "front-debian",
        }
    }
}

fn debian_cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new("/usr/bin/cargo");
    command.current_dir(workspace.root());
    process::without_package_variables(&mut command);
    for variable in
        ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "LD_LIBRARY_PATH"]
    {
        command.env_remove(variable);
    }
    command
        .env("RUSTC", "/usr/bin/rustc")
        // Debian ships the standard library's sources instead of a compiled one; building it is not yet a stable option.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld-19");
    command
}

fn own_target_is_installed() -> Result<bool> {
    let sysroot = process::read(Command::new("rustc").args(["--print", "sysroot"]))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).join("lib").is_dir())
}

fn debian_is_installed() -> bool {
    packages::WASM.iter().all(packages::Package::is_present)
}

/// Asks rustup for the target; says what came of it. `false` means that another way is needed.
pub(crate) fn add_with_rustup() -> Result<bool> {
    let Some(rustup) = on_path("rustup") else {
        say(format!("  {TARGET} cannot be added by rustup: there is no rustup here"));
        return Ok(false);
    };
    let mut command = Command::new(rustup);
    command.args(["target", "add", TARGET]).stdin(Stdio::null());
    say(format!("$ {}", process::shown(&command)));
    let mut child = command.spawn().context("starting rustup")?;
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for rustup")? {
            let added = status.success() && own_target_is_installed()?;
            say(if added {
                format!("  rustup added {TARGET}")
            } else {
                format!("  rustup could not add {TARGET}: trying Debian's packages instead")
            });
            return Ok(added);
        }
        if start.elapsed() > DOWNLOAD_LIMIT {
            child.kill().context("stopping rustup")?;
            child.wait().context("waiting for rustup")?;
            say(format!(
                "  rustup did not finish in {} s: trying Debian's packages instead",
                DOWNLOAD_LIMIT.as_secs()
            ));
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
