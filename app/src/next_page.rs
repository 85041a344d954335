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

#[cfg(test)]
mod tests {
    use super::*;

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
