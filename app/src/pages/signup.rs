use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::FormOutcome;
use crate::api::{AuthenticatorSecret, Signup, SignupPurpose, signup};
use crate::components::{Field, FormProblem, NewPasswordFields, OneTimeCodeField, Problem, QrCode};

/// Redeems a one-time link: an invitation, a reset, or the first admin's.
#[component]
pub(crate) fn SignupPage() -> impl IntoView {
    let token = use_params_map().get_untracked().get("token").unwrap_or_default();
    let outcome = FormOutcome::current();
    view! {
        <Title text="Sign up"/>
        <div class="card card--narrow">
            <Suspense>
                {Suspend::new(async move {
                    match signup(token.clone()).await {
                        Ok(signup) => view! { <SignupForm token signup outcome/> }.into_any(),
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
}

#[component]
fn SignupForm(token: String, signup: Signup, outcome: FormOutcome) -> impl IntoView {
    let title = match signup.purpose {
        SignupPurpose::FirstAdmin => "Create the first admin",
        SignupPurpose::Invite => "Welcome to Gatehouse",
        SignupPurpose::Reset => "Set a new password",
    };
    let is_first_admin = signup.purpose == SignupPurpose::FirstAdmin;
    let (whose, name) = if is_first_admin {
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
    view! {
        <h1>{title}</h1>
        <p class="lead">{whose}</p>
        <FormProblem error=outcome.error/>
        <form class="form" method="post" action=format!("/web/signup/{token}")>
            {name}
            <NewPasswordFields/>
            {signup.authenticator.map(|secret| view! { <Authenticator secret/> })}
            <button class="button button--primary" type="submit">"Save and continue"</button>
        </form>
        <p class="form__note">
            "This link works once, until " <time datetime=signup.expires.exact>{signup.expires.text}</time> "."
        </p>
    }
}

#[component]
fn Authenticator(secret: AuthenticatorSecret) -> impl IntoView {
    let spaced = in_groups(&secret.base32);
    view! {
        <fieldset class="authenticator">
            <legend>"Authenticator app"</legend>
            <p>"Scan the code with an authenticator app, or type the secret into it."</p>
            <QrCode text=secret.url label="QR code with the secret for an authenticator app"/>
            <dl class="facts">
                <dt>"Secret"</dt>
                <dd><code class="authenticator__secret" data-secret=secret.base32>{spaced}</code></dd>
            </dl>
            <OneTimeCodeField help="The six digits that the app shows now."/>
        </fieldset>
    }
}

/// In groups of four, to be typed off.
fn in_groups(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_in_groups() {
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
