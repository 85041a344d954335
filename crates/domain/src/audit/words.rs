//! Kinds of events in words, for people who read the log.

use super::EventKind;

/// (name, what happened), for every kind that this server writes.
const WORDS: &[(&str, &str)] = &[
    ("device.create", "Device added"),
    ("device.delete", "Device removed"),
    ("device.token.create", "Enrolment token created"),
    ("device.token.spent", "Enrolment token used"),
    ("device.enroll", "Device enrolled"),
    ("device.authenticate", "Device authenticated"),
    ("device.update", "Device changed"),
    ("device.webtoken.create", "Browser session offered to a device"),
    ("device.webtoken.redeem", "Code of a browser session used"),
    ("device.authenticate.confirm", "Browser session authorized"),
    ("device.token.revoke", "Enrolment token revoked"),
    ("device.counters.accept", "TPM counters accepted"),
    ("device.import.start", "Import of devices confirmed"),
    ("device.import", "Import of devices ended"),
    ("device.evidence.export", "Evidence of an enrolment exported"),
    ("device.ship_ahead.import", "TPMs announced"),
    ("device.ship_ahead.delete", "Announcement of a TPM taken back"),
    ("device.ship_ahead.use", "Announced TPM enrolled"),
    ("device.boot.drift", "Device booted otherwise than when it was good last"),
    ("device.boot.accept", "Boot of a device accepted"),
    ("review.create", "Review asked for"),
    ("review.accept", "Review accepted"),
    ("review.trust", "Review accepted, CA trusted"),
    ("review.refuse", "Review refused"),
    ("user.login", "Signed in"),
    ("user.logout", "Signed out"),
    ("user.create", "User invited"),
    ("user.update", "User changed"),
    ("user.delete", "User deleted"),
    ("user.reset", "User reset"),
    ("user.signup", "User signed up"),
    ("user.second_factor", "Second factor confirmed"),
    ("role.create", "Role created"),
    ("role.update", "Role changed"),
    ("role.delete", "Role deleted"),
    ("lock.create", "Lock created"),
    ("lock.delete", "Lock removed"),
    ("cluster_auth_preference.update", "Cluster settings changed"),
    ("session.end", "Session ended"),
    ("host_admin.call", "Call by root on the server's host"),
    ("user.password.change", "Password changed"),
    ("user.passkey.add", "Passkey added"),
    ("user.passkey.remove", "Passkey removed"),
    ("user.passkey.rename", "Passkey renamed"),
    ("user.authenticator.set", "Authenticator app set up"),
    ("user.authenticator.remove", "Authenticator app removed"),
    ("user.recovery_codes.create", "Recovery codes made"),
    ("user.cli_login.approve", "Command line let in"),
    ("user.cli_login.deny", "Command line refused"),
    ("request.refused", "Request refused"),
];

/// What an event of this name says happened; the name itself for one that is not known here.
#[must_use]
pub fn words(event: &str) -> &str {
    WORDS.iter().find(|(name, _)| *name == event).map_or(event, |(_, words)| words)
}

/// Names of the events that there can be, sorted by what they say.
#[must_use]
pub fn event_names() -> Vec<&'static str> {
    let mut names: Vec<_> = EventKind::ALL.iter().map(|kind| kind.0).collect();
    names.sort_by_key(|name| words(name).to_owned());
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_words() {
        let without: Vec<_> =
            EventKind::ALL.iter().map(|kind| kind.0).filter(|name| words(name) == *name).collect();
        assert_eq!(without, [""; 0], "kinds of events without words");
        let mut names: Vec<_> = WORDS.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), WORDS.len(), "the second words for a name are never read");
        assert_eq!(words("device.enroll"), "Device enrolled");
        assert_eq!(words("of.a.newer.server"), "of.a.newer.server");
    }
}
