use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::stray::StrayProblem;
use crate::api::{Signup, SignupPurpose, signup};
use crate::components::{
    Authenticator, Field, NeedsScripts, NewPasswordFields, Notice, PasskeyForm, PasskeyPurpose, PostForm,
    Problem, RecoveryCodes,
};
use crate::{FormOutcome, shown};

/// An account that is ready, with the codes that are shown this once.
#[derive(Clone)]
pub(crate) struct Ready {
    pub(crate) user: String,
    pub(crate) recovery_codes: Vec<String>,
}

/// The second factor that the page offers; the address says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Factor {
    Passkey,
    App,
    None,
}

impl Factor {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::App => "app",
            Self::None => "none",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Passkey => "Use a passkey or security key",
            Self::App => "Use an authenticator app",
            Self::None => "Go without a second factor",
        }
    }
}

/// Redeems a one-time link: an invitation, a reset, or the first admin's.
#[component]
pub(crate) fn SignupPage() -> impl IntoView {
    let token = use_params_map().get_untracked().get("token").unwrap_or_default();
    let wished = use_query_map().get_untracked().get("factor");
    let outcome = FormOutcome::current();
    if let Some(ready) = shown::<Ready>() {
        return view! { <AccountReady ready/> }.into_any();
    }
    view! {
        <Title text="Sign up"/>
        <div class="card card--narrow">
            <Suspense>
                {Suspend::new(async move {
                    match signup(token.clone()).await {
                        Ok(signup) => view! { <SignupForm token signup wished outcome/> }.into_any(),
                        Err(error) => view! {
                            <h1>"Sign up"</h1>
                            <Problem title="This link cannot be used" error/>
                            <p><a class="button" href="/web/login">"To the sign-in page"</a></p>
                        }
                        .into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
    .into_any()
}

#[component]
fn AccountReady(ready: Ready) -> impl IntoView {
    view! {
        <Title text="Account ready"/>
        <div class="card card--narrow">
            <h1>"Your account is ready"</h1>
            <Notice><p>"The account of " <strong>{ready.user}</strong> " is set up."</p></Notice>
            <RecoveryCodes codes=ready.recovery_codes/>
            <p><a class="button button--primary" href="/web/login?done=signed-up">"I have kept them: sign in"</a></p>
        </div>
    }
}

/// What can be chosen, the best first.
fn factors(signup: &Signup) -> Vec<Factor> {
    let choices = [
        (Factor::Passkey, signup.takes_passkeys),
        (Factor::App, signup.authenticator.is_some()),
        (Factor::None, !signup.factor_required),
    ];
    choices.into_iter().filter(|(_, open)| *open).map(|(factor, _)| factor).collect()
}

#[component]
fn SignupForm(token: String, signup: Signup, wished: Option<String>, outcome: FormOutcome) -> impl IntoView {
    let title = match signup.purpose {
        SignupPurpose::FirstAdmin => "Create the first admin",
        SignupPurpose::Invite => "Welcome to Gatehouse",
        SignupPurpose::Reset => "Set a new password",
    };
    let choices = factors(&signup);
    let chosen = choices.iter().find(|factor| wished.as_deref() == Some(factor.as_str())).or(choices.first());
    let chosen = chosen.copied().unwrap_or(Factor::None);
    let path = format!("/web/signup/{token}");
    let others = choices.into_iter().filter(|factor| *factor != chosen).map(|factor| {
        let to = format!("{path}?factor={}", factor.as_str());
        view! { <li><a href=to>{factor.words()}</a></li> }
    });
    let others: Vec<_> = others.collect();
    let others =
        (!others.is_empty()).then(|| view! { <p>"Or instead:"</p><ul class="plain-list">{others}</ul> });
    let (whose, name) = if signup.purpose == SignupPurpose::FirstAdmin {
        let name = view! {
            <Field
                name="user"
                label="User name"
                autocomplete="username"
                value=outcome.field("user")
                help="Letters, digits and . _ - @ +"
                autofocus=true
            />
        };
        (view! { "of " {signup.cluster_name} }.into_any(), name.into_any())
    } else {
        let user = signup.user.clone();
        // Password managers want to know whose password it is.
        let name = view! { <input type="hidden" name="user" autocomplete="username" value=signup.user/> };
        let whose = view! { "for " <strong>{user}</strong> " on " {signup.cluster_name} };
        (whose.into_any(), name.into_any())
    };
    let to = format!("{path}?factor={}", chosen.as_str());
    let form = match (chosen, signup.authenticator) {
        (Factor::Passkey, _) => view! {
            <PasskeyForm
                purpose=PasskeyPurpose::SignUp
                action="passkey"
                submit="Create passkey and continue"
                to=to
                token=token
            >
                {name}
                <NewPasswordFields/>
                <PasskeyNameField value=outcome.field("passkey_name")/>
            </PasskeyForm>
            <NeedsScripts>
                "To make a passkey, allow this page to run scripts; or use one of the other ways below."
            </NeedsScripts>
        }
        .into_any(),
        (Factor::App, Some(secret)) => view! {
            <PostForm action="app" submit="Save and continue" to=to>
                {name}
                <NewPasswordFields/>
                <Authenticator secret/>
            </PostForm>
        }
        .into_any(),
        _ => view! {
            <PostForm action="none" submit="Save and continue" to=to>{name}<NewPasswordFields/></PostForm>
        }
        .into_any(),
    };
    view! {
        <h1>{title}</h1>
        <p class="lead">{whose}</p>
        <StrayProblem has=vec![chosen.as_str()]/>
        {form}
        {others}
        <p class="form__note">
            "This link works once, until " <time datetime=signup.expires.exact>{signup.expires.text}</time> "."
        </p>
    }
}

/// How its owner calls a passkey.
#[component]
pub(crate) fn PasskeyNameField(#[prop(optional, into)] value: String) -> impl IntoView {
    view! {
        <Field
            name="passkey_name"
            label="Name of the passkey"
            autocomplete="off"
            value=value
            required=false
            help="To tell it from others, such as: blue key, phone, this laptop."
        />
    }
}
