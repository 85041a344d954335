use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::FormProblem;
use crate::{ACTION_FIELD, ConsoleContext, FormOutcome, KEY_FIELD};

/// A form of the page that it stands on. It shows why it was not accepted, and counts once.
#[component]
pub(crate) fn PostForm(
    /// Which of the page's forms it is: the handler gets it as `do`.
    action: &'static str,
    /// What the button says.
    #[prop(into)]
    submit: String,
    /// The button is of the kind that one thinks about first.
    #[prop(optional)]
    is_danger: bool,
    /// Not the first thing to do on the page.
    #[prop(optional)]
    is_second: bool,
    /// The button is one of several in a row of a table or a list.
    #[prop(optional)]
    is_quiet: bool,
    /// For forms with files.
    #[prop(optional)]
    has_files: bool,
    /// The browser itself sends it, and shows what comes: for answers that lead away from the console.
    #[prop(optional)]
    reloads: bool,
    /// Another address than the page's own.
    #[prop(optional, into)]
    to: Option<String>,
    /// What there is to say beside why it was not accepted.
    #[prop(optional_no_strip)]
    remark: Option<AnyView>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let key = use_context::<ConsoleContext>().map(|console| console.form_key());
    let to = to.unwrap_or_else(|| use_location().pathname.get_untracked());
    let error = FormOutcome::current().of(action).and_then(|outcome| outcome.error.clone());
    let kind = match (is_danger, is_quiet, is_second) {
        (true, ..) => "button button--danger",
        (false, true, _) => "button button--quiet",
        (false, false, true) => "button",
        (false, false, false) => "button button--primary",
    };
    view! {
        <form class="form" method="post" action=to enctype=has_files.then_some("multipart/form-data") data-reload=reloads.then_some("")>
            <FormProblem error remark/>
            <input type="hidden" name=ACTION_FIELD value=action/>
            <input type="hidden" name=KEY_FIELD value=key/>
            {children.map(|children| children())}
            <div class="form__end"><button class=kind type="submit">{submit}</button></div>
        </form>
    }
}

/// A form that is opened first: it says what will happen, and can be closed again. Opens without a script, and is
/// open when it comes back with an error.
#[component]
pub(crate) fn ConfirmForm(
    action: &'static str,
    /// What opens it.
    label: &'static str,
    /// What will happen, in words.
    #[prop(into)]
    words: String,
    /// What the button says.
    submit: &'static str,
    #[prop(optional)] is_danger: bool,
    /// Has to be typed as the field `confirm`; the handler compares.
    #[prop(optional, into)]
    typed: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let is_open = FormOutcome::current().of(action).is_some();
    let kind = if is_danger { "button button--danger-quiet" } else { "button" };
    let id = format!("confirm-{action}");
    let typed = typed.map(|text| {
        let id = id.clone();
        view! {
            <div class="field">
                <label for=id.clone()>"Type " <strong>{text}</strong> " to confirm"</label>
                <input id=id name="confirm" type="text" autocomplete="off" autocapitalize="none" spellcheck="false" required=true/>
            </div>
        }
    });
    view! {
        <details class="confirm" open=is_open>
            <summary class=kind>{label}</summary>
            <div class="confirm__sheet">
                <p>{words}</p>
                <PostForm action submit is_danger>
                    {children.map(|children| children())}
                    {typed}
                </PostForm>
            </div>
        </details>
    }
}
