//! Inviting, changing, resetting, locking and deleting users.

use gatehouse_model::resource::LockTarget;
use serde::Deserialize;

use crate::api::locks::create_lock;
use crate::api::query::time_field;
use crate::api::users::{Invitation, change_user, delete_user, invite as make, reset as make_link};
use crate::pages::user_path;
use crate::{Answer, ApiError, ConsoleContext, Posted};

#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    name: String,
    /// Ticked.
    #[serde(default)]
    role: Vec<String>,
    /// Written out, where the roles there are are not known.
    #[serde(default)]
    roles: String,
    #[serde(default)]
    logins: String,
    #[serde(default)]
    bot: String,
    #[serde(default)]
    lifetime: String,
    #[serde(default)]
    revision: String,
}

impl Account {
    fn roles(&self) -> Vec<String> {
        self.role.iter().cloned().chain(words(&self.roles)).collect()
    }
}

/// What commas and white space separate.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn lifetime(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::invalid("invalid_lifetime", "choose how long the link is good for"))
}

pub(super) async fn invite(console: ConsoleContext, posted: Posted) -> Answer {
    const KEEP: &[&str] = &["name", "role", "roles", "logins", "bot", "lifetime"];
    let outcome = async {
        let account: Account = posted.read()?;
        let invitation = Invitation {
            name: account.name.trim().to_owned(),
            is_bot: !account.bot.is_empty(),
            roles: account.roles(),
            logins: words(&account.logins),
            lifetime_secs: lifetime(&account.lifetime)?,
        };
        let name = invitation.name.to_lowercase();
        Ok::<_, ApiError>((make(&console, invitation).await?, name))
    };
    match outcome.await {
        Ok((Some(link), _)) => posted.show(link),
        Ok((None, name)) => Answer::go(user_path(&name)).saying(format!("Bot {name} has been created.")),
        Err(error) => super::refused(&posted, error, KEEP),
    }
}

pub(super) async fn one(console: ConsoleContext, posted: Posted) -> Answer {
    let name = posted.param("name").to_lowercase();
    let here = user_path(&name);
    match posted.action() {
        "change" => match change(&console, &posted, &name).await {
            Ok(()) => Answer::go(here).saying(format!("Roles and logins of {name} have been saved.")),
            Err(error) => super::refused(&posted, error, &["role", "roles", "logins"]),
        },
        "reset" => match reset(&console, &posted, &name).await {
            Ok(answer) => answer,
            Err(error) => super::refused(&posted, error, &[]),
        },
        "lock" => match lock(&console, &posted, &name).await {
            Ok(()) => Answer::go(here).saying(format!("{name} is locked.")),
            Err(error) => posted.again(error, &["until", "message"]),
        },
        "delete" => match delete(&console, &posted, &name).await {
            Ok(()) => Answer::go("/web/users").saying(format!("User {name} has been deleted.")),
            Err(error) => super::refused(&posted, error, &[]),
        },
        _ => posted.again(super::no_such_form(), &[]),
    }
}

async fn change(console: &ConsoleContext, posted: &Posted, name: &str) -> Result<(), ApiError> {
    let account: Account = posted.read()?;
    let (roles, logins) = (account.roles(), words(&account.logins));
    change_user(console, name, !account.bot.is_empty(), roles, logins, &account.revision).await
}

async fn reset(console: &ConsoleContext, posted: &Posted, name: &str) -> Result<Answer, ApiError> {
    let secs = lifetime(posted.field("lifetime").unwrap_or_default())?;
    Ok(posted.show(make_link(console, name, secs).await?))
}

async fn lock(console: &ConsoleContext, posted: &Posted, name: &str) -> Result<(), ApiError> {
    let until = time_field(posted.field("until").unwrap_or_default())?;
    let message = posted.field("message").unwrap_or_default().to_owned();
    let target = LockTarget { user: Some(name.to_owned()), ..LockTarget::default() };
    create_lock(console, target, message, until).await.map(|_| ())
}

async fn delete(console: &ConsoleContext, posted: &Posted, name: &str) -> Result<(), ApiError> {
    super::typed(posted, name)?;
    delete_user(console, name).await
}
