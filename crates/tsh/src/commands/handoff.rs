//! What a link and a code have in common: the question, the proof, and the browser at the end.

use gatehouse_client::device::{DeviceKey as _, LocalDevice, LocalOptions, require_serial};
use gatehouse_client::{ClientError, ProxyAddress, Result, WebAttempt, WebHandoff, now};
use gatehouse_model::HandoffCode;
use gatehouse_native::Escalation;
use gatehouse_native::desktop::Desktop;

use super::Context;
use crate::browser::Opener;
use crate::cli::ConsentArgs;
use crate::dialog::{Asker, Question};
use crate::failure::{Failure, Outcome};
use crate::output;

/// Asks, proves the device and opens the browser, or tells the one on another machine which number it shows. All that could fail for want of something is looked at before the question.
pub(super) async fn finish(
    context: &Context,
    desktop: &Desktop,
    handoff: WebHandoff,
    consent: ConsentArgs,
    asker: Option<&Asker>,
) -> Outcome {
    let no_browser = || ClientError::handoff(HandoffCode::BrowserMissing, "");
    let is_remote = handoff.attempt.is_remote;
    let opener = match is_remote {
        true => None,
        false => Some(Opener::find(desktop, true).ok_or_else(no_browser)?),
    };
    let tpm = consent.tpm;
    let options = LocalOptions { tpm: tpm.tpm, ek: tpm.ek, event_log: tpm.event_log };
    let mut key = open_key(context, &options)?;
    let data = LocalDevice::collect(&context.home, Escalation::Maybe, now(), |line| output::notice(line))?;
    require_serial(&data)?;

    let question = question(&handoff.attempt, handoff.proxy());
    if is_remote {
        // No flag stands in for a look at the browser.
        let asker = asker.ok_or_else(|| ClientError::handoff(HandoffCode::CannotAsk, ""))?;
        let number = asker.ask_number(&question).await?;
        let number = number.ok_or_else(|| ClientError::handoff(HandoffCode::Declined, ""))?;
        handoff.match_number(&number).await?;
    } else if consent.yes {
        output::notice(question.summary());
    } else {
        let asker = asker.ok_or_else(|| ClientError::handoff(HandoffCode::CannotAsk, ""))?;
        if !asker.ask(&question).await? {
            return Err(ClientError::handoff(HandoffCode::Declined, "").into());
        }
    }
    let (user, proxy) = (handoff.attempt.user.clone(), handoff.proxy().clone());
    let url = handoff.prove(&mut key, &data).await?;
    let Some(opener) = opener else {
        output::line(format!(
            "Device \"{}\" is proven to {proxy}. The browser that shows the number goes on by itself, authorized as {user}.",
            data.serial_number
        ))?;
        return Ok(0);
    };
    if !opener.open(&url) {
        return Err(no_browser().into());
    }
    output::line(format!(
        "Device \"{}\" is proven to {proxy}. Your browser opens, and this browser session is authorized as {user}.",
        data.serial_number
    ))?;
    Ok(0)
}

/// Tells how it ended. `asker` is where the person looks who sees no terminal.
pub(super) async fn end(outcome: Outcome, asker: Option<&Asker>) -> Outcome {
    let Err(Failure::Error(error)) = outcome else { return outcome };
    let code = output::refusal(&error);
    if let Some(asker) = asker.filter(|_| error.code != HandoffCode::Declined.as_str()) {
        asker.tell(&error).await;
    }
    Ok(code)
}

fn question(attempt: &WebAttempt, proxy: &ProxyAddress) -> Question {
    let browser = match (attempt.browser.as_str(), attempt.os.as_str()) {
        ("", "") => "unknown".to_owned(),
        (browser, "") => browser.to_owned(),
        ("", os) => format!("unknown, on {os}"),
        (browser, os) => format!("{browser} on {os}"),
    };
    let known = |address: &str| if address.is_empty() { "unknown".to_owned() } else { address.to_owned() };
    if attempt.is_remote {
        return Question {
            title: "Authorize a browser on ANOTHER machine?".to_owned(),
            rows: vec![
                ("User", attempt.user.to_string()),
                ("Server", proxy.to_string()),
                ("Browser", browser),
                ("From", known(&attempt.address)),
                ("This machine", known(&attempt.client_address)),
            ],
            warning: attempt.other_network.then(|| {
                "That browser reaches the server from another network than this machine. If it is not in front of you, \
                 it is somebody else's."
                    .to_owned()
            }),
            advice: "Go on only if you see that browser yourself and have just signed in with it. Whoever sent you the \
                     code, or tells you a number, gets in as you."
                .to_owned(),
        };
    }
    Question {
        title: "Authorize this browser session?".to_owned(),
        rows: vec![
            ("User", attempt.user.to_string()),
            ("Server", proxy.to_string()),
            ("Browser", browser),
            ("From", known(&attempt.address)),
        ],
        warning: attempt.other_network.then(|| {
            "This machine reaches the server from another network than that browser does. A VPN can be the reason, or \
             a browser that is not yours."
                .to_owned()
        }),
        advice: "Say yes only if you have just signed in with this browser, on this machine.".to_owned(),
    }
}

/// Opens the TPM with the key of this device.
fn open_key(context: &Context, options: &LocalOptions) -> Result<LocalDevice> {
    let opened = LocalDevice::open(&context.home, options).and_then(|mut key| key.load().map(|()| key));
    opened.map_err(|error| {
        // Without a key of this TPM, this user has not enrolled this machine.
        let without_key = error.code.starts_with("device_key_");
        let code = if without_key { HandoffCode::DeviceNotEnrolled } else { HandoffCode::TpmUnavailable };
        let refused = ClientError::handoff(code, &error.message);
        ClientError { hint: error.hint.or(refused.hint), ..refused }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> WebAttempt {
        WebAttempt {
            user: "alice".parse().unwrap(),
            browser: "Firefox".to_owned(),
            os: "Linux".to_owned(),
            address: "192.0.2.7".to_owned(),
            other_network: false,
            client_address: "198.51.100.4".to_owned(),
            is_remote: false,
            correlation_id: String::new(),
        }
    }

    #[test]
    fn the_question_says_who_where_and_with_what() {
        let question = question(&attempt(), &"gate.example:3080".parse().unwrap());
        insta::assert_snapshot!(question.plain(), @r"
        Authorize this browser session?

        User:    alice
        Server:  gate.example:3080
        Browser: Firefox on Linux
        From:    192.0.2.7

        Say yes only if you have just signed in with this browser, on this machine.
        ");
    }

    #[test]
    fn another_network_is_said_before_the_answer() {
        let mut attempt = attempt();
        attempt.other_network = true;
        attempt.browser.clear();
        let question = question(&attempt, &"gate.example:3080".parse().unwrap());
        let text = question.plain();
        assert!(text.contains("Browser: unknown, on Linux\n") && text.contains("another network"), "{text}");
    }

    #[test]
    fn a_browser_elsewhere_is_called_so_and_both_networks_are_shown() {
        let attempt = WebAttempt { is_remote: true, other_network: true, ..attempt() };
        let question = question(&attempt, &"gate.example:3080".parse().unwrap());
        insta::assert_snapshot!(question.plain(), @r"
        Authorize a browser on ANOTHER machine?

        User:         alice
        Server:       gate.example:3080
        Browser:      Firefox on Linux
        From:         192.0.2.7
        This machine: 198.51.100.4

        That browser reaches the server from another network than this machine. If it is not in front of you, it is somebody else's.

        Go on only if you see that browser yourself and have just signed in with it. Whoever sent you the code, or tells you a number, gets in as you.
        ");
    }
}
