//! The CAs whose TPMs are trusted: the list, its editor, and what it does not cover.

mod coverage;
mod failing;
mod policy;

pub(crate) use coverage::{AddedCas, CoverageText};

use gatehouse_domain::cluster::Source;
use gatehouse_domain::ek::{AddPreview, CaEntry, RemovePreview};
use gatehouse_model::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::settings::From;
use super::stray::StrayProblem;
use crate::api::ek_cas::{EkCaView, ek_cas};
use crate::components::{Badge, FormProblem, PageHeader, PostForm, Problem, TextAreaField, Time, Tone};
use crate::{ApiError, ConsoleContext, FormOutcome, shown};
use failing::Failing;
use policy::Policy;

/// Whose TPMs may enrol.
#[component]
pub(crate) fn EkCasPage() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").unwrap_or_default();
    view! {
        <Title text="EKCert CAs"/>
        <PageHeader
            title="EKCert CAs"
            lead="Only TPMs whose EK certificate leads to one of these can enrol. What changes holds at once, for new enrolments; enrolled devices stay."
            up=("/web/settings", "Device trust")
        />
        <Suspense>
            {Suspend::new(async move {
                match look(&after).await {
                    Ok(found) => view! { <Whole found is_later_page=!after.is_empty()/> }.into_any(),
                    Err(error) => view! { <Problem title="The CAs cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(after: &str) -> Result<EkCaView, ApiError> {
    ek_cas(&ConsoleContext::current()?, after).await
}

#[component]
fn Whole(found: EkCaView, is_later_page: bool) -> impl IntoView {
    let EkCaView { list, document, failing, may_update } = found;
    let has = if may_update {
        vec!["preview_add", "add", "preview_remove", "remove", "policy", ""]
    } else {
        Vec::new()
    };
    let action = FormOutcome::current().action;
    let adding = shown::<AddPreview>().filter(|_| action == "preview_add");
    let removing = shown::<RemovePreview>().filter(|_| action == "preview_remove");
    let previews = view! {
        {adding.map(|preview| view! { <ConfirmAdd preview/> })}
        {removing.map(|preview| view! { <ConfirmRemove preview/> })}
    };
    let empty = list.entries.is_empty();
    let nothing = empty && list.vendors.is_empty();
    let source = list.source;
    view! {
        <StrayProblem has/>
        {previews}
        <div id="ek-cas" class="stack" data-live="preference">
            <section class="card card--part" aria-labelledby="cas">
                <h2 id="cas">"Allowed CAs " <From source/></h2>
                <List entries=list.entries may_update nothing/>
            </section>
        </div>
        {may_update.then(|| view! { <Add/> })}
        <Policy document may_update/>
        {failing.map(|failing| view! { <Failing failing is_later_page/> })}
    }
}

#[component]
fn List(entries: Vec<CaEntry>, may_update: bool, nothing: bool) -> impl IntoView {
    if entries.is_empty() {
        let words = if nothing {
            "None is listed: EK certificates are stored but not verified, and devices are shown so."
        } else {
            "None is listed: TPMs of the makers named below can enrol, where their CAs' certificates come with the device."
        };
        return view! { <p>{words}</p> }.into_any();
    }
    let rows = entries.into_iter().map(|entry| row(entry, may_update)).collect_view();
    let table = view! {
        <div class="table-frame" role="region" aria-label="Allowed CAs" tabindex="0">
            <table class="table">
                <caption>"CAs whose TPMs can enrol"</caption>
                <thead>
                    <tr>
                        {may_update.then(|| view! { <th scope="col"><span class="visually-hidden">"Choose"</span></th> })}
                        <th scope="col">"Subject"</th>
                        <th scope="col">"Maker"</th>
                        <th scope="col">"Key"</th>
                        <th scope="col">"Valid until"</th>
                        <th scope="col">"SHA-256"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    };
    if !may_update {
        return table.into_any();
    }
    view! { <PostForm action="preview_remove" submit="Show what removing the chosen ones would do" is_second=true>{table}</PostForm> }
        .into_any()
}

fn row(entry: CaEntry, may_update: bool) -> impl IntoView {
    let fingerprint = super::device::hex(&entry.facts.sha256);
    let box_ = may_update.then(|| {
        let label = format!("Choose {}", entry.facts.subject);
        let value = fingerprint.clone();
        view! { <td data-label="Choose"><input type="checkbox" name="ca" value=value aria-label=label/></td> }
    });
    let warnings = warnings(&entry);
    view! {
        <tr>
            {box_}
            <th scope="row" class="table__wide">{entry.facts.subject} {warnings}</th>
            <td data-label="Maker">{entry.vendor.unwrap_or("unknown")}</td>
            <td data-label="Key">{entry.facts.key}</td>
            <td data-label="Valid until" class="table__number"><Time at=Timestamp::from_secs(entry.facts.not_after)/></td>
            <td data-label="SHA-256"><code class="fingerprint">{fingerprint}</code></td>
        </tr>
    }
}

pub(super) fn warnings(entry: &CaEntry) -> impl IntoView + use<> {
    let words = entry.warnings.iter().map(ToString::to_string).map(|text| view! { <li>{text}</li> });
    let words = words.collect_view();
    (!words.is_empty()).then(|| view! { <ul class="ca__warnings">{words}</ul> })
}

#[component]
fn Add() -> impl IntoView {
    let outcome = FormOutcome::current();
    // Of a form that could not even be read, and so belongs to none of the page's forms by name.
    let unread = outcome.action.is_empty().then(|| outcome.error.clone()).flatten();
    view! {
        <section class="card card--part" aria-labelledby="add-title">
            <h2 id="add-title">"Add CAs"</h2>
            <p>"First you see which devices they cover. Nothing is saved before you confirm it."</p>
            <FormProblem error=unread/>
            <PostForm action="preview_add" submit="Show what they cover" has_files=true>
                <div class="field">
                    <label for="file">"File with certificates"</label>
                    <input
                        id="file"
                        name="file"
                        type="file"
                        accept=".pem,.crt,.cer,.der,.p7b,.p7c,application/x-x509-ca-cert,application/pkix-cert"
                        aria-describedby="file-help"
                    />
                    <p class="field__help" id="file-help">
                        "Choose it, or drop it here. PEM, DER or PKCS #7; a bundle of at most 4 MiB."
                    </p>
                </div>
                <TextAreaField
                    name="text"
                    label="Or paste certificates (PEM)"
                    value=outcome.field("text")
                    rows=6
                    is_code=true
                    required=false
                />
            </PostForm>
        </section>
    }
}

#[component]
fn ConfirmAdd(preview: AddPreview) -> impl IntoView {
    let new: Vec<_> = preview.cas.iter().filter(|ca| !ca.is_listed).collect();
    let pems: String = new.iter().map(|ca| ca.entry.facts.to_pem()).collect();
    let submit = match new.len() {
        1 => "Allow this CA".to_owned(),
        count => format!("Allow these {count} CAs"),
    };
    let confirm = if new.is_empty() {
        view! { <p>"All of them are allowed already: there is nothing to save."</p> }.into_any()
    } else {
        let revision = preview.revision.clone();
        view! {
            <PostForm action="add" submit>
                <input type="hidden" name="revision" value=revision/>
                <input type="hidden" name="certificates" value=pems/>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <section class="card card--part preview" aria-labelledby="preview-title" id="preview">
            <h2 id="preview-title">"What they would do"</h2>
            <AddedCas preview/>
            {confirm}
            <p><a href="/web/settings/cas">"Leave everything as it is"</a></p>
        </section>
    }
}

#[component]
fn ConfirmRemove(preview: RemovePreview) -> impl IntoView {
    let RemovePreview { cas, lost, revision, turns_off } = preview;
    let fields = cas.iter().map(|ca| {
        let fingerprint = super::device::hex(&ca.facts.sha256);
        view! { <input type="hidden" name="ca" value=fingerprint/> }
    });
    let fields = fields.collect_view();
    let submit = match cas.len() {
        1 => "Remove this CA".to_owned(),
        count => format!("Remove these {count} CAs"),
    };
    let names = cas.into_iter().map(|ca| view! { <li>{ca.facts.subject}</li> }).collect_view();
    let words = if turns_off {
        view! {
            <div class="notice notice--warning">
                <p>"No CA is left then: EK certificates are not verified any more, and any software can enrol as a TPM."</p>
            </div>
        }
        .into_any()
    } else {
        view! { <p><CoverageText coverage=lost lead="Could not enrol any more: "/></p> }.into_any()
    };
    view! {
        <section class="card card--part preview" aria-labelledby="remove-title" id="preview">
            <h2 id="remove-title">"What removing would do"</h2>
            <ul>{names}</ul>
            {words}
            <p>"Devices that are enrolled stay enrolled."</p>
            <PostForm action="remove" submit is_danger=true>
                <input type="hidden" name="revision" value=revision/>
                {fields}
            </PostForm>
            <p><a href="/web/settings/cas">"Leave everything as it is"</a></p>
        </section>
    }
}

/// Where a setting comes from, for a row of the form.
pub(super) fn source_badge(source: Source) -> impl IntoView {
    view! { <From source/> }
}

/// The state of something in a word.
pub(super) fn word(tone: Tone, text: &'static str) -> impl IntoView {
    view! { <Badge tone text/> }
}
