//! Roles: the list, a new one, one as a text.

mod list;
mod new;
mod one;

pub(crate) use list::RolesPage;
pub(crate) use new::NewRolePage;
pub(crate) use one::RolePage;

use gatehouse_document::Problem as Wrong;
use leptos::prelude::*;

use crate::api::roles::{RoleRemark, differs};
use crate::components::coded;
use crate::pages::locked_out::LockedOutNames;

/// Address of a role's page; names hold nothing that would have to be escaped.
pub(crate) fn path_of(name: &str) -> String {
    format!("/web/roles/{name}")
}

/// What there is to say beside a text that was not saved.
#[component]
fn Remark(remark: RoleRemark, role: String) -> impl IntoView {
    match remark {
        RoleRemark::Problems(problems) => view! { <Problems problems/> }.into_any(),
        RoleRemark::Meanwhile(lines) => view! { <Meanwhile lines/> }.into_any(),
        RoleRemark::Confirm { locked_out, mode } => view! {
            <div class="stack" id="locked-out">
                <LockedOutNames locked_out mode role=Some(role)/>
                <p>"Your text is below. Send it again with the tick that confirms it, or change it."</p>
            </div>
        }
        .into_any(),
    }
}

/// Everything that is wrong with a text, each with its place.
#[component]
fn Problems(problems: Vec<Wrong>) -> impl IntoView {
    let lines = problems.into_iter().map(|problem| {
        view! {
            <li>
                <strong>"Line " {problem.line} ", column " {problem.column} ":"</strong> " " {coded(&problem.message)}
            </li>
        }
    });
    view! { <ol class="text-problems">{lines.collect_view()}</ol> }
}

/// How the text differs from what somebody else has saved.
#[component]
fn Meanwhile(lines: Vec<(&'static str, String)>) -> impl IntoView {
    if !differs(&lines) {
        return view! { <p>"What was saved meanwhile says the same as your text."</p> }.into_any();
    }
    let lines = lines.into_iter().map(|(sign, text)| {
        let class = match sign {
            "-" => "diff__line diff__line--yours",
            "+" => "diff__line diff__line--theirs",
            _ => "diff__line",
        };
        view! { <span class=class>{format!("{sign} {text}\n")}</span> }
    });
    view! {
        <div class="stack">
            <p>
                "Lines with − are only in your text, lines with + only in what is saved now. Nothing of yours is \
                 lost: your text is below. If you save it now, it replaces the other."
            </p>
            <pre class="diff" tabindex="0" aria-label="Your text and what is saved now">{lines.collect_view()}</pre>
        </div>
    }
    .into_any()
}
