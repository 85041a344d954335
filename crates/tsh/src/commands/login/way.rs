//! Terminal or browser. The cluster's preference and the person decide, never what is known of the user: an answer that
//! differed from user to user would tell strangers who exists and who has a security key.

use gatehouse_client::{ClientError, Credentials, Result};
use gatehouse_model::UserName;

use crate::cli::{AuthArg, WayArgs};
use crate::input::Prompt;
use crate::output;

pub(super) enum Way {
    Terminal(Credentials),
    Browser,
}

/// What can be done in the terminal, by the cluster's `second_factor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Terminal {
    /// The password is enough.
    Password,
    /// Password and one-time code.
    Code,
    /// Password and one-time code, or a security key in the browser: the person knows.
    Either,
    /// As above, and users without either get in with the password alone.
    Optional,
    /// Security keys only, which no terminal can ask for.
    Never,
}

fn terminal(second_factor: &str) -> Terminal {
    match second_factor {
        "off" => Terminal::Password,
        "otp" => Terminal::Code,
        "webauthn" => Terminal::Never,
        "optional" => Terminal::Optional,
        _ => Terminal::Either,
    }
}

/// Chooses, and asks for what the terminal can ask for.
pub(super) fn choose(args: &WayArgs, user: &UserName, second_factor: &str) -> Result<Way> {
    let in_terminal = match (args.auth, args.browser || args.no_browser) {
        (Some(AuthArg::Password), true) => {
            return Err(ClientError::usage("--auth=password uses no browser")
                .with_hint("leave out --browser and --no-browser, or use --auth=browser"));
        }
        (Some(AuthArg::Browser), _) | (None, true) => return Ok(Way::Browser),
        (None, false) => terminal(second_factor),
        (Some(AuthArg::Password), false) => match terminal(second_factor) {
            Terminal::Never => {
                return Err(ClientError::usage("this cluster asks for a security key, not for a password")
                    .with_hint("leave out --auth=password: the login goes through the browser"));
            }
            Terminal::Either => Terminal::Code,
            other => other,
        },
    };
    let prompt = Prompt;
    match in_terminal {
        Terminal::Never => Ok(Way::Browser),
        Terminal::Password => {
            let password = prompt.secret(&format!("Enter password for Gatehouse user {user}:"))?;
            Ok(Way::Terminal(Credentials { password, otp_code: String::new() }))
        }
        Terminal::Code => {
            let password = prompt.secret(&format!("Enter password for Gatehouse user {user}:"))?;
            Ok(Way::Terminal(Credentials { password, otp_code: prompt.code()? }))
        }
        Terminal::Either | Terminal::Optional => {
            output::notice("To use a security key, leave the password empty: it takes a browser.");
            let password = prompt.secret(&format!("Enter password for Gatehouse user {user}:"))?;
            if password.is_empty() {
                return Ok(Way::Browser);
            }
            if in_terminal == Terminal::Optional {
                output::notice("If you have set up no one-time codes, leave the next answer empty.");
            }
            Ok(Way::Terminal(Credentials { password, otp_code: prompt.code()? }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(auth: Option<AuthArg>, browser: bool, no_browser: bool) -> WayArgs {
        WayArgs { auth, browser, no_browser }
    }

    fn is_browser(args: &WayArgs, second_factor: &str) -> bool {
        matches!(choose(args, &"alice".parse().unwrap(), second_factor), Ok(Way::Browser))
    }

    #[test]
    fn flags_win_over_what_the_cluster_prefers() {
        for second_factor in ["off", "otp", "on", "webauthn"] {
            assert!(is_browser(&args(Some(AuthArg::Browser), false, false), second_factor));
            assert!(is_browser(&args(None, true, false), second_factor));
            assert!(is_browser(&args(None, false, true), second_factor));
        }
        assert!(is_browser(&args(None, false, false), "webauthn"));
        let user = "alice".parse().unwrap();
        for wrong in [args(Some(AuthArg::Password), true, false), args(Some(AuthArg::Password), false, true)]
        {
            assert!(choose(&wrong, &user, "otp").is_err_and(|error| error.code == "usage"));
        }
        let password = args(Some(AuthArg::Password), false, false);
        assert!(choose(&password, &user, "webauthn").is_err_and(|error| error.hint.is_some()));
    }

    #[test]
    fn an_unknown_preference_asks_the_person() {
        assert_eq!(terminal("on"), Terminal::Either);
        assert_eq!(terminal("something new"), Terminal::Either);
        assert_eq!(terminal("optional"), Terminal::Optional);
    }
}
