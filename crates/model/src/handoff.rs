//! Why a browser's session was not handed to the device's client, or did not come back: one list for everybody.

use crate::ErrorKind;

/// Who finds it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    Server,
    /// `tsh`, on the device.
    Client,
}

macro_rules! codes {
    ($($variant:ident $code:literal $by:ident $kind:ident $sentence:literal $way_out:literal;)+) => {
        /// What can go wrong between a browser, the device's client and the server. The codes are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum HandoffCode {
            $($variant,)+
        }

        impl HandoffCode {
            /// Every code, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Stable; in errors, in the audit log, in `docs/`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// What happened, for the user, without a full stop.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence,)+
                }
            }

            /// What to do about it, without a full stop.
            #[must_use]
            pub const fn way_out(self) -> &'static str {
                match self {
                    $(Self::$variant => $way_out,)+
                }
            }

            #[must_use]
            pub const fn kind(self) -> ErrorKind {
                match self {
                    $(Self::$variant => ErrorKind::$kind,)+
                }
            }

            #[must_use]
            pub const fn found_by(self) -> FoundBy {
                match self {
                    $(Self::$variant => FoundBy::$by,)+
                }
            }
        }
    };
}

codes! {
    TokenUnknown "token_unknown" Server PermissionDenied
        "this link is not known here"
        "go back to the page in your browser and use the link that it shows now";
    TokenExpired "token_expired" Server FailedPrecondition
        "this link has expired"
        "links are good for 5 minutes, and the way back to the browser for 1: get a new one on the page in your browser";
    TokenSpent "token_spent" Server FailedPrecondition
        "this link has been used"
        "each link counts once: get a new one on the page in your browser";
    TokenExhausted "token_exhausted" Server FailedPrecondition
        "this link was tried too often"
        "get a new one on the page in your browser";
    OtherSession "other_session" Server PermissionDenied
        "this is not the browser session that asked"
        "open the link in the browser in which you signed in, or make that browser the default one; nothing was spent";
    SessionOver "session_over" Server FailedPrecondition
        "the browser session that asked has ended"
        "sign in again in your browser";
    OtherUser "other_user" Server PermissionDenied
        "the browser session belongs to another user than this command line"
        "sign in as the same user in both, with `tsh login` or in the browser";
    UserLocked "user_locked" Server PermissionDenied
        "a lock on the user or on one of the roles is in force"
        "ask an administrator what the lock is for";
    DeviceNotExpected "device_not_expected" Server PermissionDenied
        "this device is not one that the browser session waits for"
        "use the client on the machine on which the browser runs";
    DeviceLocked "device_locked" Server PermissionDenied
        "this device is locked"
        "ask an administrator what the lock is for";
    DeviceNotEnrolled "device_not_enrolled" Server NotFound
        "this device is not enrolled for you"
        "enrol it: `tsh device enroll --token=<token>`; an administrator makes the token";
    NoDevice "no_suitable_device" Server FailedPrecondition
        "you have no enrolled device with the system that this browser runs on"
        "enrol this machine first: your account's page says how";
    NoEnrolledDevice "no_enrolled_device" Server FailedPrecondition
        "you have no enrolled device"
        "enrol one first: your account's page says how";
    AttestationFailed "attestation_failed" Server PermissionDenied
        "what the device proved does not hold"
        "`tsh device doctor` says what is wrong with this machine; the administrator finds the check in the audit log";
    ClientTooOld "client_too_old" Server FailedPrecondition
        "this version of tsh is too old for this server"
        "update tsh";
    TrustOff "device_trust_off" Server FailedPrecondition
        "device trust is switched off in this cluster"
        "go on without it; an administrator can set device_trust.mode with `tctl edit cap`";
    AlreadyTrusted "already_trusted" Server FailedPrecondition
        "the browser session is authorized already"
        "go on in your browser";
    CodeUnknown "code_unknown" Server PermissionDenied
        "this code is not known for you, has expired or was used"
        "type the code that the page in your browser shows now, as the user who is signed in there";
    RemoteOff "remote_browser_off" Server FailedPrecondition
        "browsers on other machines than the device cannot be authorized in this cluster"
        "sign in with a browser on the device; an administrator can set device_trust.remote_browser with `tctl edit cap`";
    RemoteRefused "remote_browser_refused" Server PermissionDenied
        "one of your roles refuses browsers on other machines than the device"
        "sign in with a browser on the device";
    FactorMissing "second_factor_missing" Server FailedPrecondition
        "a browser on another machine asks for a second factor, and you have none that counts here"
        "set one up on your account's security page";
    FactorStale "second_factor_stale" Server PermissionDenied
        "a browser on another machine asks for the second factor once more, after signing in"
        "confirm that it is you on the page in your browser, then use the code that it shows";
    NumberWrong "number_wrong" Server PermissionDenied
        "this is not the number that the browser shows"
        "get a new code on the page in your browser; if somebody sent you the code or the number, tell an administrator";
    NumberMissing "number_missing" Server FailedPrecondition
        "the number that the browser shows was not typed"
        "run `tsh device authorize <code>` again with a new code of the page in your browser";
    RedirectInvalid "redirect_invalid" Server InvalidInput
        "invalid redirect URL"
        "open the console and go on from there";
    LinkMalformed "link_malformed" Client InvalidInput
        "this link is damaged"
        "go back to the page in your browser and click the link there";
    ServerUnknown "server_unknown" Client FailedPrecondition
        "this machine has never logged in to the server of this link"
        "log in once with `tsh login --proxy=<host:port>`, if you know that server; otherwise somebody may have sent you the link";
    HandlerMissing "handler_missing" Client FailedPrecondition
        "links of Gatehouse do not open tsh on this machine"
        "run `tsh install-handler`, or use the code that the page shows: `tsh device authorize <code>`";
    CannotAsk "cannot_ask" Client FailedPrecondition
        "tsh cannot ask you whether to authorize the browser session"
        "install zenity or kdialog, or run `tsh device authorize <code>` in a terminal";
    Declined "declined" Client FailedPrecondition
        "you did not authorize the browser session"
        "nothing was done; the page in your browser goes on without Device Trust if you want";
    TpmUnavailable "tpm_unavailable" Client FailedPrecondition
        "the TPM of this machine cannot be used"
        "`tsh device doctor` says why";
    BrowserMissing "browser_missing" Client FailedPrecondition
        "the way back to the browser cannot be opened"
        "set BROWSER, or make the browser in which you signed in the default one";
}

