//! The way out of an error, where it is a page of the console: the domain's own hints name commands.

/// An error that somebody in a browser can do something about.
struct Way {
    code: &'static str,
    hint: &'static str,
    /// Address and name of the page that helps.
    page: Option<(&'static str, &'static str)>,
}

const fn way(code: &'static str, hint: &'static str) -> Way {
    Way { code, hint, page: None }
}

const fn way_to(path: &'static str, name: &'static str, code: &'static str, hint: &'static str) -> Way {
    Way { code, hint, page: Some((path, name)) }
}

const WAYS: &[Way] = &[
    way_to(
        "/web/devices",
        "Devices",
        "device_exists",
        "the same tag may exist once per operating system: look at the device that has it",
    ),
    // Its page leads back to the inventory by itself.
    way("device_not_found", "look for it in the inventory; it may have been deleted"),
    way_to(
        "/web/devices",
        "Devices",
        "invalid_enroll_status",
        "leave out enroll_status and credential, then make an enrolment token on the device's page",
    ),
    way_to(
        "/web/settings",
        "Device trust",
        "device_trust_off",
        "an administrator can set who needs a trusted device",
    ),
    way("auto_enroll_off", "ask an administrator for an enrolment token: it is made on the device's page"),
    way(
        "auto_enroll_refused",
        "ask an administrator for an enrolment token: it is made on the device's page",
    ),
    way_to("/web/users", "Users", "user_exists", "choose another name, or change the account that has it"),
    way_to("/web/users", "Users", "user_not_found", "look for the name among the users"),
    way_to("/web/roles", "Roles", "unknown_role", "choose among the roles there are"),
    way_to("/web/roles", "Roles", "role_exists", "choose another name, or change the role that has it"),
    way_to("/web/roles", "Roles", "role_not_found", "look for the name among the roles"),
    way_to(
        "/web/users",
        "Users",
        "role_in_use",
        "take the role from its users first: each has a page with \"Roles and logins\"",
    ),
    way(
        "link_invalid",
        "ask an administrator for a new one: \"Reset sign-in\" on the page of your account makes it",
    ),
    way_to(
        "/web/settings",
        "Device trust",
        "passkeys_not_allowed",
        "an administrator can accept passkeys as the second factor",
    ),
    way(
        "form_key_foreign",
        "somebody signed in again in this browser after the page was opened: look over what you typed, then send it again",
    ),
    way("stale_revision", "compare it with what you typed, which is still here, and save again"),
    way("lock_target_not_found", "check the name: what is locked has to be there"),
];

fn of(code: &str) -> Option<&'static Way> {
    WAYS.iter().find(|way| way.code == code)
}

/// What somebody in a browser can do about an error of this code; `None` where the domain's own hint serves.
pub(crate) fn hint_in_console(code: &str) -> Option<&'static str> {
    of(code).map(|way| way.hint)
}

/// The page that helps: its address and its name.
pub(crate) fn page_that_helps(code: &str) -> Option<(&'static str, &'static str)> {
    of(code).and_then(|way| way.page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_of_the_console_name_no_commands() {
        for Way { code, hint, page } in WAYS {
            assert!(!hint.contains("tctl") && !hint.ends_with('.'), "{code}: {hint}");
            assert!(page.is_none_or(|(path, _)| path.starts_with("/web/")), "{code}");
            assert_eq!(WAYS.iter().filter(|other| other.code == *code).count(), 1, "{code} is there twice");
        }
    }
}
