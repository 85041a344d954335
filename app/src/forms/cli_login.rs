//! Deciding on a command line that wants to be logged in.

use gatehouse_domain::account::CliReturn;

use crate::{Answer, ApiError, ConsoleContext, Posted};

/// The page on which a login is decided.
pub(crate) const PAGE: &str = "/web/cli/login";

/// How the command line learns of what was decided.
#[derive(Clone, Debug)]
pub(crate) struct Decided {
    /// Where the browser goes on to by itself; none if the command line asks.
    pub(crate) onward: Option<String>,
}

pub(super) async fn decide(console: ConsoleContext, posted: Posted) -> Answer {
    let id = id_of(&posted.query).to_owned();
    let (accounts, principal) = (&console.services.accounts, &console.principal);
    let decided = match posted.action() {
        "approve" => {
            let typed = posted.field("terminal_code").unwrap_or_default();
            accounts.approve_cli_login(principal, &id, typed).await
        }
        "deny" => accounts.deny_cli_login(principal, &id).await,
        _ => return posted.again(ApiError::invalid("malformed_form", "the form is incomplete"), &[]),
    };
    match decided {
        Ok(way) => posted.show(Decided { onward: onward(&way) }),
        Err(error) => posted.again(console.refuse(error), &[]),
    }
}

/// The loopback address, and nothing else: there is no other host that could stand here.
fn onward(way: &CliReturn) -> Option<String> {
    let CliReturn::Loopback { port, state, code } = way else { return None };
    Some(match code {
        Some(code) => format!("http://127.0.0.1:{port}/?code={}&state={state}", code.reveal()),
        None => format!("http://127.0.0.1:{port}/?error=access_denied&state={state}"),
    })
}

/// The link's login; letters that none can have are left to the domain to not find.
fn id_of(query: &str) -> &str {
    let id = query.split('&').find_map(|pair| pair.strip_prefix("id=")).unwrap_or_default();
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_plain { id } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_goes_on_to_this_machine_and_nowhere_else() {
        let state = "s".repeat(43);
        let no = CliReturn::Loopback { port: 4711, state: state.clone(), code: None };
        let expected = format!("http://127.0.0.1:4711/?error=access_denied&state={state}");
        assert_eq!(onward(&no), Some(expected));
        assert_eq!(onward(&CliReturn::Wait), None);
    }

    #[test]
    fn an_id_is_plain() {
        assert_eq!(id_of("id=abc-DEF_1&x=y"), "abc-DEF_1");
        for bad in ["", "x=y", "id=", "id=a%0d%0aSet-Cookie", "id=<b>"] {
            assert_eq!(id_of(bad), "", "{bad}");
        }
    }
}
