use gatehouse_client::present::{Format, Table, time_left};
use gatehouse_client::{ClientError, Connection, PAGE_SIZE, Result, all_pages, now};
use gatehouse_model::resource::{KIND_USER, Resource, UserSpec};
use gatehouse_model::{Timestamp, UserName};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{
    DeleteResourceRequest, InviteUserRequest, ListResourcesRequest, ResetUserRequest, UserLink,
};
use serde::Serialize;

use crate::cli::{AddUserArgs, ServerArgs, UsersCommand};
use crate::connect::connect;
use crate::document::from_json;
use crate::failure::Outcome;
use crate::output;

pub(crate) async fn run(server: &ServerArgs, command: UsersCommand) -> Outcome {
    let connection = connect(server).await?;
    match command {
        UsersCommand::Add(args) => add(&connection, args).await,
        UsersCommand::Ls(args) => list(&connection, args.format()).await,
        UsersCommand::Reset { name, ttl, format } => {
            reset(&connection, name, ttl.unwrap_or_default(), format.format()).await
        }
        UsersCommand::Rm { name } => remove(&connection, name).await,
    }
}

/// A link by which a person takes over an account.
#[derive(Serialize)]
struct LinkView {
    user: String,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
}

impl LinkView {
    fn new(link: UserLink) -> Result<Self> {
        let expires = link.expires.as_ref().map(read_timestamp).transpose()?;
        Ok(Self { user: link.user, url: link.url, expires })
    }

    fn text(&self, what: &str, now: Timestamp) -> String {
        let validity = self
            .expires
            .map(|expires| format!(", link is valid for {}", time_left(expires, now)))
            .unwrap_or_default();
        format!(
            "User \"{}\" {what}. Share this URL with the user to complete user setup{validity}:\n{}\n",
            self.user, self.url
        )
    }
}

async fn add(connection: &Connection, args: AddUserArgs) -> Outcome {
    let bot = args.kind == "bot";
    let request = InviteUserRequest {
        name: args.name.to_string(),
        kind: args.kind,
        roles: args.roles,
        logins: args.logins,
        ttl_seconds: args.ttl.unwrap_or_default(),
    };
    let view = LinkView::new(connection.users().invite_user(request).await?.into_inner())?;
    output::data(args.format.format(), &view, || {
        if bot && view.url.is_empty() {
            return format!("User \"{}\" has been created.\n", view.user);
        }
        view.text("has been created but requires a password", now())
    })?;
    Ok(0)
}

async fn reset(connection: &Connection, name: UserName, ttl_seconds: i64, format: Format) -> Outcome {
    let request = ResetUserRequest { name: name.to_string(), ttl_seconds };
    let view = LinkView::new(connection.users().reset_user(request).await?.into_inner())?;
    output::data(format, &view, || view.text("has been reset", now()))?;
    Ok(0)
}

async fn remove(connection: &Connection, name: UserName) -> Outcome {
    let request = DeleteResourceRequest { kind: KIND_USER.to_owned(), name: name.to_string() };
    connection.resources().delete_resource(request).await?;
    output::line(format!("User \"{name}\" removed"))?;
    Ok(0)
}

async fn list(connection: &Connection, format: Format) -> Outcome {
    let mut client = connection.resources();
    let resources = all_pages(usize::MAX, async |page_token| {
        let request = ListResourcesRequest { kind: KIND_USER.to_owned(), page_size: PAGE_SIZE, page_token };
        let page = client.list_resources(request).await?.into_inner();
        Ok((page.resources, page.next_page_token))
    })
    .await?;
    if format != Format::Text {
        let documents =
            resources.iter().map(|resource| from_json(&resource.json)).collect::<Result<Vec<_>>>()?;
        output::data(format, &documents, String::new)?;
        return Ok(0);
    }
    if resources.is_empty() {
        output::line("No users found")?;
        return Ok(0);
    }
    let mut table = Table::new(&["User", "Kind", "Roles", "Logins"]);
    for resource in &resources {
        let user: Resource<UserSpec> = serde_json::from_str(&resource.json).map_err(|error| {
            ClientError::unexpected(format!(
                "the server's user \"{}\" cannot be read: {error}",
                resource.name
            ))
        })?;
        table.row([
            &*user.metadata.name,
            user.spec.kind.as_str(),
            &*user.spec.roles.join(", "),
            &*user.spec.logins.join(", "),
        ]);
    }
    output::raw(&table.to_string())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_tells_how_long_it_is_good() {
        let view = LinkView {
            user: "alice".to_owned(),
            url: "https://h:3080/web/signup/t".to_owned(),
            expires: Some(Timestamp::from_secs(3600)),
        };
        insta::assert_snapshot!(view.text("has been created but requires a password", Timestamp::from_secs(0)), @r#"
        User "alice" has been created but requires a password. Share this URL with the user to complete user setup, link is valid for 1h0m0s:
        https://h:3080/web/signup/t
        "#);
    }
}
