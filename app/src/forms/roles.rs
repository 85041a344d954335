//! Creating, saving and deleting roles.

use gatehouse_domain::authz::{AuthzError, DeleteRole, Principal, UpdateRole};

use crate::api::roles::{create_role, delete_role, save_role};
use crate::form::may;
use crate::pages::role_path;
use crate::{Answer, ApiError, ConsoleContext, Posted};

const KEEP: &[&str] = &["text"];

/// The text as it was typed: browsers end lines in two characters.
fn text(posted: &Posted) -> String {
    posted.field("text").unwrap_or_default().replace("\r\n", "\n")
}

pub(super) async fn create(console: ConsoleContext, posted: Posted) -> Answer {
    match create_role(&console, &text(&posted)).await {
        Ok(name) => Answer::go(role_path(&name)).saying(format!("Role {name} has been created.")),
        Err((error, remark)) => {
            let answer = posted.again(error, KEEP);
            if let Some(remark) = remark { answer.showing(remark) } else { answer }
        }
    }
}

/// Whether somebody may send any of the forms of a role.
pub(super) fn may_change(principal: &Principal) -> Result<(), AuthzError> {
    may::<UpdateRole>(principal).or_else(|error| may::<DeleteRole>(principal).map_err(|_| error))
}

pub(super) async fn one(console: ConsoleContext, posted: Posted) -> Answer {
    let name = posted.param("name").to_owned();
    match posted.action() {
        "save" => {
            let revision = posted.field("revision").unwrap_or_default();
            let confirmed = posted.field("confirmed") == Some("yes");
            match save_role(&console, &name, &text(&posted), revision, confirmed).await {
                Ok(()) => Answer::go(role_path(&name)).saying(format!("Role {name} has been saved.")),
                Err((error, remark)) => {
                    let answer = posted.again(error, KEEP);
                    if let Some(remark) = remark { answer.showing(remark) } else { answer }
                }
            }
        }
        "delete" => match delete(&console, &posted, &name).await {
            Ok(()) => Answer::go("/web/roles").saying(format!("Role {name} has been deleted.")),
            Err(error) => super::refused(&posted, error, &[]),
        },
        _ => posted.again(super::no_such_form(), &[]),
    }
}

async fn delete(console: &ConsoleContext, posted: &Posted, name: &str) -> Result<(), ApiError> {
    super::typed(posted, name)?;
    delete_role(console, name).await
}
