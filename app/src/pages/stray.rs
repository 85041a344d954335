use leptos::prelude::*;

use crate::FormOutcome;
use crate::components::FormProblem;

/// Why a form was not accepted that the page no longer has: what was asked for has become impossible meanwhile.
#[component]
pub(crate) fn StrayProblem(
    /// The forms that the page has.
    has: Vec<&'static str>,
) -> impl IntoView {
    let outcome = FormOutcome::current();
    let error = outcome.error.filter(|_| !has.contains(&outcome.action.as_str()));
    view! { <FormProblem error/> }
}
