use std::collections::BTreeMap;

use gatehouse_domain::cluster::{AllowedCa, PreferenceDocument, Source};
use gatehouse_domain::entity::PreferenceKey;
use gatehouse_model::{DeviceTrustMode, SecondFactor};
use leptos::prelude::*;
use leptos_meta::Title;

use super::boot_settings::BootSettings;
use super::locked_out::LockedOutNames;
use super::stray::StrayProblem;
use super::web_settings::WebSettings;
use crate::api::settings::{Settings, SettingsRemark, settings};
use crate::components::{Badge, CheckboxField, PageHeader, PostForm, Problem, SelectField, Tone};
use crate::forms::{SAVE_BOOT, SAVE_WEB};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// Device trust of the cluster: what is set, and where each value comes from.
#[component]
pub(crate) fn SettingsPage() -> impl IntoView {
    view! {
        <Title text="Device trust"/>
        <PageHeader
            title="Device trust"
            lead="What the whole cluster asks of devices and sign-ins. Values set here win over the configuration file, each by itself."
        />
        <Suspense>
            {Suspend::new(async move {
                match look().await {
                    Ok(settings) => view! { <Whole settings/> }.into_any(),
                    Err(error) => view! { <Problem title="The settings cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look() -> Result<Settings, ApiError> {
    settings(&ConsoleContext::current()?).await
}

fn mode_words(mode: DeviceTrustMode) -> &'static str {
    match mode {
        DeviceTrustMode::Off => "off: no device authentication at all",
        DeviceTrustMode::Optional => "optional: nobody is refused for want of one",
        DeviceTrustMode::RequiredForHumans => {
            "required-for-humans: people need a trusted device, bots do not"
        }
        DeviceTrustMode::Required => "required: everybody needs a trusted device",
    }
}

const MODES: [DeviceTrustMode; 4] = [
    DeviceTrustMode::Off,
    DeviceTrustMode::Optional,
    DeviceTrustMode::RequiredForHumans,
    DeviceTrustMode::Required,
];

fn factor_words(factor: SecondFactor) -> &'static str {
    match factor {
        SecondFactor::Off => "off: a password is enough",
        SecondFactor::Otp => "otp: password and a one-time code",
        SecondFactor::Webauthn => "webauthn: a passkey, or a password and a passkey",
        SecondFactor::On => "on: a passkey or a one-time code, as each user likes",
        SecondFactor::Optional => "optional: a second factor of those who have set one up",
    }
}

#[component]
fn Whole(settings: Settings) -> impl IntoView {
    let Settings { document, may_update } = settings;
    let shadowed = document.shadowed.clone();
    let shadowed = (!shadowed.is_empty()).then(|| {
        let keys = shadowed.into_iter().map(|key| view! { <li><code>{key}</code></li> }).collect_view();
        view! {
            <div class="notice notice--warning">
                <p>"The configuration file has values without effect, because a value set here wins:"</p>
                <ul>{keys}</ul>
            </div>
        }
    });
    let cas = document.allowed_cas();
    let changed = document.last_change.clone().map(|change| {
        let moment = moment(change.time);
        view! {
            <p class="form__note">
                "Last changed "
                <a href=format!("/web/audit/{}", change.event)><time datetime=moment.exact>{moment.text}</time></a>
                " by " {change.by} "."
            </p>
        }
    });
    let (form, resets) = if may_update {
        let resets = view! { <Resets document=document.clone()/> }.into_any();
        (view! { <SettingsForm document=document.clone()/> }.into_any(), resets)
    } else {
        (view! { <Values document=document.clone()/> }.into_any(), ().into_any())
    };
    let has = if may_update { vec!["save", "reset", SAVE_BOOT, SAVE_WEB] } else { Vec::new() };
    view! {
        <StrayProblem has/>
        <div id="settings" class="stack" data-live="preference">
            {shadowed}
            {form}
            {changed}
            {resets}
            <BootSettings document=document.clone() may_update/>
            <WebSettings document=document.clone() may_update/>
            <Cas cas source=source_of(&document, PreferenceKey::EkcertAllowedCas)/>
        </div>
    }
}

pub(crate) fn source_of(document: &PreferenceDocument, key: PreferenceKey) -> Source {
    document.sources.get(key.as_str()).copied().unwrap_or(Source::Default)
}

/// Where a value comes from.
#[component]
pub(crate) fn From(source: Source) -> impl IntoView {
    let words = match source {
        Source::Dynamic => "dynamic value",
        Source::File => "from the configuration file",
        Source::Default => "default",
    };
    view! { <Badge tone=Tone::Plain text=words/> }
}

/// The values, for those who may not change them.
#[component]
fn Values(document: PreferenceDocument) -> impl IntoView {
    let mode = source_of(&document, PreferenceKey::Mode);
    let auto_enroll = source_of(&document, PreferenceKey::AutoEnroll);
    let factor = source_of(&document, PreferenceKey::SecondFactor);
    view! {
        <dl class="facts card">
            <dt>"Mode"</dt>
            <dd>{mode_words(document.effective.mode)} " " <From source=mode/></dd>
            <dt>"Auto-enrolment"</dt>
            <dd>{if document.effective.auto_enroll { "on" } else { "off" }} " " <From source=auto_enroll/></dd>
            <dt>"Second factor"</dt>
            <dd>{factor_words(document.effective.second_factor)} " " <From source=factor/></dd>
        </dl>
    }
}

#[component]
fn SettingsForm(document: PreferenceDocument) -> impl IntoView {
    let outcome = FormOutcome::current();
    let again = outcome.of("save").filter(|outcome| !outcome.fields.is_empty());
    let effective = &document.effective;
    let (mode, auto_enroll, factor) = match again {
        Some(kept) => {
            (kept.field("mode"), !kept.field("auto_enroll").is_empty(), kept.field("second_factor"))
        }
        None => {
            (effective.mode.to_string(), effective.auto_enroll, effective.second_factor.as_str().to_owned())
        }
    };
    let modes = MODES.map(|mode| (mode.to_string(), mode_words(mode).to_owned())).into();
    let factors =
        SecondFactor::ALL.map(|factor| (factor.as_str().to_owned(), factor_words(factor).to_owned())).into();
    let from_mode = source_of(&document, PreferenceKey::Mode);
    let from_auto_enroll = source_of(&document, PreferenceKey::AutoEnroll);
    let from_factor = source_of(&document, PreferenceKey::SecondFactor);
    let remark = shown::<SettingsRemark>().filter(|_| outcome.action == "save");
    let to_confirm = matches!(remark, Some(SettingsRemark::Confirm { .. }));
    let revision = outcome.revision("save", document.revision.clone());
    view! {
        <section class="card card--part" aria-labelledby="values">
            <h2 id="values">"Values"</h2>
            <PostForm
                action="save"
                submit=if to_confirm { "Save all the same" } else { "Save" }
                is_danger=to_confirm
                remark=remark.map(|remark| view! { <Remark remark/> }.into_any())
            >
                <input type="hidden" name="revision" value=revision/>
                <div class="setting">
                    <SelectField name="mode" label="Who needs a trusted device" options=modes value=mode/>
                    <From source=from_mode/>
                </div>
                <div class="setting">
                    <CheckboxField
                        name="auto_enroll"
                        label="Auto-enrolment"
                        checked=auto_enroll
                        help="A registered device that nobody else has enrolled is enrolled by signing in from it."
                    />
                    <From source=from_auto_enroll/>
                </div>
                <div class="setting">
                    <SelectField name="second_factor" label="Second factor" options=factors value=factor/>
                    <From source=from_factor/>
                </div>
                {to_confirm.then(|| view! {
                    <CheckboxField name="confirmed" label="I know whom this locks out, and want it"/>
                })}
            </PostForm>
        </section>
    }
}

/// What there is to say beside settings that were not saved.
#[component]
pub(super) fn Remark(remark: SettingsRemark) -> impl IntoView {
    match remark {
        SettingsRemark::Confirm { locked_out, mode } => view! {
            <div class="stack" id="locked-out">
                <LockedOutNames locked_out mode role=None/>
                <p>
                    "Root on the server's own host always gets in with " <code>"tctl"</code>
                    ", and everybody can still enrol a device of their own."
                </p>
            </div>
        }
        .into_any(),
        SettingsRemark::Meanwhile(values) => view! { <Meanwhile values/> }.into_any(),
    }
}

#[component]
fn Meanwhile(values: BTreeMap<&'static str, String>) -> impl IntoView {
    let rows = values.into_iter().map(|(key, value)| view! { <dt><code>{key}</code></dt><dd>{value}</dd> });
    view! {
        <p>"These values hold now. What you chose is below; if you save it now, it replaces them."</p>
        <dl class="facts">{rows.collect_view()}</dl>
    }
}

/// Ways back to the file and the defaults.
#[component]
fn Resets(document: PreferenceDocument) -> impl IntoView {
    let outcome = FormOutcome::current();
    let remark = shown::<SettingsRemark>().filter(|_| outcome.action == "reset");
    let confirmed = matches!(remark, Some(SettingsRemark::Confirm { .. }));
    let keys = [
        (PreferenceKey::Mode, "Who needs a trusted device"),
        (PreferenceKey::AutoEnroll, "Auto-enrolment"),
        (PreferenceKey::SecondFactor, "Second factor"),
        (PreferenceKey::EkcertAllowedCas, "EKCert CAs"),
        (PreferenceKey::EkcertAllowedVendors, "TPM makers allowed by name"),
        (PreferenceKey::EkcertSha1, "SHA-1 above EK certificates"),
        (PreferenceKey::EkcertExpiredCa, "Expired CAs above EK certificates"),
        (PreferenceKey::EkcertExpiredEk, "Expired EK certificates"),
        (PreferenceKey::WebSessionMaxAge, "When browser sessions are authorized anew"),
        (PreferenceKey::LinkScheme, "Scheme of links to the device"),
        (PreferenceKey::BootDrift, "Devices that boot otherwise"),
        (PreferenceKey::EkcertFetchCas, "Fetching missing CAs"),
        (PreferenceKey::ShipAhead, "Announced TPMs"),
        (PreferenceKey::RemoteBrowser, "Browsers on other machines than the device"),
    ];
    let own: Vec<_> = keys
        .into_iter()
        .filter(|(key, _)| source_of(&document, *key) == Source::Dynamic)
        .map(|(key, words)| (key.as_str().to_owned(), words.to_owned()))
        .collect();
    if own.is_empty() {
        return ().into_any();
    }
    let revision = outcome.revision("reset", document.revision.clone());
    let key = outcome.field("key");
    view! {
        <section class="card card--part" aria-labelledby="reset">
            <h2 id="reset">"Back to the configuration file"</h2>
            <p>"A value that was set here is taken back: what the file says, or the default, holds again."</p>
            <PostForm
                action="reset"
                submit="Take it back"
                remark=remark.map(|remark| view! { <Remark remark/> }.into_any())
            >
                <input type="hidden" name="revision" value=revision/>
                <SelectField name="key" label="Which value" options=own value=key/>
                {confirmed.then(|| view! {
                    <CheckboxField name="confirmed" label="I know whom this locks out, and want it"/>
                })}
            </PostForm>
        </section>
    }
    .into_any()
}

#[component]
fn Cas(cas: Vec<AllowedCa>, source: Source) -> impl IntoView {
    let rows = cas.into_iter().map(|ca| {
        let end = moment(ca.not_after);
        view! {
            <tr>
                <th scope="row" class="table__wide">{ca.subject}</th>
                <td data-label="Valid until" class="table__number"><time datetime=end.exact>{end.text}</time></td>
                <td data-label="SHA-256"><code>{ca.fingerprint}</code></td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let list = if rows.is_empty() {
        view! {
            <p>"None is listed: EK certificates are stored but not verified, and devices are shown so."</p>
        }
        .into_any()
    } else {
        view! {
            <div class="table-frame" role="region" aria-label="EKCert CAs" tabindex="0">
                <table class="table">
                    <caption>"Only TPMs whose EK certificate leads to one of these can enrol"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Subject"</th>
                            <th scope="col">"Valid until"</th>
                            <th scope="col">"SHA-256"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="cas">
            <h2 id="cas">"EKCert CAs " <From source/></h2>
            {list}
            <p><a class="button" href="/web/settings/cas">"CAs, makers and policies"</a></p>
        </section>
    }
}
