use axum::http::StatusCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Title;

use crate::ApiError;
use crate::components::Problem;

/// The request was refused before any page was asked for.
#[component]
pub(crate) fn RefusedPage(error: ApiError) -> impl IntoView {
    if let (Some(answer), Ok(status)) =
        (use_context::<ResponseOptions>(), StatusCode::from_u16(error.kind.http_status()))
    {
        answer.set_status(status);
    }
    view! {
        <Title text="Not possible"/>
        <h1>"This is not possible now"</h1>
        <Problem title="The server refused the request" error/>
        <p><a class="button" href="/web/login">"To the sign-in page"</a></p>
    }
}
