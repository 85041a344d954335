//! The session's cookie, and that of a sign-in half done. The `__Host-` prefix makes browsers hold them to this host, HTTPS
//! and the root path.

use gatehouse_domain::SecretToken;
use gatehouse_domain::account::PENDING_SECS;

/// Name of the session's cookie.
pub const SESSION_COOKIE: &str = "__Host-gatehouse_session";

/// Name of the cookie of a sign-in whose second factor is still to come.
pub const PENDING_COOKIE: &str = "__Host-gatehouse_sign_in";

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// `Set-Cookie` of a new session. It ends with the browser; the session itself may end before.
#[must_use]
pub fn session_cookie(token: &SecretToken) -> String {
    format!("{SESSION_COOKIE}={}; {ATTRIBUTES}", token.reveal())
}

/// `Set-Cookie` of a sign-in whose second factor is still to come.
#[must_use]
pub fn pending_cookie(token: &SecretToken) -> String {
    format!("{PENDING_COOKIE}={}; {ATTRIBUTES}; Max-Age={PENDING_SECS}", token.reveal())
}

/// `Set-Cookie` that makes the browser forget it.
#[must_use]
pub fn clear_pending_cookie() -> String {
    format!("{PENDING_COOKIE}=; {ATTRIBUTES}; Max-Age=0")
}
