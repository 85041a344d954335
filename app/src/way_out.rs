//! The way out of an error, where it is a page of the console: the domain's own hints name commands.

/// (code, hint for people in a browser, address and name of the page that helps).
const WAYS: &[(&str, &str, Option<(&str, &str)>)] = &[
    (
        "device_exists",
        "the same tag may exist once per operating system: look at the device that has it",
        Some(("/web/devices", "Devices")),
    ),
    (
        "device_not_found",
        "look for it in the inventory; it may have been deleted",
        Some(("/web/devices", "Devices")),
    ),
    (
        "invalid_enroll_status",
        "leave out enroll_status and credential, then make an enrolment token on the device's page",
        Some(("/web/devices", "Devices")),
    ),
    (
        "device_trust_off",
        "an administrator can set who needs a trusted device",
        Some(("/web/settings", "Device trust")),
    ),
    ("auto_enroll_off", "ask an administrator for an enrolment token: it is made on the device's page", None),
    (
        "auto_enroll_refused",
        "ask an administrator for an enrolment token: it is made on the device's page",
        None,
    ),
    ("user_exists", "choose another name, or change the account that has it", Some(("/web/users", "Users"))),
    ("user_not_found", "look for the name among the users", Some(("/web/users", "Users"))),
    ("unknown_role", "choose among the roles there are", Some(("/web/roles", "Roles"))),
    ("role_exists", "choose another name, or change the role that has it", Some(("/web/roles", "Roles"))),
    ("role_not_found", "look for the name among the roles", Some(("/web/roles", "Roles"))),
    (
        "role_in_use",
        "take the role from its users first: each has a page with \"Roles and logins\"",
        Some(("/web/users", "Users")),
    ),
    (
        "link_invalid",
        "ask an administrator for a new one: \"Reset sign-in\" on the page of your account makes it",
        None,
    ),
    (
        "passkeys_not_allowed",
        "an administrator can accept passkeys as the second factor",
        Some(("/web/settings", "Device trust")),
    ),
    (
        "form_key_foreign",
        "somebody signed in again in this browser after the page was opened: look over what you typed, then send it again",
        None,
    ),
    ("stale_revision", "compare it with what you typed, which is still here, and save again", None),
    ("lock_target_not_found", "check the name: what is locked has to be there", None),
];

fn way(code: &str) -> Option<&'static (&'static str, &'static str, Option<(&'static str, &'static str)>)> {
    WAYS.iter().find(|(known, ..)| *known == code)
}

/// What somebody in a browser can do about an error of this code; `None` where the domain's own hint serves.
pub(crate) fn hint_in_console(code: &str) -> Option<&'static str> {
    way(code).map(|(_, hint, _)| *hint)
}

/// The page that helps: its address and its name.
pub(crate) fn page_that_helps(code: &str) -> Option<(&'static str, &'static str)> {
    way(code).and_then(|(.., page)| *page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_of_the_console_name_no_commands() {
        for (code, hint, page) in WAYS {
            assert!(!hint.contains("tctl") && !hint.ends_with('.'), "{code}: {hint}");
            assert!(page.is_none_or(|(path, _)| path.starts_with("/web/")), "{code}");
            assert_eq!(WAYS.iter().filter(|(other, ..)| other == code).count(), 1, "{code} is there twice");
        }
    }
}
