use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::BootDrift;
use leptos::prelude::*;

use super::settings::{From, Remark, source_of};
use crate::api::settings::SettingsRemark;
use crate::components::{CheckboxField, PostForm, SelectField};
use crate::forms::SAVE_BOOT;
use crate::{FormOutcome, shown};

/// What holds for how devices boot and get in.
#[component]
pub(super) fn BootSettings(document: PreferenceDocument, may_update: bool) -> impl IntoView {
    let content = if may_update {
        view! { <BootForm document/> }.into_any()
    } else {
        view! { <BootValues document/> }.into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="boot-settings">
            <h2 id="boot-settings">"Boots and new devices"</h2>
            {content}
        </section>
    }
}

fn drift_words(drift: BootDrift) -> &'static str {
    match drift {
        BootDrift::Report => "report: it is reported and audited",
        BootDrift::Review => {
            "review: its sessions are not trusted either, until somebody accepts how it boots"
        }
    }
}

/// The values, for those who may not change them.
#[component]
fn BootValues(document: PreferenceDocument) -> impl IntoView {
    let from = |key| source_of(&document, key);
    let (drift_from, ahead_from, fetch_from) =
        (from(PreferenceKey::BootDrift), from(PreferenceKey::ShipAhead), from(PreferenceKey::EkcertFetchCas));
    let effective = &document.effective;
    let drift = drift_words(effective.boot_drift);
    let ahead = if effective.ship_ahead { "enrol themselves" } else { "need a token like all others" };
    let fetch =
        if effective.ekcert_fetch_cas { "are fetched from TPM makers' sites" } else { "are not fetched" };
    view! {
        <p>"A device that boots otherwise than it did when it was good last: " {drift} " " <From source=drift_from/></p>
        <p><a href="/web/devices/ship-ahead">"Announced TPMs"</a> " " {ahead} " " <From source=ahead_from/></p>
        <p>"Missing CAs of EK certificates " {fetch} " " <From source=fetch_from/></p>
    }
}

#[component]
fn BootForm(document: PreferenceDocument) -> impl IntoView {
    let outcome = FormOutcome::current();
    let again = outcome.of(SAVE_BOOT).filter(|outcome| !outcome.fields.is_empty());
    let drift_from = source_of(&document, PreferenceKey::BootDrift);
    let ahead_from = source_of(&document, PreferenceKey::ShipAhead);
    let fetch_from = source_of(&document, PreferenceKey::EkcertFetchCas);
    let effective = &document.effective;
    let (drift, ahead, fetch) = match again {
        Some(kept) => (
            kept.field("boot_drift"),
            !kept.field("ship_ahead").is_empty(),
            !kept.field("ekcert_fetch_cas").is_empty(),
        ),
        None => (effective.boot_drift.to_string(), effective.ship_ahead, effective.ekcert_fetch_cas),
    };
    let drifts = BootDrift::ALL.map(|drift| (drift.to_string(), drift_words(drift).to_owned())).into();
    let remark = shown::<SettingsRemark>().filter(|_| outcome.action == SAVE_BOOT);
    let revision = outcome.revision(SAVE_BOOT, document.revision.clone());
    view! {
        <PostForm
            action=SAVE_BOOT
            submit="Save boots and new devices"
            remark=remark.map(|remark| view! { <Remark remark/> }.into_any())
        >
            <input type="hidden" name="revision" value=revision/>
            <div class="setting">
                <SelectField
                    name="boot_drift"
                    label="A device boots otherwise than it did when it was good last"
                    options=drifts
                    value=drift
                />
                <From source=drift_from/>
            </div>
            <div class="setting">
                <CheckboxField
                    name="ship_ahead"
                    label="Devices whose TPMs were announced enrol themselves"
                    checked=ahead
                    help="At the first sign-in from them, without a token and without being registered before."
                />
                <From source=ahead_from/>
            </div>
            <div class="setting">
                <CheckboxField
                    name="ekcert_fetch_cas"
                    label="Fetch missing CAs of EK certificates"
                    checked=fetch
                    help="From the sites of known TPM makers, as their certificates name them; only CAs that lead to an allowed one count."
                />
                <From source=fetch_from/>
            </div>
            <p class="form__note"><a href="/web/devices/ship-ahead">"Announced TPMs"</a></p>
        </PostForm>
    }
}
