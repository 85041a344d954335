use gatehouse_domain::audit::{event_names, words};
use gatehouse_domain::entity::{EventPage as Events, StoredEvent};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::{Outcome, PATH, about, path_of};
use crate::api::AuditQuery;
use crate::api::audit::event_list;
use crate::components::{EmptyState, Icon, PageHeader, Pager, Problem, SelectField, Shape};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

const EXPORT: &str = "/web/audit/export.jsonl";

/// The log, newest first; everything that is asked for stands in the address.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let search = use_location().search.get_untracked();
    let query = AuditQuery::read(search.trim_start_matches('?'));
    let shown = query.clone().unwrap_or_default();
    let export = shown.at(EXPORT, None, None);
    view! {
        <Title text="Audit log"/>
        <PageHeader title="Audit log" lead="Who did what, when and from where: every change, and every refusal.">
            <a class="button" href=export download="audit.jsonl" data-reload=true>
                <Icon shape=Shape::Download/>"Export these as JSON lines"
            </a>
        </PageHeader>
        <Filters query=shown/>
        <Suspense>
            {Suspend::new(async move {
                match look(query).await {
                    Ok((page, query)) => view! { <EventTable page query/> }.into_any(),
                    Err(error) => view! { <Problem title="The log cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(query: Result<AuditQuery, ApiError>) -> Result<(Events, AuditQuery), ApiError> {
    let (console, query) = (ConsoleContext::current()?, query?);
    Ok((event_list(&console, &query).await?, query))
}

#[component]
fn Filters(query: AuditQuery) -> impl IntoView {
    let line = |name: &'static str, label: &'static str, value: &str| {
        let value = value.to_owned();
        view! {
            <div class="field">
                <label for=name>{label}</label>
                <input id=name name=name type="text" value=value autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="256"/>
            </div>
        }
    };
    let time = |name: &'static str, label: &'static str, value: &str| {
        let value = value.to_owned();
        view! {
            <div class="field field--time">
                <label for=name>{label}</label>
                <input id=name name=name type="datetime-local" value=value/>
            </div>
        }
    };
    let any = (String::new(), "any".to_owned());
    let events =
        event_names().into_iter().map(|(name, words)| (name.to_owned(), format!("{words} ({name})")));
    let events = std::iter::once(any.clone()).chain(events).collect();
    let outcomes =
        [("done", "done"), ("failed", "failed")].map(|(value, words)| (value.to_owned(), words.to_owned()));
    let outcomes = std::iter::once(any).chain(outcomes).collect();
    let clear = query.is_filtered().then(|| view! { <a class="button" href=PATH>"Show everything"</a> });
    view! {
        <form class="filters card" method="get" action=PATH role="search">
            <SelectField name="event" label="Event" options=events value=query.event.clone()/>
            {line("user", "By user", &query.user)}
            {line("device", "Device (tag or ID)", &query.device)}
            {line("target", "About", &query.target)}
            <SelectField name="outcome" label="Outcome" options=outcomes value=query.outcome.clone()/>
            {time("since", "From (UTC)", &query.since)}
            {time("until", "Before (UTC)", &query.until)}
            {line("request", "Request ID", &query.request)}
            <button class="button button--primary" type="submit"><Icon shape=Shape::Search/>"Find"</button>
            {clear}
        </form>
    }
}

#[component]
fn EventTable(page: Events, query: AuditQuery) -> impl IntoView {
    let is_first = query.before.is_none() && query.after.is_none();
    if page.events.is_empty() {
        let all = if query.is_filtered() || !is_first {
            view! { <p><a href=PATH>"Show everything"</a></p> }.into_any()
        } else {
            ().into_any()
        };
        return view! {
            <EmptyState title="No event is found"><p>"Nothing that was asked for is in the log."</p> {all}</EmptyState>
        }
        .into_any();
    }
    let first = page.newer.map(|_| query.at(PATH, None, None));
    let previous = page.newer.map(|newer| query.at(PATH, None, Some(newer)));
    let next = page.older.map(|older| query.at(PATH, Some(older), None));
    let rows = page.events.into_iter().map(row).collect_view();
    view! {
        <div id="events" class="stack">
            <div class="table-frame" role="region" aria-label="Events" tabindex="0">
                <table class="table">
                    <caption>"Events, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col">"Event"</th>
                            <th scope="col">"Outcome"</th>
                            <th scope="col">"By"</th>
                            <th scope="col">"About"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Pager first previous next/>
        </div>
    }
    .into_any()
}

fn row(stored: StoredEvent) -> impl IntoView {
    let event = stored.event;
    let time = moment(event.time);
    let about = about(&event);
    view! {
        <tr>
            <td data-label="Time" class="table__number"><a href=path_of(&event.uid)><time datetime=time.exact>{time.text}</time></a></td>
            <th scope="row" class="table__wrap">{words(&event.event, event.success).to_owned()} " " <code class="table__none">{event.code.clone()}</code></th>
            <td data-label="Outcome"><Outcome success=event.success/></td>
            <td data-label="By">{event.user}</td>
            <td data-label="About" class="table__wide">{about}</td>
        </tr>
    }
}
