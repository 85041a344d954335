use gatehouse_document::role as document;
use gatehouse_document::{Problem, Side, diff};
use gatehouse_domain::Failure;
use gatehouse_domain::audit::LastChange;
use gatehouse_domain::authz::{CreateRole, DeleteRole, ForeseeRole, ListRoles, ReadRole, UpdateRole};
use gatehouse_domain::cluster::{LockedOut, RoleError, RoleGlance, Yourself};
use gatehouse_model::{DeviceTrustMode, ErrorKind};

use super::settings::NAMES;
use crate::{ApiError, ConsoleContext};

/// A role's page.
pub(crate) struct RoleView {
    pub(crate) glance: RoleGlance,
    pub(crate) text: String,
    pub(crate) revision: String,
    pub(crate) last_change: Option<LastChange>,
    pub(crate) may_update: bool,
    pub(crate) may_delete: bool,
}

/// What is to be said beside a text of a role that was not saved.
#[derive(Clone, Debug)]
pub(crate) enum RoleRemark {
    /// Everything that is wrong with it.
    Problems(Vec<Problem>),
    /// Somebody else was faster: (sign, line) of what differs from the text as it was sent.
    Meanwhile(Vec<(&'static str, String)>),
    /// It locks people out, and is to be confirmed.
    Confirm { locked_out: LockedOut, mode: DeviceTrustMode },
}

/// A text that was not saved: why, and what there is to say beside it.
pub(crate) type NotSaved = (ApiError, Option<RoleRemark>);

/// All roles.
///
/// # Errors
/// No role allows it; a required device is missing.
pub(crate) async fn role_list(console: &ConsoleContext) -> Result<Vec<RoleGlance>, ApiError> {
    let grant = console.granted::<ListRoles>()?;
    console.services.roles.overview(&grant).await.map_err(|error| console.refuse(error))
}

/// One role as a text.
///
/// # Errors
/// No role allows it; there is no such role.
pub(crate) async fn role_view(console: &ConsoleContext, name: &str) -> Result<RoleView, ApiError> {
    let grant = console.granted::<ReadRole>()?;
    let found = console.services.roles.glance(&grant, name).await;
    let (glance, last_change) = found.map_err(|error| console.refuse(error))?;
    let role = &glance.role;
    Ok(RoleView {
        text: document::write(&role.name, &role.description, &role.spec),
        revision: role.revision(),
        last_change,
        may_update: console.principal.may::<UpdateRole>(),
        may_delete: console.principal.may::<DeleteRole>(),
        glance,
    })
}

/// Whether whoever asks may create roles.
///
/// # Errors
/// No role allows it.
pub(crate) fn may_create_role(console: &ConsoleContext) -> Result<(), ApiError> {
    console.may::<CreateRole>()
}

/// Makes a role of a text; answers with its name.
///
/// # Errors
/// Whatever is wrong with the text, at its lines.
pub(crate) async fn create_role(console: &ConsoleContext, text: &str) -> Result<String, NotSaved> {
    let grant = console.granted::<CreateRole>().map_err(|error| (error, None))?;
    let read = document::read(text).map_err(|problems| unreadable(console, problems))?;
    let made = console.services.roles.create(&grant, &read.name, &read.description, read.spec.clone()).await;
    made.map(|role| role.name).map_err(|error| refused(console, &read, error))
}

/// Replaces a role by a text. What locks people out is asked back first.
///
/// # Errors
/// Whatever is wrong with the text, at its lines; somebody else was faster; it is to be confirmed.
pub(crate) async fn save_role(
    console: &ConsoleContext,
    name: &str,
    text: &str,
    revision: &str,
    confirmed: bool,
) -> Result<(), NotSaved> {
    let grant = console.granted::<UpdateRole>().map_err(|error| (error, None))?;
    let read = document::read(text).map_err(|problems| unreadable(console, problems))?;
    if read.name != name {
        let message = format!("a role keeps its name: this one is `{name}`");
        return Err(unreadable(console, vec![read.problem("metadata.name", message)]));
    }
    let plain = |error: ApiError| (error, None);
    let before = role_view(console, name).await.map_err(plain)?;
    let (old, new) = (before.glance.role.spec.options.device_trust_mode, read.spec.options.device_trust_mode);
    if let Some(mode) = new.filter(|mode| !confirmed && asks_more(old, *mode)) {
        let roles = &console.services.roles;
        let foresee = console.granted::<ForeseeRole>().map_err(plain)?;
        let found = roles.locked_out(&foresee, name, mode, None, NAMES).await;
        let locked_out = found.map_err(|error| plain(console.refuse(error)))?;
        if locked_out.count > 0 || locked_out.yourself != Yourself::Unaffected {
            let error = to_confirm();
            return Err((error, Some(RoleRemark::Confirm { locked_out, mode })));
        }
    }
    let roles = &console.services.roles;
    let saved = roles.update(&grant, name, &read.description, read.spec.clone(), Some(revision)).await;
    match saved {
        Ok(_) => Ok(()),
        Err(error @ RoleError::Stale { .. }) => {
            let now = role_view(console, name).await.map_err(plain)?;
            let theirs = diff(&normal(text), &now.text)
                .into_iter()
                .map(|line| (line.side.sign(), line.text.to_owned()))
                .collect();
            Err((console.refuse(error), Some(RoleRemark::Meanwhile(theirs))))
        }
        Err(error) => Err(refused(console, &read, error)),
    }
}

/// Deletes a role.
///
/// # Errors
/// Whatever the rules find wrong with it.
pub(crate) async fn delete_role(console: &ConsoleContext, name: &str) -> Result<(), ApiError> {
    let grant = console.granted::<DeleteRole>()?;
    console.services.roles.delete(&grant, name).await.map_err(|error| console.refuse(error))
}

/// Whether the new mode asks somebody for a device whom the old one did not.
pub(super) fn asks_more(old: Option<DeviceTrustMode>, new: DeviceTrustMode) -> bool {
    let old = old.unwrap_or(DeviceTrustMode::Off);
    [true, false].into_iter().any(|is_bot| new.requires_device(is_bot) && !old.requires_device(is_bot))
}

/// Said where a step is asked back.
pub(super) fn to_confirm() -> ApiError {
    ApiError::invalid("confirmation_required", "this locks people out: look at whom, and confirm it")
}

/// The text as the console writes it, so that only what means something else differs.
fn normal(text: &str) -> String {
    match document::read(text) {
        Ok(read) => document::write(&read.name, &read.description, &read.spec),
        Err(_) => text.to_owned(),
    }
}

fn unreadable(console: &ConsoleContext, problems: Vec<Problem>) -> NotSaved {
    let message = match problems.len() {
        1 => "there is a problem in the text".to_owned(),
        many => format!("there are {many} problems in the text"),
    };
    let failure = Failure {
        kind: ErrorKind::InvalidInput,
        code: "invalid_role_text",
        hint: None,
        error: message.into(),
    };
    (console.refuse(failure), Some(RoleRemark::Problems(problems)))
}

/// What the rules find wrong with a role stands at the lines of its text.
fn refused(console: &ConsoleContext, read: &document::RoleDocument, error: RoleError) -> NotSaved {
    match error {
        RoleError::Spec(problems) => {
            let at_its_line = |problem: gatehouse_domain::cluster::RoleProblem| {
                read.problem(&problem.path, problem.message)
            };
            unreadable(console, problems.into_iter().map(at_its_line).collect())
        }
        RoleError::Name(_) => {
            let problem = read.problem("metadata.name", error.to_string());
            unreadable(console, vec![problem])
        }
        other => (console.refuse(other), None),
    }
}

/// Whether there is a difference at all.
pub(crate) fn differs(lines: &[(&'static str, String)]) -> bool {
    lines.iter().any(|(sign, _)| *sign != Side::Both.sign())
}
