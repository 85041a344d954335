/// The page after signing in, unless another was asked for.
pub const HOME: &str = "/web/devices";

/// Longest address that is kept over a sign-in, in bytes.
const MAX_LEN: usize = 512;

/// Where to go after signing in: a page of the console, never an address of somebody else's making.
#[must_use]
pub fn safe_next(wished: Option<&str>) -> &str {
    let is_ours = |path: &&str| {
        path.len() <= MAX_LEN
            && path.starts_with("/web/")
            && !path.starts_with("/web/login")
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    wished.filter(is_ours).unwrap_or(HOME)
}

/// For a value of a query: addresses of the console hold nothing else that would have to be escaped.
pub(crate) fn in_query(address: &str) -> String {
    address
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('&', "%26")
        .replace('#', "%23")
        .replace('+', "%2B")
}

/// Anything, for a place in an address (RFC 3986, section 2.1): only what is unreserved stays.
pub(crate) fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_put_into_an_address_stays_one_part_of_it() {
        assert_eq!(escaped("a@b.c/d?e=f&g#h%"), "a%40b.c%2Fd%3Fe%3Df%26g%23h%25");
    }

    #[test]
    fn only_pages_of_the_console_are_gone_to() {
        assert_eq!(safe_next(Some("/web/account")), "/web/account");
        assert_eq!(safe_next(Some("/web/devices?after=abc")), "/web/devices?after=abc");
        for bad in [
            "https://evil.example/",
            "//evil.example/web/",
            "/\\evil.example/web/",
            "/web/\\evil",
            "/web/a\r\nSet-Cookie: x=y",
            "/web/login?next=/web/login",
            "javascript:alert(1)",
            "/pkg/x",
            "",
        ] {
            assert_eq!(safe_next(Some(bad)), HOME, "{bad:?}");
        }
        assert_eq!(safe_next(None), HOME);
    }
}
