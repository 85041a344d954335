use gatehouse_domain::account::{NewUser, UserDetail, UserPage, UserPlace};
use gatehouse_domain::authz::{
    CreateLock, CreateUser, DeleteLock, DeleteUser, ListDevices, ListReviews, ListRoles, ListSessions,
    ListUsers, ReadUser, UpdateUser,
};
use gatehouse_domain::ek::ReviewPage;
use gatehouse_domain::entity::{Device, Session};
use gatehouse_model::resource::{UserKind, UserSpec};

use super::{Moment, page_token};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// Users of one page.
const PAGE: i64 = 50;
/// Sessions and devices that the page of a user shows.
const FEW: i64 = 20;

/// A user's page.
pub(crate) struct UserView {
    pub(crate) detail: UserDetail,
    /// All roles, for those who may see them.
    pub(crate) roles: Vec<RoleOffered>,
    pub(crate) devices: Option<Vec<Device>>,
    pub(crate) sessions: Option<Vec<Session>>,
    /// What they have asked for and waits.
    pub(crate) reviews: Option<ReviewPage>,
    pub(crate) may_update: bool,
    pub(crate) may_delete: bool,
    pub(crate) may_lock: bool,
    pub(crate) may_unlock: bool,
    pub(crate) is_yourself: bool,
}

/// A role that can be given: its name, and what it is for.
pub(crate) struct RoleOffered {
    pub(crate) name: String,
    pub(crate) description: String,
}

/// A one-time link, shown once.
#[derive(Clone)]
pub(crate) struct LinkShown {
    pub(crate) user: String,
    pub(crate) url: String,
    pub(crate) expires: Moment,
}

/// An account as the form for a new one describes it.
pub(crate) struct Invitation {
    pub(crate) name: String,
    pub(crate) is_bot: bool,
    pub(crate) roles: Vec<String>,
    pub(crate) logins: Vec<String>,
    pub(crate) lifetime_secs: i64,
}

/// Users whose name begins so.
///
/// # Errors
/// No role allows it; a required device is missing; a damaged place.
pub(crate) async fn user_list(
    console: &ConsoleContext,
    prefix: &str,
    after: Option<&str>,
    before: Option<&str>,
) -> Result<UserPage, ApiError> {
    let grant = console.granted::<ListUsers>()?;
    let place = match (after, before) {
        (None, None) => None,
        (Some(name), None) => Some(UserPlace::After(page_token::user(name)?)),
        (None, Some(name)) => Some(UserPlace::Before(page_token::user(name)?)),
        (Some(_), Some(_)) => return Err(page_token::damaged()),
    };
    let page = console.services.accounts.page(&grant, prefix, place.as_ref(), PAGE).await;
    page.map_err(|error| console.refuse(error))
}

/// One user, with as much as whoever asks may see.
///
/// # Errors
/// No role allows it; there is no such user.
pub(crate) async fn user_view(console: &ConsoleContext, name: &str) -> Result<UserView, ApiError> {
    let (services, principal) = (&console.services, &console.principal);
    let grant = console.granted::<ReadUser>()?;
    let detail = services.accounts.detail(&grant, name).await.map_err(|error| console.refuse(error))?;
    let name = detail.glance.user.name.as_str();
    let devices = match principal.grant::<ListDevices>() {
        Ok(grant) => Some(services.accounts.devices(&grant, name, FEW).await),
        Err(_) => None,
    };
    let devices = devices.transpose().map_err(|error| console.refuse(error))?;
    let sessions = match principal.grant::<ListSessions>() {
        Ok(grant) => Some(services.sessions.list(&grant, Some(name), None, FEW).await),
        Err(_) => None,
    };
    let sessions = sessions.transpose().map_err(|error| console.refuse(error))?.map(|(sessions, _)| sessions);
    let reviews = match principal.grant::<ListReviews>() {
        Ok(grant) => Some(services.reviews.waiting_of_user(&grant, name).await),
        Err(_) => None,
    };
    let reviews = reviews.transpose().map_err(|error| console.refuse(error))?;
    Ok(UserView {
        reviews,
        roles: roles_offered(console).await?,
        devices,
        sessions,
        may_update: principal.may::<UpdateUser>(),
        may_delete: principal.may::<DeleteUser>(),
        may_lock: principal.may::<CreateLock>(),
        may_unlock: principal.may::<DeleteLock>(),
        is_yourself: principal.signed_in().is_some_and(|user| user.name == name),
        detail,
    })
}

/// All roles; none for who may not see them.
///
/// # Errors
/// Storage.
pub(crate) async fn roles_offered(console: &ConsoleContext) -> Result<Vec<RoleOffered>, ApiError> {
    let Ok(grant) = console.principal.grant::<ListRoles>() else { return Ok(Vec::new()) };
    let roles = console.services.roles.list(&grant).await.map_err(|error| console.refuse(error))?;
    let offered =
        |role: gatehouse_domain::entity::Role| RoleOffered { name: role.name, description: role.description };
    Ok(roles.into_iter().map(offered).collect())
}

/// Whether whoever asks may invite users.
///
/// # Errors
/// No role allows it.
pub(crate) fn may_invite(console: &ConsoleContext) -> Result<(), ApiError> {
    console.may::<CreateUser>()
}

/// Makes an account; for a person with the link by which they take it over.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn invite(
    console: &ConsoleContext,
    invitation: Invitation,
) -> Result<Option<LinkShown>, ApiError> {
    let grant = console.granted::<CreateUser>()?;
    let kind = if invitation.is_bot { UserKind::Bot } else { UserKind::Human };
    let spec = UserSpec { kind, roles: invitation.roles, logins: invitation.logins };
    let new = NewUser { name: invitation.name, spec };
    let made = console.services.accounts.create(&grant, new, Some(invitation.lifetime_secs)).await;
    let (_, link) = made.map_err(|error| console.refuse(error))?;
    Ok(link.map(|link| shown(console, &link)))
}

/// Takes a user's ways in, and makes the link by which they get new ones.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn reset(
    console: &ConsoleContext,
    name: &str,
    lifetime_secs: i64,
) -> Result<LinkShown, ApiError> {
    let grant = console.granted::<UpdateUser>()?;
    let link = console.services.accounts.reset(&grant, name, Some(lifetime_secs)).await;
    link.map(|link| shown(console, &link)).map_err(|error| console.refuse(error))
}

/// Gives a user other roles and logins.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn change_user(
    console: &ConsoleContext,
    name: &str,
    is_bot: bool,
    roles: Vec<String>,
    logins: Vec<String>,
    revision: &str,
) -> Result<(), ApiError> {
    let grant = console.granted::<UpdateUser>()?;
    let kind = if is_bot { UserKind::Bot } else { UserKind::Human };
    let spec = UserSpec { kind, roles, logins };
    let done = console.services.accounts.update(&grant, name, spec, Some(revision)).await;
    done.map(|_| ()).map_err(|error| console.refuse(error))
}

/// Deletes a user.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn delete_user(console: &ConsoleContext, name: &str) -> Result<(), ApiError> {
    let grant = console.granted::<DeleteUser>()?;
    console.services.accounts.delete(&grant, name).await.map_err(|error| console.refuse(error))
}

fn shown(console: &ConsoleContext, link: &gatehouse_domain::account::NewLink) -> LinkShown {
    LinkShown {
        user: link.user.clone(),
        url: format!("https://{}/web/signup/{}", console.public_address, link.token.reveal()),
        expires: moment(link.expires),
    }
}