impl std::fmt::Display for HandoffCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The list for people who read documentation (Markdown).
#[must_use]
pub fn handoff_codes_document() -> String {
    let mut text = String::from(
        "# Why a browser session was not authorized\n\n\
         Every refusal of the hand-off between browser, `tsh` and server has one of these codes, and a reference: the id of\n\
         the request by which an administrator finds its full trace in the audit log. No code tells a stranger whether a user\n\
         or a device exists.\n\n\
         This list is generated; `GATEHOUSE_BLESS=1 cargo test -p gatehouse-model` writes it anew.\n\n\
         | code | found by | what happened | the way out |\n|---|---|---|---|\n",
    );
    for code in HandoffCode::ALL {
        let by = match code.found_by() {
            FoundBy::Server => "server",
            FoundBy::Client => "tsh",
        };
        let row =
            format!("| `{code}` | {by} | {} | {} |\n", written(code.sentence()), written(code.way_out()));
        text.push_str(&row);
    }
    text
}

fn written(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_each_says_the_way_out() {
        let codes: BTreeSet<_> = HandoffCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), HandoffCode::ALL.len());
        for code in HandoffCode::ALL {
            assert!(code.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{code}");
            for text in [code.sentence(), code.way_out()] {
                assert!(!text.is_empty() && !text.ends_with('.') && text.is_ascii(), "{code}: {text}");
            }
        }
    }

    #[test]
    fn the_documented_list_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/web-hand-off-codes.md");
        let fresh = handoff_codes_document();
        if std::env::var_os("GATEHOUSE_BLESS").is_some() {
            std::fs::write(path, &fresh).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap_or_default();
        assert!(committed == fresh, "stale: run GATEHOUSE_BLESS=1 cargo test -p gatehouse-model");
    }
}
