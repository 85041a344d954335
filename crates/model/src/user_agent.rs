use crate::{OsType, clean_label};

/// Browsers by what only they put into their name; those that pretend to be another come before it.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("curl/", "curl"),
];
const SYSTEMS: [(&str, &str); 8] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("X11", "Unix"),
];
/// How our own command lines name themselves.
const OURS: &str = "gatehouse/";

/// What a client called itself (RFC 9110, section 10.1.5), in words such as "Firefox 128 on Linux". A claim: anybody can
/// call themselves anything.
#[must_use]
pub fn user_agent_in_words(text: &str) -> String {
    if let Some(version) = version_after(text, OURS) {
        return format!("tsh {version}");
    }
    match (browser(text), system(text)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, Some(system)) => format!("a program on {system}"),
        (None, None) => match clean_label(text.split([' ', '/']).next().unwrap_or_default()) {
            name if name.is_empty() => "unknown".to_owned(),
            name => name,
        },
    }
}

/// Name and major version of a browser, such as "Firefox 128"; "a browser" for one that is not known.
#[must_use]
pub fn browser_in_words(text: &str) -> String {
    browser(text).unwrap_or_else(|| "a browser".to_owned())
}

/// The system that a browser says it runs on, if devices can have it. Phones, tablets and Chromebooks have none of these,
/// whatever else stands in their names.
#[must_use]
pub fn user_agent_os(text: &str) -> Option<OsType> {
    system(text).and_then(|name| OsType::ALL.into_iter().find(|os| os.friendly() == name))
}

/// Version of our own command lines, as they name themselves; `None` for whoever else calls.
#[must_use]
pub fn own_client_version(text: &str) -> Option<(u32, u32, u32)> {
    let rest = text.trim_start().strip_prefix(OURS)?;
    let version = rest.split([' ', '-', '+']).next().unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse().ok());
    let mut next = || parts.next().flatten().unwrap_or_default();
    Some((next(), next(), next()))
}

fn system(text: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

fn browser(text: &str) -> Option<String> {
    BROWSERS.iter().find_map(|(mark, name)| {
        let version = version_after(text, mark)?;
        let major = version.split('.').next().unwrap_or_default();
        Some(format!("{name} {major}").trim_end().to_owned())
    })
}

fn version_after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(mark)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_named_as_people_know_them() {
        for (text, words) in [
            ("gatehouse/0.1.0 tonic/0.14.2", "tsh 0.1.0"),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Firefox 128 on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 \
                 Safari/537.36 Edg/126.0.0.0",
                "Edge 126 on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile \
                 Safari/537.36",
                "Chrome 126 on Android",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.5 Safari/605.1.15",
                "Safari 17 on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari 17 on iPhone",
            ),
            ("curl/8.5.0", "curl 8"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "a program on Linux"),
            ("python-requests/2.31", "python-requests"),
            ("", "unknown"),
            ("\u{202e}evil", "evil"),
        ] {
            assert_eq!(user_agent_in_words(text), words, "{text}");
        }
    }

    #[test]
    fn a_browser_names_its_system_and_phones_name_none_of_ours() {
        for (text, os) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", Some(OsType::Linux)),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0 Edg/126.0", Some(OsType::Windows)),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605", Some(OsType::Macos)),
            ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0.0.0 Mobile Safari/537.36", None),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", None),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0.0.0 Safari/537.36", None),
            ("curl/8.5.0", None),
            ("", None),
        ] {
            assert_eq!(user_agent_os(text), os, "{text}");
        }
    }

    #[test]
    fn our_own_clients_tell_their_version() {
        assert_eq!(own_client_version("gatehouse/0.1.2 tonic/0.14.2"), Some((0, 1, 2)));
        assert_eq!(own_client_version("gatehouse/1.2.3-rc1"), Some((1, 2, 3)));
        assert_eq!(own_client_version("gatehouse/x"), Some((0, 0, 0)));
        assert_eq!(own_client_version("tonic/0.14.2 gatehouse/9"), None);
    }
}
