use std::collections::BTreeMap;

use gatehouse_domain::entity::Lock;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::{role_path, user_path};
use crate::api::locks::{LockList, lock_list, lock_view};
use crate::api::query::address;
use crate::components::{
    ConfirmForm, EmptyState, Field, LockTerms, PageHeader, Pager, PostForm, Problem, SelectField,
};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext, FormOutcome};

const PATH: &str = "/web/locks";

/// Locks in force, or those that have expired, and a form for another.
#[component]
pub(crate) fn LocksPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let state = query.get("state").unwrap_or_default();
    let is_past = state == "expired";
    let after = query.get("after").filter(|token| !token.is_empty());
    view! {
        <Title text="Locks"/>
        <PageHeader title="Locks" lead="What is locked gets no certificate, no ceremony and no access, at once."/>
        <nav class="tabs" aria-label="Which locks">
            <a href=PATH aria-current=(!is_past).then_some("page")>"In force"</a>
            <a href="/web/locks?state=expired" aria-current=is_past.then_some("page")>"Expired"</a>
        </nav>
        <Suspense>
            {Suspend::new(async move {
                let found = match ConsoleContext::current() {
                    Ok(_) if !is_past && !state.is_empty() => {
                        Err(ApiError::invalid("invalid_filter", "locks are in force or expired, and nothing else"))
                    }
                    Ok(console) => lock_list(&console, !is_past, after.as_deref()).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(list) => view! { <Whole list is_past is_later_page=after.is_some()/> }.into_any(),
                    Err(error) => view! { <Problem title="Locks cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Whole(list: LockList, is_past: bool, is_later_page: bool) -> impl IntoView {
    let state = if is_past { "expired" } else { "" };
    let first = is_later_page.then(|| address(PATH, &[("state", state)]));
    let next = list.next.map(|token| address(PATH, &[("state", state), ("after", &token)]));
    let tags = list.page.device_tags;
    let rows = list.page.locks.into_iter().map(|lock| row(lock, &tags)).collect_view();
    let table = if rows.is_empty() {
        let title = if is_past { "No lock has expired" } else { "Nothing is locked" };
        view! { <EmptyState title><p>"A lock keeps out a user, whoever has a role, or a device."</p></EmptyState> }
            .into_any()
    } else {
        view! {
            <div class="table-frame" role="region" aria-label="Locks" tabindex="0">
                <table class="table">
                    <caption>{if is_past { "Expired locks, newest first" } else { "Locks in force, newest first" }}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Locked"</th>
                            <th scope="col">"Message"</th>
                            <th scope="col">"By"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Until"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <div id="locks" class="stack" data-live="locks">{table} <Pager first next/></div>
        {list.may_create.then(|| view! { <NewLockForm/> })}
    }
}

/// What a lock is on: kind, name, address of its page.
fn target(lock: &Lock, tags: &BTreeMap<String, String>) -> (&'static str, String, Option<String>) {
    let target = &lock.target;
    if let Some(user) = &target.user {
        return ("User", user.clone(), Some(user_path(user)));
    }
    if let Some(role) = &target.role {
        return ("Role", role.clone(), Some(role_path(role)));
    }
    let id = target.device.clone().unwrap_or_default();
    match tags.get(&id) {
        Some(tag) => ("Device", tag.clone(), Some(format!("/web/devices/{id}"))),
        None => ("Device", id, None),
    }
}

fn until(lock: &Lock) -> impl IntoView + use<> {
    match lock.expires {
        Some(end) => {
            let moment = moment(end);
            view! { <time datetime=moment.exact>{moment.text}</time> }.into_any()
        }
        None => view! { <span class="table__none">"without end"</span> }.into_any(),
    }
}

fn row(lock: Lock, tags: &BTreeMap<String, String>) -> impl IntoView + use<> {
    let (kind, name, _) = target(&lock, tags);
    let since = moment(lock.created);
    let end = until(&lock);
    view! {
        <tr>
            <th scope="row"><a href=format!("{PATH}/{}", lock.id)>{kind} " " {name}</a></th>
            <td data-label="Message" class="table__wide">{lock.message}</td>
            <td data-label="By">{lock.created_by}</td>
            <td data-label="Since" class="table__number"><time datetime=since.exact>{since.text}</time></td>
            <td data-label="Until" class="table__number">{end}</td>
        </tr>
    }
}

#[component]
fn NewLockForm() -> impl IntoView {
    let outcome = FormOutcome::current();
    let (kind, target) = (outcome.field("kind"), outcome.field("target"));
    let (until, message) = (outcome.field("until"), outcome.field("message"));
    let kinds = [("user", "User"), ("role", "Role"), ("device", "Device")]
        .map(|(kind, words)| (kind.to_owned(), words.to_owned()))
        .into();
    view! {
        <section class="card card--part form--narrow" aria-labelledby="new-lock">
            <h2 id="new-lock">"New lock"</h2>
            <PostForm action="create" submit="Lock" is_danger=true>
                <SelectField name="kind" label="What to lock" options=kinds value=kind/>
                <Field
                    name="target"
                    label="Name"
                    autocomplete="off"
                    value=target
                    help="Name of the user or role; asset tag or ID of the device."
                />
                <LockTerms until message/>
            </PostForm>
        </section>
    }
}

/// One lock, and the way to remove it.
#[component]
pub(crate) fn LockPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    view! {
        <Title text="Lock"/>
        <PageHeader title="Lock" up=(PATH, "Locks")/>
        <Suspense>
            {Suspend::new(async move {
                match look(&id).await {
                    Ok((lock, may_remove)) => view! { <One lock may_remove/> }.into_any(),
                    Err(error) => view! { <Problem title="This lock cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(id: &str) -> Result<(Lock, bool), ApiError> {
    lock_view(&ConsoleContext::current()?, id).await
}

#[component]
fn One(lock: Lock, may_remove: bool) -> impl IntoView {
    let (kind, name, path) = target(&lock, &BTreeMap::new());
    let since = moment(lock.created);
    let end = until(&lock);
    let path = path.or_else(|| lock.target.device.as_ref().map(|id| format!("/web/devices/{id}")));
    let words = format!("{kind} {name} gets back what their roles and devices allow, at once.");
    let about = lock.target_text();
    view! {
        <section class="card card--part">
            <dl class="facts">
                <dt>"Locked"</dt><dd>{kind} " " <a href=path>{name}</a></dd>
                <dt>"Message"</dt><dd>{if lock.message.is_empty() { "none".to_owned() } else { lock.message }}</dd>
                <dt>"By"</dt><dd>{lock.created_by}</dd>
                <dt>"Since"</dt><dd><time datetime=since.exact>{since.text}</time></dd>
                <dt>"Until"</dt><dd>{end}</dd>
                <dt>"Lock ID"</dt><dd><code>{lock.id}</code></dd>
            </dl>
            <p><a href=address("/web/audit", &[("target", &about)])>"Locks on it in the audit log"</a></p>
        </section>
        {may_remove.then(|| view! {
            <div class="actions">
                <ConfirmForm action="remove" label="Remove the lock" words submit="Remove the lock"/>
            </div>
        })}
    }
}
