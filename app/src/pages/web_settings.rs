use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::entity::PreferenceKey;
use leptos::prelude::*;

use super::settings::{From, source_of};

/// What holds for browsers' sessions that a device speaks for; changed as a document.
#[component]
pub(super) fn WebSettings(document: PreferenceDocument) -> impl IntoView {
    let age_from = source_of(&document, PreferenceKey::WebSessionMaxAge);
    let scheme_from = source_of(&document, PreferenceKey::LinkScheme);
    let effective = document.effective;
    let age = effective
        .web_session_max_age
        .map_or_else(|| "never, while the session lasts".to_owned(), |age| format!("after {age}"));
    let scheme = effective.link_scheme.as_str().to_owned();
    view! {
        <section class="card card--part" aria-labelledby="browser-sessions">
            <h2 id="browser-sessions">"Browser sessions"</h2>
            <p>"Authorize anew: " {age} " " <From source=age_from/></p>
            <p>"Links to the device: " <code>{scheme} "://"</code> " " <From source=scheme_from/></p>
            <p class="form__note">
                "Set by " <code>"tctl edit cap"</code> " (" <code>"device_trust.web_session_max_age"</code> ", "
                <code>"device_trust.link_scheme"</code> ") or in the configuration file."
            </p>
        </section>
    }
}
