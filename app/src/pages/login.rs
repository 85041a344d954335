use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::stray::StrayProblem;
use crate::api::{SignInForm, sign_in_form};
use crate::components::{Field, NeedsScripts, Notice, PasskeyForm, PasskeyPurpose, PostForm, Problem};
use crate::{FormOutcome, safe_next};

/// User and password, or a passkey alone.
#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let outcome = FormOutcome::current();
    let next = Some(outcome.field("next")).filter(|next| !next.is_empty()).or_else(|| query.get("next"));
    let next = safe_next(next.as_deref()).to_owned();
    let is_unsaved = query.get("done").as_deref() == Some("not-saved") && outcome.error.is_none();
    let unsaved = is_unsaved.then(|| {
        view! {
            <div class="notice notice--warning" role="alert">
                <p><strong>"The form was not saved:"</strong> " your session had ended when it was sent."</p>
                <p>
                    "Sign in, then look at what there is. With your browser's way back you may still find what you typed, \
                     to be copied."
                </p>
            </div>
        }
    });
    let news = match query.get("done").as_deref() {
        Some("signed-up") => Some("Your account is ready. Sign in with your new password."),
        Some("signed-out") => Some("You are signed out."),
        _ => None,
    };
    let news = news.filter(|_| outcome.error.is_none()).map(|text| view! { <Notice>{text}</Notice> });
    view! {
        <Title text="Sign in"/>
        <div class="card card--narrow">
            <h1>"Sign in"</h1>
            {news}
            {unsaved}
            <Suspense>
                {Suspend::new(async move {
                    match sign_in_form().await {
                        Ok(form) => view! { <LoginForm form user=outcome.field("user") next/> }.into_any(),
                        Err(error) => view! { <Problem title="Nobody can sign in now" error/> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn LoginForm(form: SignInForm, user: String, next: String) -> impl IntoView {
    let shown = if form.takes_passkeys { vec!["password", "passkey"] } else { vec!["password"] };
    let is_first_try = user.is_empty();
    let next_again = next.clone();
    let passkey = form.takes_passkeys.then(|| {
        view! {
            <p class="or with-scripts"><span>"or"</span></p>
            <PasskeyForm purpose=PasskeyPurpose::SignIn action="passkey" submit="Sign in with a passkey" is_second=true>
                <input type="hidden" name="next" value=next_again/>
            </PasskeyForm>
            <NeedsScripts>"To sign in with a passkey, allow this page to run scripts."</NeedsScripts>
        }
    });
    view! {
        <p class="lead">"to " {form.cluster_name}</p>
        <StrayProblem has=shown/>
        <PostForm action="password" submit="Sign in">
            <input type="hidden" name="next" value=next/>
            <Field
                name="user"
                label="User name"
                autocomplete="username"
                value=user
                autofocus=is_first_try
            />
            <Field
                name="password"
                label="Password"
                kind="password"
                autocomplete="current-password"
                autofocus=!is_first_try
            />
        </PostForm>
        {passkey}
    }
}
