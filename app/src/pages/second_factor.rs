use gatehouse_domain::account::{FactorChoices, SecondFactorStep};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::stray::StrayProblem;
use crate::api::second_factor_step;
use crate::components::{
    Field, NeedsScripts, OneTimeCodeField, PasskeyForm, PasskeyPurpose, PostForm, Problem,
};
use crate::{ConsoleContext, FormOutcome, safe_next};

/// After the right password: a passkey, a one-time code or a recovery code.
#[component]
pub(crate) fn SecondFactorPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let outcome = FormOutcome::current();
    let next = Some(outcome.field("next")).filter(|next| !next.is_empty()).or_else(|| query.get("next"));
    let next = safe_next(next.as_deref()).to_owned();
    view! {
        <Title text="Second step"/>
        <div class="card card--narrow">
            <h1>"Confirm that it is you"</h1>
            <Suspense>
                {Suspend::new(async move {
                    let step = async {
                        second_factor_step(&ConsoleContext::current()?).await
                    };
                    match step.await {
                        Ok(SecondFactorStep { user, choices }) => view! {
                            <p class="lead">"as " <strong>{user}</strong></p>
                            <FactorForms choices passkey=PasskeyPurpose::SecondFactor next/>
                        }
                        .into_any(),
                        Err(error) => view! { <Problem title="The sign-in is over" error/> }.into_any(),
                    }
                })}
            </Suspense>
            <p><a href="/web/login">"Sign in as somebody else"</a></p>
        </div>
    }
}

/// One form for each way to prove the second factor, the best first.
#[component]
pub(crate) fn FactorForms(
    choices: FactorChoices,
    passkey: PasskeyPurpose,
    /// Where to go afterwards.
    next: String,
) -> impl IntoView {
    let onward = {
        let next = next.clone();
        move || view! { <input type="hidden" name="next" value=next.clone()/> }
    };
    let stranded = (choices.stranded_passkeys && !choices.passkey).then(|| {
        view! {
            <p class="notice notice--problem">
                "Your passkeys are for an address that this server had before, and browsers use them for no other. \
                 Once you are in, add a passkey for the present address."
            </p>
        }
    });
    let by_passkey = choices.passkey.then(|| {
        let onward = onward.clone();
        view! {
            <PasskeyForm purpose=passkey action="passkey" submit="Use a passkey or security key">
                {onward()}
            </PasskeyForm>
            <NeedsScripts>
                "A passkey or security key needs scripts, which this page may not run."
            </NeedsScripts>
        }
    });
    let divider =
        (choices.passkey && choices.code).then(|| view! { <p class="or with-scripts"><span>"or"</span></p> });
    let by_code = choices.code.then(|| {
        let onward = onward.clone();
        view! {
            <PostForm action="code" submit="Confirm code" is_second=choices.passkey>
                {onward()}
                <OneTimeCodeField help="Six digits from your authenticator app."/>
            </PostForm>
        }
    });
    let is_open = FormOutcome::current().of("recovery").is_some() || (!choices.passkey && !choices.code);
    let by_recovery_code = choices.recovery_code.then(|| {
        view! {
            <details class="more" open=is_open>
                <summary>"Use a recovery code"</summary>
                <PostForm action="recovery" submit="Use recovery code" is_second=true>
                    {onward()}
                    <Field
                        name="recovery_code"
                        label="Recovery code"
                        autocomplete="off"
                        help="One of those that you kept when you signed up. Each works once."
                    />
                </PostForm>
            </details>
        }
    });
    let nothing = choices.is_empty().then(|| {
        view! {
            <p class="notice notice--problem" role="alert">
                "Your account has no second factor that this cluster accepts. Ask an administrator for a new link: \"Reset \
                 sign-in\" on the page of your account makes it."
            </p>
        }
    });
    let shown = [("passkey", choices.passkey), ("code", choices.code), ("recovery", choices.recovery_code)];
    let shown = shown.into_iter().filter(|(_, is_shown)| *is_shown).map(|(action, _)| action).collect();
    view! { <StrayProblem has=shown/> {stranded} {by_passkey} {divider} {by_code} {by_recovery_code} {nothing} }
}
