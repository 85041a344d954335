//! Kinds of events in words, for people who read the log.

use super::EventKind;

/// (name, what happened, what did not), for every kind that this server writes.
const WORDS: &[(&str, &str, &str)] = &[
    ("device.create", "Device added", "Device not added"),
    ("device.delete", "Device removed", "Device not removed"),
    ("device.token.create", "Enrolment token created", "Enrolment token not created"),
    ("device.token.spent", "Enrolment token used", "Enrolment token not accepted"),
    ("device.enroll", "Device enrolled", "Enrolment of a device failed"),
    ("device.authenticate", "Device authenticated", "Authentication of a device failed"),
    ("device.update", "Device changed", "Device not changed"),
    (
        "device.webtoken.create",
        "Browser session offered to a device",
        "Browser session not offered to a device",
    ),
    ("device.webtoken.redeem", "Code of a browser session used", "Code of a browser session not accepted"),
    (
        "device.webtoken.number",
        "Number of a browser elsewhere typed at a device",
        "Number of a browser elsewhere not accepted",
    ),
    ("device.authenticate.confirm", "Browser session authorized", "Browser session not authorized"),
    ("device.token.revoke", "Enrolment token revoked", "Enrolment token not revoked"),
    ("device.counters.accept", "TPM counters accepted", "TPM counters not accepted"),
    ("device.import.start", "Import of devices confirmed", "Import of devices not confirmed"),
    ("device.import", "Import of devices ended", "Import of devices failed"),
    ("device.evidence.export", "Evidence of an enrolment exported", "Evidence of an enrolment not exported"),
    ("device.ship_ahead.import", "TPMs announced", "TPMs not announced"),
    ("device.ship_ahead.delete", "Announcement of a TPM taken back", "Announcement of a TPM not taken back"),
    ("device.ship_ahead.use", "Announced TPM enrolled", "Announced TPM not enrolled"),
    (
        "device.boot.drift",
        "Device booted otherwise than when it was good last",
        "Boot of a device not compared",
    ),
    ("device.boot.accept", "Boot of a device accepted", "Boot of a device not accepted"),
    ("review.create", "Review asked for", "Review not made"),
    ("review.accept", "Review accepted", "Review not accepted"),
    ("review.trust", "Review accepted, CA trusted", "Review not accepted, CA not trusted"),
    ("review.refuse", "Review refused", "Review not refused"),
    ("user.login", "Signed in", "Sign-in failed"),
    ("user.logout", "Signed out", "Sign-out failed"),
    ("user.create", "User invited", "User not invited"),
    ("user.update", "User changed", "User not changed"),
    ("user.delete", "User deleted", "User not deleted"),
    ("user.reset", "User reset", "User not reset"),
    ("user.signup", "User signed up", "Sign-up failed"),
    ("user.second_factor", "Second factor confirmed", "Second factor not accepted"),
    ("role.create", "Role created", "Role not created"),
    ("role.update", "Role changed", "Role not changed"),
    ("role.delete", "Role deleted", "Role not deleted"),
    ("lock.create", "Lock created", "Lock not created"),
    ("lock.delete", "Lock removed", "Lock not removed"),
    ("cluster_auth_preference.update", "Cluster settings changed", "Cluster settings not changed"),
    ("session.end", "Session ended", "Session not ended"),
    ("host_admin.call", "Call by root on the server's host", "Call by root on the server's host failed"),
    ("user.password.change", "Password changed", "Password not changed"),
    ("user.passkey.add", "Passkey added", "Passkey not added"),
    ("user.passkey.remove", "Passkey removed", "Passkey not removed"),
    ("user.passkey.rename", "Passkey renamed", "Passkey not renamed"),
    ("user.authenticator.set", "Authenticator app set up", "Authenticator app not set up"),
    ("user.authenticator.remove", "Authenticator app removed", "Authenticator app not removed"),
    ("user.recovery_codes.create", "Recovery codes made", "Recovery codes not made"),
    ("user.cli_login.approve", "Command line let in", "Command line not let in"),
    ("user.cli_login.deny", "Command line refused", "Command line not refused"),
    // Never a success.
    ("request.refused", "Request answered", "Request refused"),
];

/// What an event of this name says: what happened, or what was tried and failed; the name itself for one that is not
/// known here.
#[must_use]
pub fn words(event: &str, success: bool) -> &str {
    let known = WORDS.iter().find(|(name, ..)| *name == event);
    known.map_or(event, |(_, done, failed)| if success { done } else { failed })
}

/// Names of the events that there can be, each with what it says whether it succeeded or not, sorted by that.
#[must_use]
pub fn event_names() -> Vec<(&'static str, &'static str)> {
    // What is only ever written as a refusal is called so.
    let success = |kind: &EventKind| *kind != EventKind::REQUEST_REFUSED;
    let mut names: Vec<_> =
        EventKind::ALL.iter().map(|kind| (kind.0, words(kind.0, success(kind)))).collect();
    names.sort_by_key(|(_, words)| *words);
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words_for_success_and_failure() {
        for EventKind(name, ..) in EventKind::ALL {
            let (done, failed) = (words(name, true), words(name, false));
            assert!(done != *name && failed != *name, "{name} has no words");
            assert_ne!(done, failed, "{name} reads the same whether it succeeded or not");
            let says_so = ["not ", "failed", "refused"].iter().any(|word| failed.contains(word));
            assert!(says_so, "\"{failed}\" reads as if {name} had succeeded");
        }
    }

    #[test]
    fn every_kind_has_its_words_once() {
        let mut names: Vec<_> = WORDS.iter().map(|(name, ..)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), WORDS.len(), "the second words for a name are never read");
        assert_eq!(words("device.enroll", true), "Device enrolled");
        assert_eq!(words("user.login", false), "Sign-in failed");
        assert_eq!(words("of.a.newer.server", false), "of.a.newer.server");
        assert!(event_names().contains(&("request.refused", "Request refused")));
        assert!(event_names().contains(&("user.login", "Signed in")));
    }
}
