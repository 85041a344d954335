use gatehouse_domain::device::ImportLines;
use gatehouse_domain::entity::{DeviceImport, ImportLine, ImportState, LineVerdict};
use gatehouse_model::{ErrorKind, OsType};
use leptos::prelude::*;
use leptos_meta::{Meta, Title};
use leptos_router::hooks::{use_params_map, use_query_map};

use super::state_words;
use crate::api::imports::lines;
use crate::components::{Badge, Icon, PageHeader, Pager, PostForm, Problem, Shape, Time, Tone, grouped};
use crate::{ApiError, ConsoleContext};

/// What a list would do, how far it is, and what it did.
#[component]
pub(crate) fn ImportPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    let query = use_query_map().get_untracked();
    let (shown, page) = (query.get("show"), query.get("page"));
    let console = use_context::<ConsoleContext>();
    view! {
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                match lines(&console, &id, shown.as_deref(), page.as_deref()).await {
                    Ok((found, verdict)) => view! { <Whole found verdict/> }.into_any(),
                    Err(error) => view! { <Missing error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Missing(error: ApiError) -> impl IntoView {
    let title = match error.kind {
        ErrorKind::NotFound => "There is no such import any more",
        _ => "The import cannot be shown",
    };
    view! {
        <Title text=title/>
        <PageHeader title=title up=("/web/devices/import", "Import devices")/>
        <Problem title="Why" error/>
        <p><a class="button" href="/web/devices/import">"Upload a list"</a></p>
    }
}

#[component]
fn Whole(found: ImportLines, verdict: LineVerdict) -> impl IntoView {
    let import = found.import.clone();
    let running = import.state == ImportState::Running;
    let (tone, text) = state_words(import.state);
    let live = format!("device:* import:{}", import.id);
    let report = format!("/web/devices/import/{}/report.csv", import.id);
    let title = import.file_name.clone();
    view! {
        <Title text=format!("Import of {title}")/>
        // Where no script keeps the page up to date.
        {running.then(|| view! { <Meta http_equiv="refresh" content="5"/> })}
        <PageHeader title=title up=("/web/devices/import", "Import devices")>
            <a class="button" href=report download="report.csv" data-reload>
                <Icon shape=Shape::Download/><span>"Report as CSV"</span>
            </a>
        </PageHeader>
        <div id="import-state" class="import" data-live=running.then_some(live)>
            <p><Badge tone text/> " " {facts(&import)}</p>
            <Standing import=import.clone()/>
        </div>
        {(import.state == ImportState::Draft).then(|| view! { <Decide import=import.clone()/> })}
        <Counts import verdict/>
        <Lines found verdict/>
    }
}

fn facts(import: &DeviceImport) -> impl IntoView + use<> {
    let unused = &import.contents.unused_columns;
    let unused =
        (!unused.is_empty()).then(|| format!(" Columns that are left alone: {}.", unused.join(", ")));
    let encoding = import.contents.encoding.clone();
    view! {
        {lines_text(import.contents.total())} ", " {encoding} ", uploaded " <Time at=import.created/> "." {unused}
    }
}

fn lines_text(count: i64) -> String {
    match count {
        1 => "1 line".to_owned(),
        count => format!("{} lines", grouped(count)),
    }
}

fn devices_text(count: i64) -> String {
    match count {
        1 => "1 device".to_owned(),
        count => format!("{} devices", grouped(count)),
    }
}

/// How far it is, or what it did.
#[component]
fn Standing(import: DeviceImport) -> impl IntoView {
    let (progress, fresh) = (import.progress, import.contents.fresh);
    let did = format!("{} registered", devices_text(progress.registered));
    let appeared = (progress.appeared > 0).then(|| {
        format!(", {} had been registered by somebody else meanwhile", devices_text(progress.appeared))
    });
    let failed =
        (progress.failed > 0).then(|| format!(", {} could not be registered", devices_text(progress.failed)));
    match import.state {
        ImportState::Draft => ().into_any(),
        ImportState::Running => {
            let percent = (progress.handled * 100).checked_div(fresh).unwrap_or(0);
            view! {
                <progress max=fresh value=progress.handled aria-label="Devices dealt with">{percent} " %"</progress>
                <p>
                    {grouped(progress.handled)} " of " {devices_text(fresh)} " dealt with: " {did} {appeared} {failed} ". \
                    It goes on when you leave this page, and also after the server was restarted."
                </p>
            }
            .into_any()
        }
        ImportState::Done => view! {
            <div class="notice notice--done" role="status">
                <p>{did} {appeared} {failed} "."</p>
                <p><a href="/web/devices">"To the devices"</a></p>
            </div>
        }
        .into_any(),
        ImportState::Failed => view! {
            <div class="notice notice--problem">
                <p>"The import was given up: " {did} {appeared} {failed} "; the rest was not."</p>
                <p class="notice__reference">"Error " <code>{import.error}</code></p>
            </div>
        }
        .into_any(),
    }
}

/// What will happen, before it does.
#[component]
fn Decide(import: DeviceImport) -> impl IntoView {
    let fresh = import.contents.fresh;
    let others = import.contents.total() - fresh;
    let left = (others > 0).then(|| format!(" {} will be left alone.", lines_text(others)));
    let confirm = if fresh == 0 {
        view! { <p>"There is nothing to register: no line names a device that is new."</p> }.into_any()
    } else {
        view! {
            <p>
                {devices_text(fresh)} " will be registered, none enrolled." {left} " Nothing has been written so far; the list is kept until "
                <Time at=import.expires/> "."
            </p>
            <PostForm action="confirm" submit=format!("Register {}", devices_text(fresh))/>
        }
        .into_any()
    };
    view! {
        <section class="card card--part form--narrow" aria-labelledby="decide-title">
            <h2 id="decide-title">"Confirm"</h2>
            {confirm}
            <PostForm action="discard" submit="Discard the list" is_quiet=true/>
        </section>
    }
}

fn verdict_words(verdict: LineVerdict) -> &'static str {
    match verdict {
        LineVerdict::Fresh => "New",
        LineVerdict::Existing => "Already there",
        LineVerdict::Duplicate => "Twice in the list",
        LineVerdict::BadTag => "Unusable asset tag",
        LineVerdict::UnknownOs => "Unknown system",
        LineVerdict::Wrong => "Other problems",
    }
}

/// A way to the lines of each verdict.
#[component]
fn Counts(import: DeviceImport, verdict: LineVerdict) -> impl IntoView {
    let ways = LineVerdict::ALL.into_iter().map(|kind| {
        let path = format!("/web/devices/import/{}?show={}", import.id, kind.as_str());
        let here = (kind == verdict).then_some("page");
        let count = grouped(import.contents.count(kind));
        view! { <a class="tabs__tab" href=path aria-current=here>{verdict_words(kind)} " " <strong>{count}</strong></a> }
    });
    let ways = ways.collect_view();
    view! { <nav class="tabs" aria-label="Lines by what they are">{ways}</nav> }
}

#[component]
fn Lines(found: ImportLines, verdict: LineVerdict) -> impl IntoView {
    let ImportLines { import, lines, page, pages } = found;
    if lines.is_empty() {
        return view! { <p>"There are no such lines."</p> }.into_any();
    }
    let at =
        |page: i64| format!("/web/devices/import/{}?show={}&page={}", import.id, verdict.as_str(), page + 1);
    let first = (page > 1).then(|| at(0));
    let previous = (page > 0).then(|| at(page - 1));
    let next = (page + 1 < pages).then(|| at(page + 1));
    let summary = format!("Page {} of {}", grouped(page + 1), grouped(pages));
    let is_done = import.state != ImportState::Draft;
    let rows = lines.into_iter().map(|line| row(line, verdict, is_done)).collect_view();
    let caption = verdict_words(verdict);
    view! {
        <div class="table-frame" role="region" aria-label=caption tabindex="0">
            <table class="table">
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th><th scope="col">"Asset tag"</th><th scope="col">"OS"</th>
                        <th scope="col">"Owner"</th><th scope="col">"Model"</th><th scope="col">"Source"</th>
                        <th scope="col">"Result"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first=first previous=previous next=next summary/>
    }
    .into_any()
}

fn row(line: ImportLine, verdict: LineVerdict, is_done: bool) -> impl IntoView {
    let os = line.os.parse::<OsType>().map_or(line.os, |os| os.friendly().to_owned());
    let result = match (line.device_id, line.problem.is_empty(), verdict, is_done) {
        (Some(id), ..) => view! { <a href=format!("/web/devices/{id}")>"registered"</a> }.into_any(),
        (None, false, ..) => line.problem.into_any(),
        (None, true, LineVerdict::Fresh, false) => {
            view! { <Badge tone=Tone::Good text="will be registered"/> }.into_any()
        }
        (None, true, LineVerdict::Fresh, true) => {
            view! { <Badge tone=Tone::Plain text="not yet"/> }.into_any()
        }
        (None, true, ..) => "is left as it is".into_any(),
    };
    view! {
        <tr>
            <td data-label="Line" class="table__number">{line.line}</td>
            <th scope="row">{line.tag}</th>
            <td data-label="OS">{os}</td>
            <td data-label="Owner">{line.owner}</td>
            <td data-label="Model">{line.model}</td>
            <td data-label="Source">{line.source}</td>
            <td data-label="Result" class="table__wide">{result}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_device_is_no_devices() {
        assert_eq!(
            (devices_text(1), devices_text(1204)),
            ("1 device".to_owned(), "1,204 devices".to_owned())
        );
    }
}
