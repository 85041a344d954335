use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::WayToTrust;
use super::text::{marked_up, sentence};
use crate::api::query::address;
use crate::api::{page_token, parameters};
use crate::pages::FRESH_FACTOR;
use crate::way_out::page_that_helps;
use crate::{ApiError, ConsoleContext, Said};

/// A mode asks for a trusted device, and the session has none, or none any more.
const DEVICE_REQUIRED: &str = "trusted_device_required";

/// A question, not a mistake: nothing was done yet, and the form can be sent again with the tick that it now has.
const TO_CONFIRM: &str = "confirmation_required";

/// Why a page cannot be shown, and the way out.
#[component]
pub(crate) fn Problem(title: &'static str, error: ApiError) -> impl IntoView {
    let authorize = (error.code == DEVICE_REQUIRED).then(|| view! { <WayToTrust/> });
    let is_lost = page_token::is_lost(&error.code);
    let title = if is_lost { "This place in the list is not there" } else { title };
    let first = is_lost.then(|| {
        view! { <p><a class="button" href=first_page_of_the_list()>"First page of the list"</a></p> }
    });
    let helps = page_that_helps(&error.code)
        .map(|(path, name)| view! { <p><a class="button" href=path>{name}</a></p> });
    view! {
        <section class="notice notice--problem" role="alert" tabindex="-1">
            <h2>{title}</h2>
            <p>{sentence(&error.message)} "."</p>
            {error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> })}
            {authorize}
            {first}
            {helps}
            <Reference error/>
        </section>
    }
}

/// The address that is shown, without the place in its list.
fn first_page_of_the_list() -> String {
    let location = use_location();
    let kept: Vec<_> = parameters(&location.search.get_untracked())
        .into_iter()
        .filter(|(name, _)| !["after", "before", "page"].contains(&name.as_str()))
        .collect();
    let kept: Vec<_> = kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    address(&location.pathname.get_untracked(), &kept)
}

/// Why a form was not accepted; nothing where it was.
#[component]
pub(crate) fn FormProblem(
    error: Option<ApiError>,
    /// What there is to say beside it, such as every mistake with its line.
    #[prop(optional_no_strip)]
    remark: Option<AnyView>,
) -> impl IntoView {
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
            view! { <WayToTrust elsewhere=true/> <p>"Then send the form again. What you typed is still here."</p> }
        });
        let helps = page_that_helps(&error.code).map(|(path, name)| {
            view! { <p><a href=path target="_blank" rel="noopener">{name}</a> " (in a new tab)"</p> }
        });
        let is_question = error.code == TO_CONFIRM;
        let class = if is_question { "notice notice--warning" } else { "notice notice--problem" };
        let message = sentence(&error.message);
        let hint = error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> });
        let reference = (!is_question).then(|| view! { <Reference error/> });
        view! {
            <div class=class role="alert" tabindex="-1">
                <p>{message} "."</p>
                {hint}
                {confirm}
                {authorize}
                {helps}
                {remark}
                {reference}
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
