use gatehouse_domain::cluster::PreferenceDocument;
use leptos::prelude::*;

/// What holds for browsers' sessions that a device speaks for; changed as a document.
#[component]
pub(super) fn WebSettings(document: PreferenceDocument) -> impl IntoView {
    let effective = document.effective;
    let age = effective
        .web_session_max_age
        .map_or_else(|| "never, while the session lasts".to_owned(), |age| format!("after {age}"));
    let scheme = effective.link_scheme.as_str().to_owned();
    view! {
        <h2>"Browser sessions"</h2>
        <dl class="facts card">
            <dt>"Authorize anew"</dt>
            <dd>{age}</dd>
            <dt>"Links to the device"</dt>
            <dd><code>{scheme} "://"</code></dd>
        </dl>
        <p class="form__note">
            "Set by " <code>"tctl edit cap"</code> " (device_trust.web_session_max_age, device_trust.link_scheme) or in the "
            "configuration file."
        </p>
    }
}
