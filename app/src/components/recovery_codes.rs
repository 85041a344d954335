use leptos::prelude::*;

use super::CopyBox;

/// Recovery codes, shown this once.
#[component]
pub(crate) fn RecoveryCodes(codes: Vec<String>) -> impl IntoView {
    let count = codes.len();
    view! {
        <section class="recovery-codes" aria-labelledby="recovery-codes-title" tabindex="-1" autofocus=true>
            <h2 id="recovery-codes-title">"Your recovery codes"</h2>
            <p>
                "Each of these " {count} " codes signs you in once, in place of the second factor, on the day on which \
                 you have lost it. They are shown only now: print them, or keep them in a password manager."
            </p>
            <CopyBox text=codes.join("\n") label="Recovery codes"/>
        </section>
    }
}
