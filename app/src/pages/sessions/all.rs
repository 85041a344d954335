use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::own::limits;
use super::table::SessionTable;
use crate::api::sessions::all_sessions;
use crate::components::{EmptyState, Field, FormProblem, PageHeader, Problem};
use crate::{ConsoleContext, FormOutcome};

/// Everybody's sessions, for administrators.
#[component]
pub(crate) fn AllSessionsPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let given =
        |name: &str| query.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let (user, after) = (given("user"), given("after"));
    let is_later_page = after.is_some();
    let error = FormOutcome::current().of("end").and_then(|outcome| outcome.error.clone());
    let shown_user = user.clone().unwrap_or_default();
    view! {
        <Title text="Sessions"/>
        <PageHeader title="Sessions" lead="Browsers and command lines in which somebody is signed in."/>
        <form class="filters" method="get" action="/web/sessions">
            <Field name="user" label="User" autocomplete="off" value=shown_user required=false/>
            <button class="button" type="submit">"Show"</button>
        </form>
        <FormProblem error/>
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                match all_sessions(&console, user.as_deref(), after.as_deref()).await {
                    Ok(list) if list.rows.is_empty() && !is_later_page => view! {
                        <EmptyState title="No sessions">
                            <p>"Nobody is signed in that this filter lets through."</p>
                            <p><a class="button" href="/web/sessions">"Show all"</a></p>
                        </EmptyState>
                    }
                    .into_any(),
                    Ok(list) => {
                        // Names of users are plain: nothing to escape.
                        let path = match user {
                            Some(user) => format!("/web/sessions?user={}", user.to_ascii_lowercase().replace('+', "%2B")),
                            None => "/web/sessions".to_owned(),
                        };
                        view! {
                            <SessionTable
                                list
                                caption="Sessions in force, newest first"
                                path
                                is_later_page
                                with_users=true
                            />
                        }
                        .into_any()
                    }
                    Err(error) => view! { <Problem title="The sessions cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
        <p class="form__note">{limits()}</p>
    }
}
