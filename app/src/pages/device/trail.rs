//! What happened to the device: what it told of itself, tokens, locks, the audit log.

use gatehouse_domain::audit::words;
use gatehouse_domain::device::{DeviceDetail, HistoryEntry, HistoryFact};
use gatehouse_domain::entity::{MAX_CHALLENGES, RecordKind};
use leptos::prelude::*;

use crate::components::{Badge, Time, Tone};
use crate::pages::audit::path_of;
use crate::pages::tokens::TokenBadge;

#[component]
pub(super) fn History(entries: Vec<HistoryEntry>) -> impl IntoView {
    let body = if entries.is_empty() {
        view! { <p>"The device has not told anything of itself yet."</p> }.into_any()
    } else {
        let last = entries.len().saturating_sub(1);
        let entries = entries
            .into_iter()
            .enumerate()
            .map(|(at, found)| entry(found, at == 0, at == last))
            .collect_view();
        view! {
            <p class="form__note">"All of it is claimed by the device and none of it proven. What differs from the record before is marked."</p>
            <div class="device__history">{entries}</div>
        }
        .into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="history-title">
            <h2 id="history-title">"Collected data"</h2>
            {body}
        </section>
    }
}

fn entry(entry: HistoryEntry, is_newest: bool, is_oldest: bool) -> impl IntoView {
    let changes = entry.changes().count();
    let words = match (changes, is_oldest) {
        (_, true) => "the first record".to_owned(),
        (0, false) => "nothing changed".to_owned(),
        (1, false) => "1 change".to_owned(),
        (count, false) => format!("{count} changes"),
    };
    let kind = match entry.kind {
        RecordKind::Enroll => "Enrolment",
        RecordKind::Authenticate => "Authentication",
    };
    let badge = (changes > 0).then(|| view! { <Badge tone=Tone::Warning text=words.clone()/> });
    let quiet = (changes == 0).then(|| view! { <span class="table__none">{words.clone()}</span> });
    let facts = entry.facts.into_iter().map(fact).collect_view();
    let is_open = is_newest || changes > 0;
    view! {
        <details open=is_open>
            <summary>{kind} " " <Time at=entry.time/> " " {badge} {quiet}</summary>
            <dl class="facts">{facts}</dl>
        </details>
    }
}

fn fact(fact: HistoryFact) -> impl IntoView {
    let HistoryFact { label, value, before } = fact;
    let value = match (before, value.is_empty()) {
        (None, _) => value.into_any(),
        (Some(before), true) => view! { <del>{before}</del> " – not told any more" }.into_any(),
        (Some(before), false) if before.is_empty() => {
            view! { <ins>{value}</ins> " – not told before" }.into_any()
        }
        (Some(before), false) => view! { <ins>{value}</ins> " – was " <del>{before}</del> }.into_any(),
    };
    view! { <dt>{label}</dt><dd>{value}</dd> }
}

#[component]
pub(super) fn TokensOfDevice(detail: DeviceDetail) -> impl IntoView {
    let all = format!("/web/tokens?device={}&state=all", detail.device.id);
    let now = detail.now;
    let body = if detail.tokens.is_empty() {
        view! { <p>"No token was made for this device in the last weeks."</p> }.into_any()
    } else {
        let rows = detail.tokens.into_iter().map(|token| {
            let state = token.state(now);
            view! {
                <tr>
                    <td data-label="State"><TokenBadge state/></td>
                    <td data-label="Attempts" class="table__number">{token.challenges} " of " {MAX_CHALLENGES}</td>
                    <td data-label="Note" class="table__wide">{token.note}</td>
                    <td data-label="By">{token.created_by}</td>
                    <td data-label="Made" class="table__number"><Time at=token.created/></td>
                    <td data-label="Expires" class="table__number"><Time at=token.expires/></td>
                </tr>
            }
        });
        let rows = rows.collect_view();
        view! {
            <div class="table-frame" role="region" aria-label="Tokens of this device" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"State"</th><th scope="col">"Attempts"</th><th scope="col">"Note"</th>
                            <th scope="col">"By"</th><th scope="col">"Made"</th><th scope="col">"Expires"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="tokens-title">
            <h2 id="tokens-title">"Enrolment tokens"</h2>
            {body}
            <p><a href=all>"All tokens of this device, and revoking them"</a></p>
        </section>
    }
}

/// Nothing where there are none: the actions say how to lock.
#[component]
pub(super) fn Locks(detail: DeviceDetail) -> impl IntoView {
    (!detail.locks.is_empty()).then(|| {
        let locks = detail.locks.into_iter().map(|lock| {
            let until = lock.expires.map_or_else(
                || view! { "until somebody unlocks it" }.into_any(),
                |at| view! { "until " <Time at/> }.into_any(),
            );
            let message = (!lock.message.is_empty()).then(|| view! { ": " {lock.message.clone()} });
            view! { <li>"By " {lock.created_by} ", " <Time at=lock.created/> ", " {until} {message}</li> }
        });
        let locks = locks.collect_view();
        view! {
            <section class="card card--part" aria-labelledby="locks-title">
                <h2 id="locks-title">"Locks"</h2>
                <p>"While it is locked, the device neither authenticates nor enrols, and no session on it is trusted."</p>
                <ul>{locks}</ul>
            </section>
        }
    })
}

#[component]
pub(super) fn Trail(detail: DeviceDetail) -> impl IntoView {
    let all = format!("/web/audit?device={}", detail.device.id);
    let body = match detail.events {
        None => view! { <p>"None of your roles lets you read the audit log."</p> }.into_any(),
        Some(events) if events.is_empty() => {
            view! { <p>"The audit log has nothing about this device any more."</p> }.into_any()
        }
        Some(events) => {
            let rows = events.into_iter().map(|stored| {
                let event = stored.event;
                let outcome = if event.success {
                    view! { <Badge tone=Tone::Good text="done"/> }.into_any()
                } else {
                    view! { <Badge tone=Tone::Problem text="refused"/> " " <span>{event.error}</span> }
                        .into_any()
                };
                view! {
                    <tr>
                        <td data-label="Time" class="table__number"><a href=path_of(&event.uid)><Time at=event.time/></a></td>
                        <th scope="row">{words(&event.event, event.success).to_owned()}</th>
                        <td data-label="By">{event.user}</td>
                        <td data-label="Outcome" class="table__wide">{outcome}</td>
                    </tr>
                }
            });
            let rows = rows.collect_view();
            view! {
                <div class="table-frame" role="region" aria-label="Audit trail of this device" tabindex="0">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">"Time"</th><th scope="col">"Event"</th><th scope="col">"By"</th>
                                <th scope="col">"Outcome"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                <p><a href=all>"All of this device's events"</a></p>
            }
            .into_any()
        }
    };
    view! {
        <section class="card card--part" aria-labelledby="trail-title">
            <h2 id="trail-title">"Audit trail"</h2>
            {body}
        </section>
    }
}
