use leptos::prelude::*;

use super::AuthorizeLink;
use super::text::{marked_up, sentence};
use crate::pages::FRESH_FACTOR;
use crate::{ApiError, ConsoleContext, Said};

/// A mode asks for a trusted device, and the session has none, or none any more.
const DEVICE_REQUIRED: &str = "trusted_device_required";

/// Why a page cannot be shown, and the way out.
#[component]
pub(crate) fn Problem(title: &'static str, error: ApiError) -> impl IntoView {
    view! {
        <section class="notice notice--problem" role="alert" tabindex="-1">
            <h2>{title}</h2>
            <p>{sentence(&error.message)} "."</p>
            {error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> })}
            <Reference error/>
        </section>
    }
}

/// Why a form was not accepted; nothing where it was.
#[component]
pub(crate) fn FormProblem(error: Option<ApiError>) -> impl IntoView {
    error.map(|error| {
        // Elsewhere, so that what was typed stays.
        let confirm = (error.code == FRESH_FACTOR).then(|| {
            view! {
                <p>
                    <a href="/web/account/confirm" target="_blank" rel="noopener">
                        "Confirm that it is you in another tab"
                    </a>
                    ", then send the form again. What you typed is still here."
                </p>
            }
        });
        let authorize = (error.code == DEVICE_REQUIRED).then(|| {
            view! { <AuthorizeLink/> <p>"Then send the form again. What you typed is still here."</p> }
        });
        view! {
            <div class="notice notice--problem" role="alert" tabindex="-1">
                <p>{sentence(&error.message)} "."</p>
                {error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> })}
                {confirm}
                {authorize}
                <Reference error/>
            </div>
        }
    })
}

/// By what an administrator finds the error.
#[component]
fn Reference(error: ApiError) -> impl IntoView {
    let error = match use_context::<ConsoleContext>() {
        Some(console) => console.shown(error),
        None => error,
    };
    let request =
        (!error.request_id.is_empty()).then(|| view! { " · request " <code>{error.request_id}</code> });
    view! { <p class="notice__reference">"Error " <code>{error.code}</code> {request}</p> }
}

/// What the last form did, said once.
#[component]
pub(crate) fn SaidNotice() -> impl IntoView {
    use_context::<Said>().map(|Said(text)| view! { <Notice>{view! { <p>{text}</p> }}</Notice> })
}

/// Good news.
#[component]
pub(crate) fn Notice(children: Children) -> impl IntoView {
    view! { <div class="notice notice--done" role="status">{children()}</div> }
}
