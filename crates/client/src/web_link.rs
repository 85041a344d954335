//! The link by which a browser hands its session to `tsh`:
//! `gatehouse://<user>@<host[:port]>/authenticate_web_device?id=…&token=…&redirect_uri=…`.
//!
//! Any page can make a browser open such a link, so it is read exactly: what is not of this shape is refused whole.

use std::fmt;

use gatehouse_model::{HandoffCode, LinkScheme, UserName, is_unprintable, percent};
use zeroize::Zeroizing;

use crate::address::ProxyAddress;
use crate::error::{ClientError, Result};
use crate::profile::Profile;

/// Longest link, in bytes.
const MAX_LINK: usize = 8192;
/// Longest id or token, in characters: 256 bits are 43.
const MAX_TOKEN: usize = 128;
/// Longest place to go on to, in bytes after decoding.
const MAX_REDIRECT: usize = 2048;
const PATH: &str = "authenticate_web_device";
/// What RFC 3986 lets stand in a query, beside letters, digits and `%`.
const QUERY_MARKS: &[u8] = b"-._~!$&'()*+,;=:@/?";

/// A token of the hand-off with its id: the web token of a browser's session, or the confirmation token of a device.
#[derive(Clone, PartialEq, Eq)]
pub struct WebToken {
    pub(crate) id: String,
    pub(crate) token: Zeroizing<String>,
}

impl WebToken {
    /// Takes an id and a token; `None` for what cannot be one: both are unpadded URL-safe base64 or a UUID.
    pub(crate) fn new(id: String, token: String) -> Option<Self> {
        let plain = |text: &str| {
            (1..=MAX_TOKEN).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        };
        let token = Zeroizing::new(token);
        (plain(&id) && plain(&token)).then_some(Self { id, token })
    }
}

impl fmt::Debug for WebToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebToken").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A link, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebLink {
    /// Whose session it is; a server that does not say is asked.
    pub user: Option<UserName>,
    pub proxy: ProxyAddress,
    /// Whether the link names the port.
    has_port: bool,
    pub(crate) token: WebToken,
    /// Where the browser goes on to, for the server to judge.
    pub(crate) redirect_uri: Option<String>,
}

impl WebLink {
    /// Reads a link with this scheme. The errors quote nothing of it: it holds a secret, and may be anybody's text.
    ///
    /// # Errors
    /// It is not exactly of the shape above.
    pub fn parse(text: &str, scheme: &LinkScheme) -> Result<Self> {
        read(text, scheme).map_err(|why| ClientError::handoff(HandoffCode::LinkMalformed, why))
    }

    /// Whether it is a link of the server of this profile. A link without a port means whichever port the profile has.
    #[must_use]
    pub fn is_of(&self, profile: &Profile) -> bool {
        self.proxy.host() == profile.proxy.host()
            && (!self.has_port || self.proxy.port() == profile.proxy.port())
    }
}

fn read(text: &str, scheme: &LinkScheme) -> std::result::Result<WebLink, &'static str> {
    if text.len() > MAX_LINK {
        return Err("it is longer than 8 KiB");
    }
    if !text.bytes().all(|byte| {
        byte.is_ascii_alphanumeric() || byte == b'%' || b"[]".contains(&byte) || QUERY_MARKS.contains(&byte)
    }) {
        return Err("it holds characters that no link may hold");
    }
    let (found, rest) = text.split_once("://").ok_or("it has no scheme")?;
    if !found.eq_ignore_ascii_case(scheme.as_str()) {
        return Err("it has another scheme");
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = place.split_once('/').ok_or("it has no path")?;
    if path != PATH {
        return Err("it asks for something that tsh does not do");
    }
    let (user, proxy, has_port) = read_authority(authority)?;
    let (token, redirect_uri) = read_query(query)?;
    Ok(WebLink { user, proxy, has_port, token, redirect_uri })
}

type Authority = (Option<UserName>, ProxyAddress, bool);

fn read_authority(text: &str) -> std::result::Result<Authority, &'static str> {
    let (user, address) = match text.split_once('@') {
        None => (None, text),
        Some((_, address)) if address.contains('@') => return Err("it names more than one user"),
        Some((user, _)) if user.contains(':') => return Err("it holds a password"),
        Some((user, address)) => {
            let name =
                UserName::try_from(decode(user)?.as_str()).map_err(|_| "it names an impossible user")?;
            (Some(name), address)
        }
    };
    let after_host = match address.split_once(']') {
        Some((_, after)) => after,
        // An IPv6 address stands in brackets (RFC 3986, section 3.2.2).
        None if address.matches(':').count() > 1 => return Err("it names no server"),
        None => address.split_once(':').map_or("", |(host, _)| address.get(host.len()..).unwrap_or_default()),
    };
    // An address is ASCII without escapes; the server's own name for itself is.
    let proxy = if address.contains('%') { None } else { address.parse().ok() };
    Ok((user, proxy.ok_or("it names no server")?, !after_host.is_empty()))
}

fn read_query(query: &str) -> std::result::Result<(WebToken, Option<String>), &'static str> {
    let (mut id, mut token, mut redirect_uri) = (None, None, None);
    for pair in query.split('&').filter(|_| !query.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or("it holds something without a value")?;
        let place = match key {
            "id" => &mut id,
            "token" => &mut token,
            "redirect_uri" => &mut redirect_uri,
            _ => return Err("it holds something that tsh does not know"),
        };
        if place.replace(decode(value)?).is_some() {
            return Err("it says something twice");
        }
    }
    let (Some(id), Some(token)) = (id, token) else {
        return Err("id and token must be included in the deep link for authenticating a web device");
    };
    let token = WebToken::new(id, token).ok_or("its id or token is malformed")?;
    if redirect_uri.as_ref().is_some_and(|place| place.len() > MAX_REDIRECT) {
        return Err("the place to go on to is longer than 2 KiB");
    }
    Ok((token, redirect_uri.filter(|place| !place.is_empty())))
}

/// Without percent signs. Text that could steer or reorder what a person reads is refused, not stripped.
fn decode(text: &str) -> std::result::Result<String, &'static str> {
    let bytes =
        percent::decode(text).ok_or("a percent sign is followed by something else than two digits")?;
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    if text.chars().any(is_unprintable) {
        return Err("it holds characters that cannot be shown");
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
