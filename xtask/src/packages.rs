//! The Debian packages that Gatehouse is built and tested with, and how to tell that one is there.

use std::fs;
use std::path::Path;

use crate::process::on_path;

/// A Debian package, why it is wanted, and whether what it brings is already on this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Package {
    /// Debian's name.
    pub(crate) name: &'static str,
    /// Completes "needed to …".
    pub(crate) why: &'static str,
    probe: Probe,
}

/// What to look for. Files, not dpkg's database: what was installed by other means counts as well.
#[derive(Debug, Clone, Copy)]
enum Probe {
    /// A program on `PATH`.
    Program(&'static str),
    /// A file below any subfolder of a folder: `<folder>/*/<file>`.
    Below(&'static str, &'static str),
    /// A file or folder.
    Path(&'static str),
}

impl Package {
    const fn new(name: &'static str, why: &'static str, probe: Probe) -> Self {
        Self { name, why, probe }
    }

    pub(crate) fn is_present(&self) -> bool {
        match self.probe {
            Probe::Program(name) => on_path(name).is_some(),
            Probe::Path(path) => Path::new(path).exists(),
            Probe::Below(folder, file) => {
                let Ok(entries) = fs::read_dir(folder) else { return false };
                entries.flatten().any(|entry| entry.path().join(file).exists())
            }
        }
    }
}

/// What the server is built with.
pub(crate) const RUN: &[Package] = &[
    Package::new("pkg-config", "find OpenSSL", Probe::Program("pkg-config")),
    Package::new(
        "libssl-dev",
        "check passkeys: the WebAuthn library stands on OpenSSL",
        Probe::Below("/usr/lib", "pkgconfig/openssl.pc"),
    ),
];

/// What the demo needs beyond a build.
pub(crate) const DEMO: &[Package] = &[
    Package::new("swtpm", "give the demo and every TPM test a TPM 2.0 of its own", Probe::Program("swtpm")),
    Package::new("openssh-client", "show certificates with ssh-keygen -L", Probe::Program("ssh-keygen")),
    Package::new("openssl", "show certificates with openssl x509", Probe::Program("openssl")),
    Package::new(
        "curl",
        "stand in for a browser in the demo and in the tests of `tsh`",
        Probe::Program("curl"),
    ),
];

/// What the tests need beyond the demo.
pub(crate) const TEST: &[Package] = &[
    Package::new(
        "postgresql",
        "run the storage tests on PostgreSQL (initdb and postgres; the tests start their own)",
        Probe::Below("/usr/lib/postgresql", "bin/initdb"),
    ),
    Package::new(
        "xdg-utils",
        "register and open the handler of links in the tests of `tsh` and of the console",
        Probe::Program("xdg-mime"),
    ),
    Package::new(
        "faketime",
        "let a machine's clock be wrong in the tests of `tsh`",
        Probe::Program("faketime"),
    ),
    Package::new("xvfb", "give the browser a display that can open other programs", Probe::Program("Xvfb")),
    Package::new("zenity", "ask in a window in the browser tests, as on a desktop", Probe::Program("zenity")),
    Package::new("xdotool", "answer that window as a person does", Probe::Program("xdotool")),
    Package::new("chromium", "test the console in a browser", Probe::Program("chromium")),
    Package::new("nodejs", "drive the browser tests", Probe::Program("node")),
    Package::new("npm", "install what the browser tests are locked to", Probe::Program("npm")),
    Package::new(
        "libtss2-dev",
        "check our TPM commands against an independent TPM stack",
        Probe::Below("/usr/lib", "pkgconfig/tss2-esys.pc"),
    ),
    Package::new(
        "libtss2-tcti-swtpm0",
        "let that stack talk to swtpm",
        Probe::Below("/usr/lib", "libtss2-tcti-swtpm.so.0"),
    ),
];

/// What `cargo xtask package` makes and looks into packages with.
pub(crate) const PACKAGE: &[Package] = &[
    Package::new("binutils", "strip programs for the packages", Probe::Program("strip")),
    Package::new("dpkg-dev", "name the libraries that the .deb depends on", Probe::Program("dpkg-shlibdeps")),
    Package::new("rpm", "make the .rpm", Probe::Program("rpmbuild")),
];

/// Debian's Rust for the web: used where rustup's `wasm32-unknown-unknown` target is not to be had.
pub(crate) const WASM: &[Package] = &[
    Package::new(
        "rustc-web",
        "compile the console's islands to WASM",
        Probe::Path("/usr/share/doc/rustc-web"),
    ),
    Package::new("cargo-web", "build with that compiler", Probe::Path("/usr/share/doc/cargo-web")),
    Package::new(
        "rust-web-src",
        "build the standard library for WASM",
        Probe::Path("/usr/share/doc/rust-web-src"),
    ),
    Package::new("lld-19", "link WASM", Probe::Path("/usr/bin/wasm-ld-19")),
];

/// What `cargo xtask bench --peer keylime` needs to install and run Keylime's registrar.
pub(crate) const KEYLIME: &[Package] = &[
    Package::new("python3", "run Keylime", Probe::Path("/usr/bin/python3")),
    Package::new(
        "python3-venv",
        "install Keylime into a folder of its own",
        Probe::Below("/usr/lib", "ensurepip/__main__.py"),
    ),
    Package::new(
        "python3-gpg",
        "give Keylime its GnuPG binding",
        Probe::Path("/usr/lib/python3/dist-packages/gpg"),
    ),
];
