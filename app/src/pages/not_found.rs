use axum::http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Title;

/// There is nothing at this address.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    if let Some(answer) = use_context::<ResponseOptions>() {
        answer.set_status(StatusCode::NOT_FOUND);
    }
    view! {
        <Title text="Page not found"/>
        <h1>"Page not found"</h1>
        <p>"There is nothing at this address. It may have been mistyped, or what it led to is gone."</p>
        <p><a class="button" href="/web/devices">"To the devices"</a></p>
    }
}
