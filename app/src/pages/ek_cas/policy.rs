use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::ek::known_vendors;
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::Leniency;
use leptos::prelude::*;

use super::source_badge;
use crate::FormOutcome;
use crate::components::{CheckboxField, PostForm, SelectField};
use crate::pages::settings::source_of;

fn words(leniency: Leniency) -> &'static str {
    match leniency {
        Leniency::Accept => "accept: counts as verified, and is reported",
        Leniency::LowerTier => "lower_tier: counts as not verified",
        Leniency::Refuse => "refuse",
    }
}

/// Which makers are allowed by name, and how faults of genuine chips are taken.
#[component]
pub(super) fn Policy(document: PreferenceDocument, may_update: bool) -> impl IntoView {
    let effective = document.effective.clone();
    let from_vendors = source_of(&document, PreferenceKey::EkcertAllowedVendors);
    let from_sha1 = source_of(&document, PreferenceKey::EkcertSha1);
    let from_expired_ca = source_of(&document, PreferenceKey::EkcertExpiredCa);
    let from_expired_ek = source_of(&document, PreferenceKey::EkcertExpiredEk);
    let policy = effective.ekcert_policy;
    if !may_update {
        let vendors = effective.ekcert_allowed_vendors.to_string();
        let vendors = if vendors.is_empty() { "none".to_owned() } else { vendors };
        return view! {
            <section class="card card--part" aria-labelledby="policy">
                <h2 id="policy">"Makers and policies"</h2>
                <dl class="facts">
                    <dt>"Makers allowed by name"</dt><dd>{vendors} " " {source_badge(from_vendors)}</dd>
                    <dt>"SHA-1 signatures"</dt><dd>{words(policy.sha1)} " " {source_badge(from_sha1)}</dd>
                    <dt>"Expired CAs"</dt><dd>{words(policy.expired_ca)} " " {source_badge(from_expired_ca)}</dd>
                    <dt>"Expired EK certificates"</dt><dd>{words(policy.expired_ek)} " " {source_badge(from_expired_ek)}</dd>
                </dl>
            </section>
        }
        .into_any();
    }
    let outcome = FormOutcome::current();
    let again = outcome.of("policy").filter(|outcome| !outcome.fields.is_empty()).cloned();
    let chosen: Vec<String> = match &again {
        Some(kept) => {
            kept.fields.iter().filter(|(name, _)| name == "vendor").map(|(_, value)| value.clone()).collect()
        }
        None => effective.ekcert_allowed_vendors.names().to_vec(),
    };
    let value = |name: &str, now: Leniency| match &again {
        Some(kept) => kept.field(name),
        None => now.as_str().to_owned(),
    };
    let sha1 = value("sha1", policy.sha1);
    let expired_ca = value("expired_ca", policy.expired_ca);
    let expired_ek = value("expired_ek", policy.expired_ek);
    let options =
        || Leniency::ALL.map(|leniency| (leniency.as_str().to_owned(), words(leniency).to_owned())).into();
    let boxes = std::iter::once(("all", "all makers of TPMs in hardware".to_owned()))
        .chain(known_vendors().into_iter().map(|(name, is_virtual)| {
            (name, if is_virtual { format!("{name} (TPMs made of software)") } else { name.to_owned() })
        }))
        .map(|(name, label)| {
            let checked = chosen.iter().any(|chosen| chosen == name);
            view! { <CheckboxField name="vendor" value=name label checked/> }
        });
    let boxes = boxes.collect_view();
    let revision = document.revision.clone();
    view! {
        <section class="card card--part" aria-labelledby="policy">
            <h2 id="policy">"Makers and policies"</h2>
            <PostForm action="policy" submit="Save" is_second=true>
                <input type="hidden" name="revision" value=revision/>
                <fieldset class="choices">
                    <legend>"Makers allowed by name " {source_badge(from_vendors)}</legend>
                    {boxes}
                </fieldset>
                <p class="field__help">
                    "This release knows their CAs by fingerprint, but holds no certificate: a TPM is trusted by its maker's name when \
                    the CA's certificate comes with the device. Where it does not, add the CA above."
                </p>
                <div class="setting">
                    <SelectField name="sha1" label="Signatures with SHA-1" options=options() value=sha1/>
                    {source_badge(from_sha1)}
                </div>
                <div class="setting">
                    <SelectField
                        name="expired_ca"
                        label="CAs that have expired since they issued"
                        options=options()
                        value=expired_ca
                    />
                    {source_badge(from_expired_ca)}
                </div>
                <div class="setting">
                    <SelectField
                        name="expired_ek"
                        label="EK certificates that have expired"
                        options=options()
                        value=expired_ek
                    />
                    {source_badge(from_expired_ek)}
                </div>
            </PostForm>
        </section>
    }
    .into_any()
}
