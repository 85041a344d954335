use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::Remark;
use crate::api::query::address;
use crate::api::roles::{RoleRemark, RoleView, role_view};
use crate::components::{
    Badge, CheckboxField, ConfirmForm, CopyBox, PageHeader, PostForm, Problem, TextAreaField, Tone,
};
use crate::moment::moment;
use crate::pages::stray::StrayProblem;
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// One role as a text, to be edited.
#[component]
pub(crate) fn RolePage() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let title = name.clone();
    view! {
        <Title text=title.clone()/>
        <PageHeader title up=("/web/roles", "Roles")/>
        <Suspense>
            {Suspend::new(async move {
                match look(&name).await {
                    Ok(role) => view! { <Whole role/> }.into_any(),
                    Err(error) => view! { <Gone error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(name: &str) -> Result<RoleView, ApiError> {
    role_view(&ConsoleContext::current()?, name).await
}

/// The role is not there, or may not be seen; what was typed is not lost.
#[component]
fn Gone(error: ApiError) -> impl IntoView {
    let text = FormOutcome::current().field("text");
    view! {
        <Problem title="This role cannot be shown" error/>
        {(!text.is_empty()).then(|| view! {
            <section class="card card--part" aria-labelledby="typed">
                <h2 id="typed">"What you typed"</h2>
                <CopyBox text label="Your text"/>
                <p><a href="/web/roles/~new">"Create it as a new role"</a></p>
            </section>
        })}
    }
}

#[component]
fn Whole(role: RoleView) -> impl IntoView {
    let name = role.glance.role.name.clone();
    let preset = role.glance.is_preset.then(|| view! { <Badge tone=Tone::Plain text="preset"/> });
    let changed = role.last_change.map(|change| {
        let moment = moment(change.time);
        view! {
            <dt>"Changed"</dt>
            <dd>
                <a href=format!("/web/audit/{}", change.event)><time datetime=moment.exact>{moment.text}</time></a>
                " by " {change.by}
            </dd>
        }
    });
    let users = role.glance.users;
    let facts = view! {
        <section class="card card--part">
            <dl class="facts">
                <dt>"Users"</dt><dd>{users} " " {preset}</dd>
                {changed}
            </dl>
            <p><a href=address("/web/audit", &[("target", &name)])>"What was done to this role"</a></p>
        </section>
    };
    let delete = (role.may_delete && !role.glance.is_preset).then(|| {
        let words = match users {
            0 => format!("The role {name} goes for good. Nobody has it."),
            _ => format!("The role {name} is still given to {users} user(s): take it from them first."),
        };
        view! {
            <div class="actions">
                <ConfirmForm action="delete" label="Delete" words submit="Delete this role" is_danger=true typed=name.clone()/>
            </div>
        }
    });
    let text = if role.may_update {
        view! { <Editor name=name.clone() text=role.text revision=role.revision/> }.into_any()
    } else {
        view! { <CopyBox text=role.text label="The role as YAML"/> }.into_any()
    };
    let has = [(role.may_update, "save"), (delete.is_some(), "delete")];
    let has = has.into_iter().filter(|(there, _)| *there).map(|(_, action)| action).collect();
    view! { <StrayProblem has/> {text} {facts} {delete} }
}

#[component]
fn Editor(name: String, text: String, revision: String) -> impl IntoView {
    let outcome = FormOutcome::current();
    let revision = outcome.revision("save", revision);
    let kept = outcome.of("save").map(|outcome| outcome.field("text"));
    let text = kept.filter(|kept| !kept.is_empty()).unwrap_or(text);
    let remark = shown::<RoleRemark>();
    let confirm = matches!(remark, Some(RoleRemark::Confirm { .. })).then(|| {
        view! { <CheckboxField name="confirmed" label="I know whom this locks out, and want it"/> }
    });
    let remark = remark.map(|remark| view! { <Remark remark role=name/> }.into_any());
    view! {
        <section class="card card--part">
            <PostForm action="save" submit="Save" remark>
                <input type="hidden" name="revision" value=revision/>
                <TextAreaField
                    name="text"
                    label="The role as YAML"
                    value=text
                    rows=22
                    is_code=true
                    help="Whoever has the role has its new rights at their next request."
                />
                {confirm}
            </PostForm>
        </section>
    }
}
