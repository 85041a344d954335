use axum::http::StatusCode;
use gatehouse_model::HandoffCode;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::{Meta, Title};

use super::HandoffRefused;
use crate::ApiError;
use crate::components::Problem;

/// Another request of this browser has just been given the session's new cookie.
const RENEWED: &str = "session_renewed";

/// The request was refused before any page was asked for.
#[component]
pub(crate) fn RefusedPage(error: ApiError) -> impl IntoView {
    if let (Some(answer), Ok(status)) =
        (use_context::<ResponseOptions>(), StatusCode::from_u16(error.kind.http_status()))
    {
        answer.set_status(status);
    }
    if error.code == RENEWED {
        // The browser has the session's new cookie by now, or is about to get it.
        return view! {
            <Title text="One moment"/>
            <Meta http_equiv="refresh" content="1"/>
            <h1>"One moment"</h1>
            <Problem title="This page has to be loaded again" error/>
        }
        .into_any();
    }
    if HandoffCode::ALL.iter().any(|code| code.as_str() == error.code) {
        return view! { <HandoffRefused error/> }.into_any();
    }
    view! {
        <Title text="Not possible"/>
        <h1>"This is not possible now"</h1>
        <Problem title="The server refused the request" error/>
        <p><a class="button" href="/web/login">"To the sign-in page"</a></p>
    }
    .into_any()
}
