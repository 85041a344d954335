use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::BootDrift;
use leptos::prelude::*;

use super::settings::{From, source_of};

/// What holds for how devices boot and get in; changed as a document.
#[component]
pub(super) fn BootSettings(document: PreferenceDocument) -> impl IntoView {
    let from = |key| source_of(&document, key);
    let (drift_from, ahead_from, fetch_from) =
        (from(PreferenceKey::BootDrift), from(PreferenceKey::ShipAhead), from(PreferenceKey::EkcertFetchCas));
    let effective = &document.effective;
    let drift = match effective.boot_drift {
        BootDrift::Report => "it is reported",
        BootDrift::Review => {
            "it is reported, and the device's sessions are not trusted until somebody accepts it"
        }
    };
    let ahead = if effective.ship_ahead { "enrol themselves" } else { "need a token like all others" };
    let fetch =
        if effective.ekcert_fetch_cas { "are fetched from TPM makers' sites" } else { "are not fetched" };
    view! {
        <section class="card card--part" aria-labelledby="boot-settings">
            <h2 id="boot-settings">"Boots and new devices"</h2>
            <p>"A device boots otherwise than it did when it was good last: " {drift} " " <From source=drift_from/></p>
            <p><a href="/web/devices/ship-ahead">"Announced TPMs"</a> " " {ahead} " " <From source=ahead_from/></p>
            <p>"Missing CAs of EK certificates " {fetch} " " <From source=fetch_from/></p>
            <p class="form__note">
                "Set by " <code>"tctl edit cap"</code> " (" <code>"device_trust.boot_drift"</code> ", "
                <code>"device_trust.ship_ahead"</code> ", " <code>"device_trust.ekcert_fetch_cas"</code>
                ") or in the configuration file."
            </p>
        </section>
    }
}
