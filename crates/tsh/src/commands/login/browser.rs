//! The browser as a way to log in: opened where there is one, else its link is printed.

use gatehouse_client::{
    BrowserLogin, CodeReturn, Connection, Home, Identity, Login, Loopback, Machine, Result,
};
use gatehouse_model::OsType;
use gatehouse_native::collect::{host_name, login_name};
use gatehouse_native::desktop::Desktop;

use crate::browser::Opener;
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
    let opener = if args.no_browser {
        None
    } else {
        Opener::find(&Desktop::from_env().unwrap_or_default(), args.browser)
    };
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
