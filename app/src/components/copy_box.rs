use leptos::prelude::*;

/// Text to be copied: by the button where scripts run, by hand elsewhere.
#[component]
pub(crate) fn CopyBox(
    #[prop(into)] text: String,
    /// What it is, for those who do not see it.
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="copy-box">
            <pre tabindex="0" aria-label=label><code>{text.clone()}</code></pre>
            <button type="button" class="button copy-box__button" data-copy=text>
                <span>"Copy"</span>
            </button>
        </div>
    }
}
