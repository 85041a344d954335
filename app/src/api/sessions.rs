use gatehouse_domain::account::SessionPage;
use gatehouse_domain::entity::{Session, SessionKind, WEB_IDLE_SECS};
use gatehouse_model::{AttestationTier, ConfirmedBy, UserName, user_agent_in_words};

use super::{Moment, page_token};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// Sessions of one page.
const PAGE: i64 = 50;
/// For how long a browser's session may lie idle, in minutes.
pub(crate) const IDLE_MINUTES: i64 = WEB_IDLE_SECS / 60;

/// A login that is in force.
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) user: String,
    /// Such as "Firefox 128 on Linux".
    pub(crate) client: String,
    pub(crate) is_browser: bool,
    pub(crate) address: String,
    pub(crate) created: Moment,
    pub(crate) last_seen: Moment,
    /// When it ends, used or not.
    pub(crate) ends: Moment,
    /// The device that it is trusted for.
    pub(crate) device: Option<SessionDeviceRow>,
    /// The one that asks.
    pub(crate) is_this: bool,
}

/// The device that a session is trusted for.
pub(crate) struct SessionDeviceRow {
    pub(crate) asset_tag: String,
    /// How its key is vouched for, in words; empty where that is not known.
    pub(crate) tier: &'static str,
    pub(crate) since: Moment,
    /// The browser is on another machine: a code was typed on the device.
    pub(crate) is_by_code: bool,
}

/// A page of sessions.
pub(crate) struct SessionList {
    pub(crate) rows: Vec<SessionRow>,
    /// Token of the next page.
    pub(crate) next: Option<String>,
}

/// The viewer's own sessions, newest first.
///
/// # Errors
/// Nobody is signed in; a damaged token.
pub(crate) async fn own_sessions(
    console: &ConsoleContext,
    after: Option<&str>,
) -> Result<SessionList, ApiError> {
    let after = after.map(page_token::read).transpose()?;
    let page = console.services.sessions.list_own(&console.principal, after.as_ref(), PAGE).await;
    page.map(|page| list(console, page)).map_err(|error| console.refuse(error))
}

/// Everybody's sessions, or one user's, newest first.
///
/// # Errors
/// Nobody is signed in, no role allows it, a required device is missing; a damaged token; no name of a user.
pub(crate) async fn all_sessions(
    console: &ConsoleContext,
    user: Option<&str>,
    after: Option<&str>,
) -> Result<SessionList, ApiError> {
    let after = after.map(page_token::read).transpose()?;
    let user = user.map(UserName::try_from).transpose();
    let user = user.map_err(|error| ApiError::invalid("invalid_user_name", &error.to_string()))?;
    let grant = console.principal.grant().map_err(|error| console.refuse(error))?;
    let user = user.as_ref().map(UserName::as_str);
    let page = console.services.sessions.list(&grant, user, after.as_ref(), PAGE).await;
    page.map(|page| list(console, page)).map_err(|error| console.refuse(error))
}

fn list(console: &ConsoleContext, (sessions, next): SessionPage) -> SessionList {
    let own = console.principal.signed_in().map(|user| user.session_id.clone());
    SessionList {
        rows: sessions.into_iter().map(|session| row(session, own.as_deref())).collect(),
        next: next.as_ref().and_then(page_token::write),
    }
}

fn row(session: Session, own: Option<&str>) -> SessionRow {
    let is_browser = session.kind == SessionKind::Web;
    SessionRow {
        is_this: own == Some(&session.id),
        is_browser,
        client: match session.user_agent.as_str() {
            "" if !is_browser => "tsh".to_owned(),
            name => user_agent_in_words(name),
        },
        // Without the port, which tells nobody anything.
        address: session.remote_address.parse().map_or(session.remote_address.clone(), |address| {
            let address: std::net::SocketAddr = address;
            address.ip().to_canonical().to_string()
        }),
        created: moment(session.created),
        last_seen: moment(session.last_seen),
        ends: moment(session.expires),
        device: session.device.map(|device| SessionDeviceRow {
            asset_tag: device.asset_tag,
            tier: device.tier.map_or("", AttestationTier::friendly),
            since: moment(device.since),
            is_by_code: device.confirmed_by == Some(ConfirmedBy::Code),
        }),
        user: session.user,
        id: session.id,
    }
}
