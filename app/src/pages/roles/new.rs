use gatehouse_document::role as document;
use gatehouse_model::resource::{RoleAllow, RoleSpec, Rule};
use leptos::prelude::*;
use leptos_meta::Title;

use super::Remark;
use crate::api::roles::{RoleRemark, may_create_role};
use crate::components::{PageHeader, PostForm, Problem, TextAreaField};
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// A new role, written as a text.
#[component]
pub(crate) fn NewRolePage() -> impl IntoView {
    view! {
        <Title text="New role"/>
        <PageHeader title="New role" up=("/web/roles", "Roles")/>
        <Suspense>
            {Suspend::new(async move {
                match allowed() {
                    Ok(()) => view! { <NewRoleForm/> }.into_any(),
                    Err(error) => view! { <Problem title="You cannot create roles" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

fn allowed() -> Result<(), ApiError> {
    may_create_role(&ConsoleContext::current()?)
}

#[component]
fn NewRoleForm() -> impl IntoView {
    let kept = FormOutcome::current().field("text");
    let text = if kept.is_empty() { example() } else { kept };
    let remark = shown::<RoleRemark>().map(|remark| view! { <Remark remark role=String::new()/> }.into_any());
    view! {
        <section class="card card--part">
            <PostForm action="create" submit="Create" remark>
                <TextAreaField
                    name="text"
                    label="The role as YAML"
                    value=text
                    rows=18
                    is_code=true
                    help="What is wrong with it is told with its line; nothing is saved before all is right."
                />
            </PostForm>
        </section>
    }
}

fn example() -> String {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let rule = Rule { resources: texts(&["device"]), verbs: texts(&["list", "read"]) };
    let allow = RoleAllow { rules: vec![rule], logins: Vec::new() };
    document::write("name-of-the-role", "What it is for", &RoleSpec { allow, ..RoleSpec::default() })
}
