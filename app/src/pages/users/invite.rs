use leptos::prelude::*;
use leptos_meta::Title;

use super::{OneTimeLink, lifetimes, path_of};
use crate::api::users::{LinkShown, RoleOffered, may_invite, roles_offered};
use crate::components::{CheckboxField, Field, Notice, PageHeader, PostForm, Problem, SelectField};
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// Invites a user; then shows the link once.
#[component]
pub(crate) fn InvitePage() -> impl IntoView {
    view! {
        <Title text="Invite a user"/>
        <PageHeader
            title="Invite a user"
            up=("/web/users", "Users")
            lead="A person gets a one-time link by which they choose a password and a second factor."
        />
        {shown::<LinkShown>().map(|link| {
            let (name, path) = (link.user.clone(), path_of(&link.user));
            view! {
                <Notice><p>"User " <a href=path>{name}</a> " has been invited."</p></Notice>
                <OneTimeLink link/>
            }
        })}
        <Suspense>
            {Suspend::new(async move {
                match choices().await {
                    Ok(roles) => view! { <InviteForm roles/> }.into_any(),
                    Err(error) => view! { <Problem title="You cannot invite users" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn choices() -> Result<Vec<RoleOffered>, ApiError> {
    let console = ConsoleContext::current()?;
    may_invite(&console)?;
    roles_offered(&console).await
}

#[component]
fn InviteForm(roles: Vec<RoleOffered>) -> impl IntoView {
    let outcome = FormOutcome::current();
    let (name, logins) = (outcome.field("name"), outcome.field("logins"));
    let lifetime = outcome.field("lifetime");
    let lifetime = if lifetime.is_empty() { "3600".to_owned() } else { lifetime };
    let is_bot = !outcome.field("bot").is_empty();
    let chosen = super::one::kept_roles(&outcome, &["access".to_owned()]);
    view! {
        <section class="card form--narrow">
            <PostForm action="invite" submit="Invite">
                <Field
                    name="name"
                    label="Name"
                    autocomplete="off"
                    value=name
                    help="Letters, digits and . _ - @ +; it cannot be changed later."
                />
                <super::one::RoleChoice roles chosen/>
                <Field
                    name="logins"
                    label="OS logins"
                    autocomplete="off"
                    value=logins
                    required=false
                    help="Separated by commas; in addition to those of the roles."
                />
                <SelectField name="lifetime" label="The link is good for" options=lifetimes() value=lifetime/>
                <CheckboxField name="bot" label="This is a bot: it gets no link and no password" checked=is_bot/>
            </PostForm>
        </section>
    }
}
