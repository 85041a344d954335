use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::device_web::REMOTE_SESSION_SECS;
use gatehouse_domain::entity::PreferenceKey;
use leptos::prelude::*;

use super::settings::{From, Remark, source_of};
use crate::api::settings::SettingsRemark;
use crate::components::{CheckboxField, Field, PostForm};
use crate::forms::SAVE_WEB;
use crate::{FormOutcome, shown};

/// What holds for browsers' sessions that a device speaks for.
#[component]
pub(super) fn WebSettings(document: PreferenceDocument, may_update: bool) -> impl IntoView {
    let content = if may_update {
        view! { <WebForm document/> }.into_any()
    } else {
        view! { <WebValues document/> }.into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="browser-sessions">
            <h2 id="browser-sessions">"Browser sessions"</h2>
            {content}
        </section>
    }
}

/// The values, for those who may not change them.
#[component]
fn WebValues(document: PreferenceDocument) -> impl IntoView {
    let age_from = source_of(&document, PreferenceKey::WebSessionMaxAge);
    let scheme_from = source_of(&document, PreferenceKey::LinkScheme);
    let remote_from = source_of(&document, PreferenceKey::RemoteBrowser);
    let effective = document.effective;
    let age = effective
        .web_session_max_age
        .map_or_else(|| "never, while the session lasts".to_owned(), |age| format!("after {age}"));
    let scheme = effective.link_scheme.as_str().to_owned();
    let remote =
        if effective.remote_browser { "can be authorized by a code" } else { "cannot be authorized" };
    view! {
        <p>"Authorize anew: " {age} " " <From source=age_from/></p>
        <p>"Links to the device: " <code>{scheme} "://"</code> " " <From source=scheme_from/></p>
        <p>"Browsers on other machines than the device: " {remote} " " <From source=remote_from/></p>
    }
}

#[component]
fn WebForm(document: PreferenceDocument) -> impl IntoView {
    let outcome = FormOutcome::current();
    let again = outcome.of(SAVE_WEB).filter(|outcome| !outcome.fields.is_empty());
    let age_from = source_of(&document, PreferenceKey::WebSessionMaxAge);
    let scheme_from = source_of(&document, PreferenceKey::LinkScheme);
    let remote_from = source_of(&document, PreferenceKey::RemoteBrowser);
    let effective = &document.effective;
    let (age, scheme, remote) = match again {
        Some(kept) => (
            kept.field("web_session_max_age"),
            kept.field("link_scheme"),
            !kept.field("remote_browser").is_empty(),
        ),
        None => (
            effective.web_session_max_age.map(|age| age.to_string()).unwrap_or_default(),
            effective.link_scheme.as_str().to_owned(),
            effective.remote_browser,
        ),
    };
    let remark = shown::<SettingsRemark>().filter(|_| outcome.action == SAVE_WEB);
    let revision = outcome.revision(SAVE_WEB, document.revision.clone());
    let minutes = REMOTE_SESSION_SECS / 60;
    view! {
        <PostForm
            action=SAVE_WEB
            submit="Save browser sessions"
            remark=remark.map(|remark| view! { <Remark remark/> }.into_any())
        >
            <input type="hidden" name="revision" value=revision/>
            <div class="setting">
                <Field
                    name="web_session_max_age"
                    label="Authorize anew after"
                    autocomplete="off"
                    value=age
                    required=false
                    help="From 5m to 30d, such as 8h; it counts at once for sessions that are authorized already. Empty: what the configuration file says, else never while the session lasts."
                />
                <From source=age_from/>
            </div>
            <div class="setting">
                <Field
                    name="link_scheme"
                    label="Scheme of links to the device"
                    autocomplete="off"
                    value=scheme
                    help="Another one than gatehouse has to be registered on every machine: tsh install-handler --scheme=…"
                />
                <From source=scheme_from/>
            </div>
            <div class="setting">
                <CheckboxField
                    name="remote_browser"
                    label="Browsers on other machines than the device can be authorized by a code"
                    checked=remote
                    help="Whoever talks somebody into typing a code and a number gets in as them: leave it off unless you need it. Roles can refuse it."
                />
                <From source=remote_from/>
            </div>
            <p class="form__note">
                "A session that was confirmed by a code lasts " {minutes} " minutes at most. Switching it off ends the trust \
                 of those sessions at once."
            </p>
        </PostForm>
    }
}
