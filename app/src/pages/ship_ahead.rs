//! TPMs that are announced before their devices arrive.

use gatehouse_domain::device::{SHIP_AHEAD_TEMPLATE, ShipAheadImport};
use gatehouse_domain::entity::{AnnouncedTpm, ShipAhead};
use gatehouse_model::counted;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::ship_ahead::{ShipAheadList, ship_ahead_list};
use crate::components::{
    Badge, FormProblem, PageHeader, Pager, PostForm, Problem, TextAreaField, Time, Tone,
};
use crate::{ConsoleContext, FormOutcome, shown};

const PATH: &str = "/web/devices/ship-ahead";

/// What a list would do, and the list.
#[derive(Clone)]
pub(crate) struct ShipAheadPreview {
    pub(crate) import: ShipAheadImport,
    pub(crate) text: String,
}

/// The list of announced TPMs, and how it grows.
#[component]
pub(crate) fn ShipAheadPage() -> impl IntoView {
    let console = use_context::<ConsoleContext>();
    let after = use_query_map().get_untracked().get("after").filter(|token| !token.is_empty());
    view! {
        <Title text="Announced TPMs"/>
        <PageHeader
            title="Announced TPMs"
            lead="A device whose TPM is announced registers and enrols itself, without a token. First you see what a list would do."
            up=("/web/devices", "Devices")
        />
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                match ship_ahead_list(&console, after.as_deref()).await {
                    Ok(list) => view! { <Whole list is_later_page=after.is_some()/> }.into_any(),
                    Err(error) => view! { <Problem title="Announced TPMs cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Whole(list: ShipAheadList, is_later_page: bool) -> impl IntoView {
    let off = (!list.is_on).then(|| {
        view! {
            <div class="notice">
                <h2>"Announced TPMs do not enrol yet"</h2>
                <p>
                    "The cluster does not allow it. An administrator can, under "
                    <a href="/web/settings#boot-settings">"Device trust"</a> "."
                </p>
            </div>
        }
    });
    let preview = shown::<ShipAheadPreview>()
        .map(|preview| view! { <Preview import=preview.import.clone() text=preview.text.clone()/> });
    view! { {off} {preview} <Upload/> <List list is_later_page/> }
}

#[component]
fn Preview(import: ShipAheadImport, text: String) -> impl IntoView {
    let words = match (import.wrong, import.added, import.known) {
        (1, ..) => "One line is wrong: mend it and send the list again. Nothing is announced.".to_owned(),
        (0, 0, _) => "All of these TPMs are announced already.".to_owned(),
        (0, added, 0) => format!("{} would be announced.", counted(added, "TPM", "TPMs")),
        (0, added, known) => {
            let (added, known) = (counted(added, "TPM", "TPMs"), counted(known, "is", "are"));
            format!("{added} would be announced; {known} announced already.")
        }
        (wrong, ..) => {
            format!("{wrong} lines are wrong: mend them and send the list again. Nothing is announced.")
        }
    };
    let problems = import
        .problems
        .iter()
        .map(|(line, problem)| {
            let problem = problem.clone();
            view! { <tr><th scope="row" class="table__number">{*line}</th><td data-label="Problem">{problem}</td></tr> }
        })
        .collect_view();
    let problems = (!import.problems.is_empty()).then(|| {
        view! {
            <div class="table-frame" role="region" aria-label="What is wrong" tabindex="0">
                <table class="table">
                    <caption>"What is wrong"</caption>
                    <thead><tr><th scope="col">"Line"</th><th scope="col">"Problem"</th></tr></thead>
                    <tbody>{problems}</tbody>
                </table>
            </div>
        }
    });
    let confirm = (import.wrong == 0 && import.added > 0).then(|| {
        view! {
            <PostForm action="import" submit="Announce them">
                <input type="hidden" name="text" value=text/>
            </PostForm>
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="preview-title">
            <h2 id="preview-title">"What the list would do"</h2>
            <p>{words}</p>
            {problems}
            {confirm}
        </section>
    }
}

#[component]
fn Upload() -> impl IntoView {
    let outcome = FormOutcome::current();
    let unread = outcome.action.is_empty().then(|| outcome.error.clone()).flatten();
    view! {
        <div class="cards">
            <section class="card card--part" aria-labelledby="upload-title">
                <h2 id="upload-title">"The list"</h2>
                <FormProblem error=unread/>
                <PostForm action="preview" submit="Show what it would do" has_files=true>
                    <div class="field">
                        <label for="file">"CSV file"</label>
                        <input id="file" name="file" type="file" accept=".csv,.txt,.tsv,text/csv" aria-describedby="file-help"/>
                        <p class="field__help" id="file-help">"At most 10,000 TPMs and 2 MiB."</p>
                    </div>
                    <TextAreaField
                        name="text"
                        label="Or paste the list"
                        value=outcome.of("preview").map(|outcome| outcome.field("text")).unwrap_or_default()
                        rows=6
                        is_code=true
                        required=false
                    />
                </PostForm>
            </section>
            <section class="card card--part" aria-labelledby="columns-title">
                <h2 id="columns-title">"Columns"</h2>
                <p>"The first row names the columns, in any order. A TPM is named by its EK, or by its EK certificate."</p>
                <dl class="facts">
                    <dt><code>"ek_sha256"</code></dt>
                    <dd>"SHA-256 of the EK's SubjectPublicKeyInfo, in hexadecimal digits; counts once the TPM has shown that the EK is its own"</dd>
                    <dt><code>"serial"</code> ", " <code>"issuer"</code></dt>
                    <dd>"of the EK certificate; they count only where the certificate is verified"</dd>
                    <dt><code>"mode"</code></dt>
                    <dd>"optional: once, or standing for a TPM that may enrol again"</dd>
                    <dt><code>"owner"</code></dt>
                    <dd>"optional: the only user who may enrol it; without, whoever signs in on it first"</dd>
                    <dt><code>"asset_tag"</code></dt>
                    <dd>"optional: the serial number that the device must have"</dd>
                    <dt><code>"note"</code></dt>
                    <dd>"optional: what it is for"</dd>
                </dl>
                <details>
                    <summary>"A list to begin with"</summary>
                    <pre tabindex="0"><code>{SHIP_AHEAD_TEMPLATE}</code></pre>
                </details>
            </section>
        </div>
    }
}

#[component]
fn List(list: ShipAheadList, is_later_page: bool) -> impl IntoView {
    let first = is_later_page.then(|| PATH.to_owned());
    if list.rows.is_empty() {
        return view! { <p>"No TPM is announced" {is_later_page.then_some(" before these")} "."</p> <Pager first/> }.into_any();
    }
    let next = list.next.map(|token| format!("{PATH}?after={token}"));
    let lines = list.rows.into_iter().map(line).collect_view();
    view! {
        <section class="card card--part" aria-labelledby="list-title">
            <h2 id="list-title">"Announced"</h2>
            <div class="table-frame" role="region" aria-label="Announced TPMs" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"TPM"</th><th scope="col">"Use"</th><th scope="col">"For"</th>
                            <th scope="col">"Announced"</th><th scope="col"><span class="visually-hidden">"Take back"</span></th>
                        </tr>
                    </thead>
                    <tbody>{lines}</tbody>
                </table>
            </div>
            <Pager first next/>
        </section>
    }
    .into_any()
}

fn line(row: ShipAhead) -> impl IntoView {
    let tpm = match row.tpm {
        AnnouncedTpm::Ek(ek) => {
            let digits = ek.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            view! { "EK " <code>{digits}</code> }.into_any()
        }
        AnnouncedTpm::Certificate { serial, issuer, .. } => {
            view! { "Certificate " <code>{serial}</code> " of " {issuer} }.into_any()
        }
    };
    let used = match row.used {
        Some(used) => view! {
            <a href=format!("/web/devices/{}", used.device_id)>"used"</a> " by " {used.user} ", " <Time at=used.time/>
        }
        .into_any(),
        None => view! { <Badge tone=Tone::Plain text="waits"/> }.into_any(),
    };
    let mode = if row.standing { "standing" } else { "once" };
    let whom = [row.owner.unwrap_or_default(), row.asset_tag.unwrap_or_default(), row.note];
    let whom = whom.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    view! {
        <tr>
            <th scope="row" class="table__wide">{tpm}</th>
            <td data-label="Use">{mode} ", " {used}</td>
            <td data-label="For">{whom}</td>
            <td data-label="Announced" class="table__number"><Time at=row.created/> " by " {row.created_by}</td>
            <td>
                <PostForm action="remove" submit="Take back" is_quiet=true>
                    <input type="hidden" name="id" value=row.id/>
                </PostForm>
            </td>
        </tr>
    }
}
