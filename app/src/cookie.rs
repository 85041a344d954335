//! The session's cookie. The `__Host-` prefix makes browsers hold it to this host, HTTPS and the root path.

use gatehouse_domain::SecretToken;

/// Name of the cookie.
pub const SESSION_COOKIE: &str = "__Host-gatehouse_session";

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// `Set-Cookie` of a new session. It ends with the browser; the session itself may end before.
#[must_use]
pub fn session_cookie(token: &SecretToken) -> String {
    format!("{SESSION_COOKIE}={}; {ATTRIBUTES}", token.reveal())
}

/// `Set-Cookie` that makes the browser forget the session.
#[must_use]
pub fn clear_session_cookie() -> String {
    format!("{SESSION_COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}
