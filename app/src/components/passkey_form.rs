use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{FormProblem, Icon, Shape};
use crate::{ACTION_FIELD, ConsoleContext, FormOutcome, KEY_FIELD};

/// What the browser's script is asked to do before the form is sent (`app/src/islands/companion/passkey.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasskeyPurpose {
    SignIn,
    SecondFactor,
    SignUp,
    Add,
    Confirm,
}

impl PasskeyPurpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SecondFactor => "second-factor",
            Self::SignUp => "sign-up",
            Self::Add => "add",
            Self::Confirm => "confirm",
        }
    }
}

/// A form that a passkey answers: the script asks the authenticator, puts its answer into the hidden fields and sends
/// the form. Shown only where scripts run.
#[component]
pub(crate) fn PasskeyForm(
    purpose: PasskeyPurpose,
    /// Which of the page's forms it is.
    action: &'static str,
    submit: &'static str,
    /// Not the first thing to do on the page.
    #[prop(optional)]
    is_second: bool,
    /// Another address than the page's own.
    #[prop(optional, into)]
    to: Option<String>,
    /// Of a sign-up link.
    #[prop(optional, into)]
    token: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let key = use_context::<ConsoleContext>().map(|console| console.form_key());
    let to = to.unwrap_or_else(|| use_location().pathname.get_untracked());
    let error = FormOutcome::current().of(action).and_then(|outcome| outcome.error.clone());
    let kind = if is_second { "button" } else { "button button--primary" };
    view! {
        <form
            class="form with-scripts"
            method="post"
            action=to
            data-passkey=purpose.as_str()
            data-token=token
        >
            <FormProblem error/>
            <div class="notice notice--problem" role="alert" tabindex="-1" data-passkey-problem hidden></div>
            <input type="hidden" name=ACTION_FIELD value=action/>
            <input type="hidden" name=KEY_FIELD value=key/>
            <input type="hidden" name="ceremony"/>
            <input type="hidden" name="credential"/>
            {children.map(|children| children())}
            <div class="form__end">
                <button class=kind type="submit"><Icon shape=Shape::Key/>{submit}</button>
            </div>
        </form>
    }
}

/// Why there is no passkey to be seen here, for browsers that run no scripts.
#[component]
pub(crate) fn NeedsScripts(children: Children) -> impl IntoView {
    view! { <p class="form__note without-scripts">{children()}</p> }
}
