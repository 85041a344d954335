//! A program that shows pages to whoever sits in front of this machine.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use gatehouse_model::OsType;
use gatehouse_native::desktop::Desktop;

/// A program that shows pages.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Opener {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Opener {
    /// The program of this process's surroundings; none where a page would open in front of nobody. `forced` asks for less.
    pub(crate) fn find(desktop: &Desktop, forced: bool) -> Option<Self> {
        opener(&Surroundings::of(desktop), forced)
    }

    /// Whether it could be started.
    pub(crate) fn open(&self, url: &str) -> bool {
        // It outlives this program and its terminal, and must not write into its output.
        Command::new(&self.program)
            .args(&self.arguments)
            .arg(url)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .is_ok()
    }
}

/// What tells whether there is a browser in front of the person.
#[derive(Clone, Debug, Default)]
struct Surroundings {
    os: Option<OsType>,
    /// `$BROWSER`: programs to try, with colons between them.
    browser: Option<OsString>,
    has_display: bool,
    is_remote: bool,
    /// Where `xdg-open` is, if it is there.
    xdg_open: Option<PathBuf>,
}

impl Surroundings {
    fn of(desktop: &Desktop) -> Self {
        Self {
            os: OsType::current(),
            browser: desktop.browser.clone(),
            has_display: desktop.has_display,
            is_remote: desktop.is_remote,
            xdg_open: desktop.program("xdg-open"),
        }
    }
}

/// The program to open a page with; none where a page would open in front of nobody. `forced` asks for less.
fn opener(here: &Surroundings, forced: bool) -> Option<Opener> {
    let plain = |program: &str, arguments: &[&str]| Opener {
        program: program.into(),
        arguments: arguments.iter().map(OsString::from).collect(),
    };
    if let Some(browser) = &here.browser {
        let first = browser.to_str()?.split(':').find(|program| !program.is_empty())?;
        return Some(plain(first, &[]));
    }
    if here.is_remote && !forced {
        return None;
    }
    match here.os? {
        OsType::Macos => Some(plain("/usr/bin/open", &[])),
        OsType::Windows => Some(plain("rundll32.exe", &["url.dll,FileProtocolHandler"])),
        OsType::Linux if here.has_display => {
            let program = here.xdg_open.clone()?;
            Some(Opener { program: program.into_os_string(), arguments: Vec::new() })
        }
        OsType::Linux => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_opened_where_somebody_sees_it() {
        let desktop = Surroundings {
            os: Some(OsType::Linux),
            has_display: true,
            xdg_open: Some("/usr/bin/xdg-open".into()),
            ..Surroundings::default()
        };
        let program = |here: &Surroundings, forced| opener(here, forced).map(|opener| opener.program);
        assert_eq!(program(&desktop, false), Some("/usr/bin/xdg-open".into()));
        let remote = Surroundings { is_remote: true, ..desktop.clone() };
        assert_eq!(program(&remote, false), None, "it would open in front of nobody");
        assert_eq!(program(&remote, true), Some("/usr/bin/xdg-open".into()));
        let chosen = Surroundings { browser: Some(":/opt/firefox:lynx".into()), ..remote };
        assert_eq!(program(&chosen, false), Some("/opt/firefox".into()));
        for blind in [
            Surroundings { has_display: false, ..desktop.clone() },
            Surroundings { xdg_open: None, ..desktop.clone() },
            Surroundings { os: None, ..desktop.clone() },
        ] {
            assert_eq!(program(&blind, false), None, "{blind:?}");
        }
        let mac = Surroundings { os: Some(OsType::Macos), ..Surroundings::default() };
        assert_eq!(program(&mac, false), Some("/usr/bin/open".into()));
    }
}
