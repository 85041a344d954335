//! The browser as a way to log in: opened where there is one, else its link is printed.

use std::env::var_os;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use gatehouse_client::{
    BrowserLogin, CodeReturn, Connection, Home, Identity, Login, Loopback, Machine, Result,
};
use gatehouse_model::OsType;
use gatehouse_native::collect::{host_name, login_name};

use crate::cli::WayArgs;
use crate::output;

/// The guide's words for where a security key is tapped.
const TAP: &str = "Tap any security key";
const TAPPED: &str = "Detected security key tap";

/// Logs in through a browser.
pub(super) async fn log_in(
    connection: &Connection,
    home: &Home,
    login: Login<'_>,
    args: &WayArgs,
) -> Result<(Identity, bool)> {
    // Where keys are one of several ways, the browser alone knows which was taken.
    let takes_keys = !matches!(login.ping.second_factor.as_str(), "off" | "otp");
    let takes_only_keys = login.ping.second_factor == "webauthn";
    let opener = if args.no_browser { None } else { opener(&Surroundings::of_this_process(), args.browser) };
    let begun = match opener {
        // Asked for by name, it is on this machine even where none was found: its person opens the link.
        None if !args.browser => asking(connection, &login).await?,
        opener => {
            let loopback = CodeReturn::Loopback(Loopback::open().await?);
            let begun = BrowserLogin::begin(connection, &login, machine(), loopback).await?;
            let opened = opener.is_some_and(|opener| opener.open(&begun.url));
            if opened {
                say(
                    &begun,
                    "Your browser opens this page; on another machine, use `tsh login --no-browser`:",
                );
                begun
            } else if args.browser {
                say(&begun, "No browser could be opened. Open this page in a browser on this machine:");
                begun
            } else {
                asking(connection, &login).await?
            }
        }
    };
    if takes_keys {
        output::notice(TAP);
    }
    let user = login.user.clone();
    let done = begun.finish(connection, home, login).await?;
    output::notice(if takes_only_keys {
        TAPPED.to_owned()
    } else {
        format!("Approved in the browser by {user}.")
    });
    Ok(done)
}

async fn asking(connection: &Connection, login: &Login<'_>) -> Result<BrowserLogin> {
    let begun = BrowserLogin::begin(connection, login, machine(), CodeReturn::Asking).await?;
    show(&begun, "Open this page in a browser on any machine, within 5 minutes:");
    output::notice(format!(
        "Type the code {} there. Never type one that somebody else gave you.",
        begun.user_code
    ));
    Ok(begun)
}

fn show(begun: &BrowserLogin, what: &str) {
    output::notice(what);
    output::notice(format!("  {}", begun.url));
}

fn say(begun: &BrowserLogin, what: &str) {
    show(begun, what);
    output::notice(format!(
        "It must show the code {}; if it shows another one, deny it. Never approve a login that you did not begin.",
        begun.user_code
    ));
}

fn machine() -> Machine {
    Machine {
        host_name: host_name(),
        os_user: login_name(),
        os: OsType::current().map(|os| os.friendly().to_owned()).unwrap_or_default(),
    }
}

/// A program that shows pages.
#[derive(Debug, PartialEq, Eq)]
struct Opener {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Opener {
    /// Whether it could be started.
    fn open(&self, url: &str) -> bool {
        // It outlives this program, and must not write into its output.
        Command::new(&self.program)
            .args(&self.arguments)
            .arg(url)
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
    fn of_this_process() -> Self {
        let is_set = |name: &str| var_os(name).is_some_and(|value| !value.is_empty());
        let found = |folder: PathBuf| Some(folder.join("xdg-open")).filter(|program| program.is_file());
        Self {
            os: OsType::current(),
            browser: var_os("BROWSER").filter(|value| !value.is_empty()),
            has_display: is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"),
            is_remote: is_set("SSH_CONNECTION") || is_set("SSH_TTY"),
            xdg_open: var_os("PATH").and_then(|path| std::env::split_paths(&path).find_map(found)),
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
