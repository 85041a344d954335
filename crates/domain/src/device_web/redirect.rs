//! Where a browser goes on to: a place of the console, whatever was asked for.

use gatehouse_model::{HandoffCode, percent};

use super::DeviceWebError;

/// Where one goes who was going nowhere.
pub const WEB_HOME: &str = "/web";
/// Longest address that is looked at, in bytes.
const MAX_LEN: usize = 2048;
/// Places that lead nowhere from here.
const NOWHERE: [&str; 3] = ["/web/login", "/web/logout", "/web/device/authorize"];

/// Makes a path of the console of what somebody wants to go to. A host is dropped, dots are taken out (encoded ones, too),
/// and what does not begin with `/web` is put below it.
///
/// # Errors
/// Another scheme than HTTP's, backslashes, control characters or white space, a damaged escape, an escaped separator.
pub fn clean_redirect(wished: &str) -> Result<String, DeviceWebError> {
    let invalid = || DeviceWebError::of(HandoffCode::RedirectInvalid);
    let is_plain =
        wished.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
    if wished.len() > MAX_LEN || !is_plain {
        return Err(invalid());
    }
    let wished = wished.split('#').next().unwrap_or_default();
    let (place, query) = wished.split_once('?').map_or((wished, None), |(place, query)| (place, Some(query)));
    let path = path_of(place).ok_or_else(invalid)?;
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match decoded(segment).ok_or_else(invalid)?.as_slice() {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    let mut clean = format!("/{}", segments.join("/"));
    if clean == "/" {
        WEB_HOME.clone_into(&mut clean);
    } else if clean != WEB_HOME && !clean.starts_with("/web/") {
        clean.insert_str(0, WEB_HOME);
    }
    let leads_nowhere = |place: &&str| {
        clean.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if NOWHERE.iter().any(leads_nowhere) {
        return Ok(WEB_HOME.to_owned());
    }
    match query.filter(|query| !query.is_empty()) {
        Some(query) => Ok(format!("{clean}?{query}")),
        None => Ok(clean),
    }
}

/// What follows scheme and host; `None` for other schemes than HTTP's.
fn path_of(place: &str) -> Option<&str> {
    let authority = match place.split_once(':') {
        // A colon that comes after a slash is one of the path.
        Some((scheme, rest)) if !scheme.contains('/') => {
            let is_http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
            Some(rest.strip_prefix("//").filter(|_| is_http)?)
        }
        _ => place.strip_prefix("//"),
    };
    Some(match authority {
        Some(rest) => rest.find('/').and_then(|start| rest.get(start..)).unwrap_or_default(),
        None => place,
    })
}

/// Without escapes, once; `None` if one is damaged or stands for a separator or a control character.
fn decoded(segment: &str) -> Option<Vec<u8>> {
    let stands_apart = |byte: &u8| matches!(byte, b'/' | b'\\' | 0x7f) || *byte < 0x20;
    percent::decode(segment).filter(|bytes| !bytes.iter().any(stands_apart))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn goes(wished: &str, to: &str) {
        assert_eq!(clean_redirect(wished).unwrap(), to, "{wished}");
    }

    #[track_caller]
    fn refused(wished: &str) {
        assert!(clean_redirect(wished).is_err(), "{wished:?} became {:?}", clean_redirect(wished));
    }

    #[test]
    fn places_of_the_console_are_kept_with_their_query() {
        goes("", "/web");
        goes("/", "/web");
        goes("/web", "/web");
        goes("/web/devices/7f?tab=boot&x=%2e%2e", "/web/devices/7f?tab=boot&x=%2e%2e");
        goes("/web/users/a%20b", "/web/users/a%20b");
        goes("/web/devices#boot", "/web/devices");
        goes("devices", "/web/devices");
        goes("/webapi/ping", "/web/webapi/ping");
    }

    #[test]
    fn redirects_of_other_hosts_lose_their_host() {
        goes("https://evil.example/web/devices", "/web/devices");
        goes("HTTPS://evil.example", "/web");
        goes("https://user:secret@evil.example:81/x?y", "/web/x?y");
        goes("//evil.example/web/a", "/web/a");
        goes("//evil.example", "/web");
        goes("///evil.example/a", "/web/evil.example/a");
        goes("/web//evil.example/a", "/web/evil.example/a");
    }

    #[test]
    fn redirects_of_other_schemes_are_refused() {
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "gatehouse://a@b/c", "ftp://x/y", "https:evil", "x:"]
        {
            refused(bad);
        }
    }

    #[test]
    fn redirects_with_backslashes_are_refused() {
        for bad in ["\\\\evil.example", "/\\evil.example", "/web\\..\\x", "/web/%5cevil", "/%5C/evil.example"]
        {
            refused(bad);
        }
    }

    #[test]
    fn redirects_with_encoded_dots_stay_below_the_console() {
        goes("/web/%2e%2e/%2E./etc", "/web/etc");
        goes("/web/../../x", "/web/x");
        goes(".", "/web");
        goes("..", "/web");
        goes("/web/a/%2e%2e/b", "/web/b");
        // Escaped twice, it is a name like any other, for browsers as well.
        goes("/web/%252e%252e/x", "/web/%252e%252e/x");
        for bad in ["/web/%2f%2fevil", "/web/..%2fx", "/web/%", "/web/%2", "/web/%zz", "/web/%+1"] {
            refused(bad);
        }
    }

    #[test]
    fn redirects_cannot_carry_a_header() {
        for bad in [
            "/web/a\r\nSet-Cookie: x=y",
            "/web/a\nb",
            "/web/%0d%0aSet-Cookie:%20x=y",
            "/web/%00",
            "/web/ü",
            "/web/a b",
            "/web/\u{202e}x",
            &format!("/web/{}", "a".repeat(3000)),
        ] {
            refused(bad);
        }
    }

    #[test]
    fn redirects_do_not_go_round_in_circles() {
        for circle in [
            "/web/login?next=/web/x",
            "/web/logout",
            "/web/device/authorize?next=/web",
            "/web/login/second-factor",
        ] {
            goes(circle, "/web");
        }
        goes("/web/logins", "/web/logins");
    }

    proptest! {
        #[test]
        fn whatever_is_wished_stays_in_the_console(wished in ".*") {
            if let Ok(clean) = clean_redirect(&wished) {
                prop_assert!(clean == "/web" || clean.starts_with("/web/") || clean.starts_with("/web?"), "{clean}");
                prop_assert!(clean.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
                let path = clean.split('?').next().unwrap_or_default();
                prop_assert!(!path.contains("//") && !path.split('/').any(|part| part == ".."));
            }
        }

        #[test]
        fn cleaning_twice_changes_nothing(wished in "[/a-z.%2e\\\\:?#]{0,40}") {
            if let Ok(clean) = clean_redirect(&wished) {
                prop_assert_eq!(clean_redirect(&clean).ok(), Some(clean));
            }
        }
    }
}
