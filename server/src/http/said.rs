//! What is said once, on the next page: a cookie that lasts until then.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Name of the cookie.
pub(super) const COOKIE: &str = "__Host-gatehouse_said";
/// Longest text, in bytes.
const MAX_LEN: usize = 1024;

/// `Set-Cookie` with the text.
pub(super) fn cookie(text: &str) -> String {
    let mut end = text.len().min(MAX_LEN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let encoded = URL_SAFE_NO_PAD.encode(text.get(..end).unwrap_or_default());
    format!("{COOKIE}={encoded}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=60")
}

/// `Set-Cookie` that forgets it.
pub(super) fn forget() -> String {
    format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")
}

/// The text of a cookie's value.
pub(super) fn read(value: &str) -> Option<String> {
    let text = (value.len() <= MAX_LEN * 2).then(|| URL_SAFE_NO_PAD.decode(value).ok())??;
    String::from_utf8(text).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_comes_back_once() {
        let set = cookie("Device „ä“ locked.");
        let value = set.split_once('=').unwrap().1.split_once(';').unwrap().0;
        assert_eq!(read(value).as_deref(), Some("Device „ä“ locked."));
        for bad in ["", "!", "_w"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
