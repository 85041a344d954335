use leptos::prelude::*;

/// A labelled line of a form.
#[component]
pub(crate) fn Field(
    name: &'static str,
    label: &'static str,
    #[prop(default = "text")] kind: &'static str,
    autocomplete: &'static str,
    #[prop(optional, into)] value: String,
    /// Said below the line.
    #[prop(optional)]
    help: Option<&'static str>,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    let help_id = help.map(|_| format!("{name}-help"));
    let described_by = help_id.clone();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                id=name
                name=name
                type=kind
                value=value
                autocomplete=autocomplete
                autocapitalize="none"
                spellcheck="false"
                required=true
                autofocus=autofocus
                maxlength="512"
                aria-describedby=described_by
            />
            {help.map(|help| view! { <p class="field__help" id=help_id>{help}</p> })}
        </div>
    }
}

/// Six digits of an authenticator app.
#[component]
pub(crate) fn OneTimeCodeField(help: &'static str) -> impl IntoView {
    view! {
        <div class="field field--code">
            <label for="code">"One-time code"</label>
            <input
                id="code"
                name="code"
                type="text"
                inputmode="numeric"
                pattern="[0-9 ]{6,7}"
                maxlength="7"
                autocomplete="one-time-code"
                required=true
                aria-describedby="code-help"
            />
            <p class="field__help" id="code-help">{help}</p>
        </div>
    }
}

/// A new password, twice.
#[component]
pub(crate) fn NewPasswordFields() -> impl IntoView {
    view! {
        <Field
            name="password"
            label="New password"
            kind="password"
            autocomplete="new-password"
            help="At least 10 characters. A sentence of your own is better than a short riddle."
        />
        <Field name="password_again" label="The same password again" kind="password" autocomplete="new-password"/>
    }
}
