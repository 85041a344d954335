use leptos::prelude::*;

use super::escaped;

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
    #[prop(default = true)] required: bool,
    /// For times, numbers and the like: the smallest value.
    #[prop(optional)]
    min: Option<&'static str>,
    #[prop(optional)] max: Option<&'static str>,
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
                required=required
                autofocus=autofocus
                min=min
                max=max
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

/// A choice of one: value and label each.
#[component]
pub(crate) fn SelectField(
    name: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional)] help: Option<&'static str>,
) -> impl IntoView {
    let options = options.into_iter().map(|(option, words)| {
        let selected = option == value;
        view! { <option value=option selected=selected>{words}</option> }
    });
    let options = options.collect_view();
    let help_id = help.map(|_| format!("{name}-help"));
    let described_by = help_id.clone();
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name aria-describedby=described_by>{options}</select>
            {help.map(|help| view! { <p class="field__help" id=help_id>{help}</p> })}
        </div>
    }
}

/// Several lines.
#[component]
pub(crate) fn TextAreaField(
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(default = 4)] rows: usize,
    /// In the letters of code.
    #[prop(optional)]
    is_code: bool,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(default = true)] required: bool,
) -> impl IntoView {
    // Leptos writes what stands in this element as it is, and HTML drops a line break that it begins with.
    let text = format!("\n{}", escaped(&value));
    let help_id = help.map(|_| format!("{name}-help"));
    let described_by = help_id.clone();
    let class = if is_code { "field__code" } else { "" };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                id=name
                name=name
                rows=rows
                class=class
                spellcheck="false"
                autocapitalize="none"
                required=required
                aria-describedby=described_by
            >
                {text}
            </textarea>
            {help.map(|help| view! { <p class="field__help" id=help_id>{help}</p> })}
        </div>
    }
}

/// One thing to be chosen or not, or one of several of the same name.
#[component]
pub(crate) fn CheckboxField(
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(default = "yes".to_owned(), into)] value: String,
    #[prop(optional)] checked: bool,
    /// Said below it; nothing where it is empty.
    #[prop(optional, into)]
    help: String,
) -> impl IntoView {
    let help_id = (!help.is_empty()).then(|| format!("{name}-{value}-help"));
    let described_by = help_id.clone();
    view! {
        <div class="field field--check">
            <label>
                <input type="checkbox" name=name value=value checked=checked aria-describedby=described_by/>
                <span>{label}</span>
            </label>
            {help_id.map(|id| view! { <p class="field__help" id=id>{help}</p> })}
        </div>
    }
}

/// Until when a lock holds, and why.
#[component]
pub(crate) fn LockTerms(until: String, message: String) -> impl IntoView {
    view! {
        <Field
            name="until"
            label="Until (UTC)"
            kind="datetime-local"
            autocomplete="off"
            value=until
            required=false
            help="Left empty, the lock has no end."
        />
        <Field
            name="message"
            label="Message"
            autocomplete="off"
            value=message
            required=false
            help="Why; administrators read it."
        />
    }
}
