use crate::clean_label;

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
    let system = SYSTEMS.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name);
    let browser = BROWSERS.iter().find_map(|(mark, name)| {
        let version = version_after(text, mark)?;
        let major = version.split('.').next().unwrap_or_default();
        Some(format!("{name} {major}").trim_end().to_owned())
    });
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser,
        (None, Some(system)) => format!("a program on {system}"),
        (None, None) => match clean_label(text.split([' ', '/']).next().unwrap_or_default()) {
            name if name.is_empty() => "unknown".to_owned(),
            name => name,
        },
    }
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
}
