use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::table::SessionTable;
use crate::api::sessions::{IDLE_MINUTES, own_sessions};
use crate::components::{ConfirmForm, FormProblem, PageHeader, Problem};
use crate::{ConsoleContext, FormOutcome};

/// Where the viewer is signed in, and ending it: open also without a trusted device.
#[component]
pub(crate) fn OwnSessionsPage() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").filter(|token| !token.is_empty());
    let is_later_page = after.is_some();
    let error = FormOutcome::current().of("end").and_then(|outcome| outcome.error.clone());
    view! {
        <Title text="Your sessions"/>
        <PageHeader
            title="Your sessions"
            lead="Browsers and command lines in which you are signed in. End what you do not know."
            up=("/web/account", "Account")
        />
        <FormProblem error/>
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                match own_sessions(&console, after.as_deref()).await {
                    Ok(list) => view! {
                        {(is_later_page || list.next.is_some() || list.rows.len() > 1).then(|| view! { <EndOthers/> })}
                        <SessionTable
                            list
                            caption="Your sessions, newest first"
                            path="/web/account/sessions"
                            is_later_page
                        />
                    }
                    .into_any(),
                    Err(error) => view! { <Problem title="Your sessions cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
        <p class="form__note">{limits()}</p>
    }
}

/// Nothing to press where there are no others.
#[component]
fn EndOthers() -> impl IntoView {
    view! {
        <div class="actions">
            <ConfirmForm
                action="end-others"
                label="End all others"
                words="Every session but this one ends at once, browsers and command lines alike. Whoever used one has to sign in again."
                submit="End all others"
                is_danger=true
            />
        </div>
    }
}

/// The limits that hold, in words.
pub(super) fn limits() -> String {
    format!(
        "A browser's session ends after {IDLE_MINUTES} minutes without use, and every session at the latest 12 hours \
         after signing in, or earlier where a role says so (max_session_ttl). A command line that asks for it with --ttl \
         may have up to 30 hours."
    )
}
