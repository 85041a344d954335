use gatehouse_domain::entity::{Device, Session, SessionKind};
use gatehouse_model::resource::UserKind;
use gatehouse_model::{EnrollStatus, Timestamp};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{OneTimeLink, lifetimes, ways_in};
use crate::api::query::address;
use crate::api::users::{LinkShown, RoleOffered, UserView, user_view};
use crate::components::{
    Badge, CheckboxField, ConfirmForm, Field, LockTerms, PageHeader, PostForm, Problem, SelectField, Shape,
    Tone,
};
use crate::moment::moment;
use crate::pages::reviews::ReviewsAbout;
use crate::pages::stray::StrayProblem;
use crate::{ApiError, ConsoleContext, FormOutcome, shown};

/// One account, and what can be done about it.
#[component]
pub(crate) fn UserPage() -> impl IntoView {
    let name = use_params_map().get_untracked().get("name").unwrap_or_default();
    let title = name.clone();
    view! {
        <Title text=title.clone()/>
        <PageHeader title up=("/web/users", "Users")/>
        {shown::<LinkShown>().map(|link| view! { <OneTimeLink link/> })}
        <Suspense>
            {Suspend::new(async move {
                match look(&name).await {
                    Ok(user) => view! { <Whole user/> }.into_any(),
                    Err(error) => view! { <Problem title="This user cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(name: &str) -> Result<UserView, ApiError> {
    user_view(&ConsoleContext::current()?, name).await
}

/// A time, or what there is instead.
fn time(time: Option<Timestamp>, none: &'static str) -> impl IntoView {
    time.map_or_else(
        || view! { <span class="table__none">{none}</span> }.into_any(),
        |time| {
            let moment = moment(time);
            view! { <time datetime=moment.exact>{moment.text}</time> }.into_any()
        },
    )
}

#[component]
fn Whole(user: UserView) -> impl IntoView {
    let UserView { detail, roles, devices, sessions, reviews, .. } = user;
    let ways_in = ways_in(&detail.glance);
    let account = detail.glance.user.clone();
    let name = account.name.clone();
    let revision = account.revision();
    let is_bot = account.kind == UserKind::Bot;
    let kind = if is_bot { "bot" } else { "person" };
    let logins = if account.logins.is_empty() { "none".to_owned() } else { account.logins.join(", ") };
    let locks = detail.locks.into_iter().map(|lock| {
        let until = match lock.expires {
            Some(end) => format!("until {}", moment(end).text),
            None => "without end".to_owned(),
        };
        let what = match &lock.target.role {
            Some(role) => format!("Locked by a lock on the role {role}, {until}"),
            None => format!("Locked {until}"),
        };
        view! {
            <li>
                <Badge tone=Tone::Problem shape=Shape::Lock text=what/> " "
                <a href=format!("/web/locks/{}", lock.id)>{if user.may_unlock { "Look at it or remove it" } else { "Look at it" }}</a>
            </li>
        }
    });
    let locks = locks.collect_view();
    let changed = detail.last_change.map(|change| {
        let moment = moment(change.time);
        view! {
            <dt>"Changed"</dt>
            <dd>
                <a href=format!("/web/audit/{}", change.event)><time datetime=moment.exact>{moment.text}</time></a>
                " by " {change.by}
            </dd>
        }
    });
    let topic = format!("user:{name}");
    let may_delete = user.may_delete && !user.is_yourself;
    let may_reset = user.may_update && !is_bot && !user.is_yourself;
    let has =
        [(user.may_update, "change"), (may_reset, "reset"), (user.may_lock, "lock"), (may_delete, "delete")];
    let has = has.into_iter().filter(|(there, _)| *there).map(|(_, action)| action).collect();
    view! {
        <StrayProblem has/>
        <section id="user-facts" class="card card--part" data-live=topic>
            {(!locks.is_empty()).then(|| view! { <ul class="plain-list">{locks}</ul> })}
            <dl class="facts">
                <dt>"Kind"</dt><dd>{kind}</dd>
                <dt>"Roles"</dt><dd>{account.roles.join(", ")}</dd>
                <dt>"OS logins"</dt><dd>{logins}</dd>
                <dt>"Signs in with"</dt><dd>{ways_in}</dd>
                <dt>"Enrolled devices"</dt><dd>{detail.glance.enrolled_devices}</dd>
                <dt>"Last seen"</dt><dd>{time(detail.glance.last_seen, "not lately")}</dd>
                <dt>"Invited"</dt><dd>{time(Some(account.created), "")}</dd>
                {changed}
            </dl>
            <p>
                <a href=address("/web/audit", &[("user", &name)])>"What " {name.clone()} " did"</a> " · "
                <a href=address("/web/audit", &[("target", &name)])>"What was done to this account"</a> " · "
                <a href=address("/web/audit", &[("target", &format!("User:\"{name}\""))])>"Locks of this account"</a>
            </p>
        </section>
        {user.may_update.then(|| view! {
            <section class="card card--part" aria-labelledby="change">
                <h2 id="change">"Roles and logins"</h2>
                <ChangeForm roles given=account.roles.clone() logins=account.logins.clone() revision is_bot/>
            </section>
        })}
        <Actions
            name=name.clone()
            may_reset=may_reset
            may_lock=user.may_lock
            may_delete=may_delete
        />
        <div id="user-reviews" class="device__reviews" data-live="reviews">{reviews.map(|page| view! { <ReviewsAbout page/> })}</div>
        {devices.map(|devices| view! { <Devices devices/> })}
        {sessions.map(|sessions| view! { <Sessions sessions name=name.clone()/> })}
    }
}

/// Roles that a form gives: those that were ticked before, where it comes back.
pub(super) fn kept_roles(outcome: &FormOutcome, otherwise: &[String]) -> Vec<String> {
    if outcome.fields.is_empty() {
        return otherwise.to_vec();
    }
    outcome.fields.iter().filter(|(name, _)| name == "role").map(|(_, value)| value.clone()).collect()
}

/// The roles there are, to be ticked; those that are given and gone among them. A line where they are not known.
#[component]
pub(super) fn RoleChoice(roles: Vec<RoleOffered>, chosen: Vec<String>) -> impl IntoView {
    if roles.is_empty() {
        return view! {
            <Field
                name="roles"
                label="Roles"
                autocomplete="off"
                value=chosen.join(", ")
                help="Separated by commas."
            />
        }
        .into_any();
    }
    let mut all = roles;
    let gone = |name: &&String| !all.iter().any(|role| role.name == **name);
    let gone: Vec<_> = chosen.iter().filter(gone).cloned().collect();
    all.extend(gone.into_iter().map(|name| RoleOffered { name, description: "gone".to_owned() }));
    let boxes = all.into_iter().map(|RoleOffered { name, description }| {
        let checked = chosen.contains(&name);
        view! { <CheckboxField name="role" label=name.clone() value=name checked help=description/> }
    });
    view! { <fieldset class="choices"><legend>"Roles"</legend>{boxes.collect_view()}</fieldset> }.into_any()
}

#[component]
fn ChangeForm(
    roles: Vec<RoleOffered>,
    given: Vec<String>,
    logins: Vec<String>,
    revision: String,
    is_bot: bool,
) -> impl IntoView {
    let outcome = FormOutcome::current();
    let revision = outcome.revision("change", revision);
    let outcome = outcome.of("change").cloned().unwrap_or_default();
    let is_again = !outcome.fields.is_empty();
    let logins = if is_again { outcome.field("logins") } else { logins.join(", ") };
    let chosen = kept_roles(&outcome, &given);
    view! {
        <PostForm action="change" submit="Save">
            <input type="hidden" name="revision" value=revision/>
            <input type="hidden" name="bot" value=is_bot.then_some("yes")/>
            <RoleChoice roles chosen/>
            <Field
                name="logins"
                label="OS logins"
                autocomplete="off"
                value=logins
                required=false
                help="Separated by commas; in addition to those of the roles."
            />
        </PostForm>
    }
}

#[component]
fn Actions(name: String, may_reset: bool, may_lock: bool, may_delete: bool) -> impl IntoView {
    let outcome = FormOutcome::current();
    let (until, message) = (outcome.field("until"), outcome.field("message"));
    let reset = may_reset.then(|| {
        let words = format!(
            "{name}'s password, passkeys and authenticator app stop working and all their sessions end now. A one-time link \
             is made, by which they choose new ones; a link that is still out becomes void."
        );
        view! {
            <ConfirmForm action="reset" label="Reset sign-in" words submit="Reset and make a link">
                <SelectField name="lifetime" label="The link is good for" options=lifetimes() value="3600"/>
            </ConfirmForm>
        }
    });
    let lock = may_lock.then(|| {
        let words = format!(
            "{name} can do nothing any more, at once and in every session, until the lock ends or is removed. \
             Sessions stay, and work again after that."
        );
        view! {
            <ConfirmForm action="lock" label="Lock" words submit="Lock" is_danger=true>
                <LockTerms until message/>
            </ConfirmForm>
        }
    });
    let delete = may_delete.then(|| {
        let words = format!(
            "The account {name} goes for good, with its ways to sign in and its use of devices; its sessions end now. \
             What it did stays in the audit log."
        );
        view! {
            <ConfirmForm action="delete" label="Delete" words submit="Delete this user" is_danger=true typed=name.clone()/>
        }
    });
    let any = may_reset || may_lock || may_delete;
    any.then(|| {
        view! {
            <section class="stack" aria-labelledby="actions">
                <h2 id="actions">"Actions"</h2>
                <div class="actions">{reset} {lock} {delete}</div>
            </section>
        }
    })
}

#[component]
fn Devices(devices: Vec<Device>) -> impl IntoView {
    let rows = devices.into_iter().map(|device| {
        let state = if device.enroll_status == EnrollStatus::Enrolled {
            view! { <Badge tone=Tone::Good text="enrolled"/> }.into_any()
        } else {
            view! { <Badge tone=Tone::Plain text="not enrolled"/> }.into_any()
        };
        view! {
            <tr>
                <th scope="row"><a href=format!("/web/devices/{}", device.id)>{device.asset_tag.to_string()}</a></th>
                <td data-label="OS">{device.os_type.friendly()}</td>
                <td data-label="Enrol status">{state}</td>
                <td data-label="Last authenticated" class="table__number">{time(device.last_authenticated, "never")}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-frame" role="region" aria-label="Devices of this user" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Asset tag"</th>
                            <th scope="col">"OS"</th>
                            <th scope="col">"Enrol status"</th>
                            <th scope="col">"Last authenticated"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <section class="stack" aria-labelledby="devices">
            <h2 id="devices">"Devices"</h2>
            {if table.is_some() { table.into_any() } else { view! { <p>"This account has used no device yet."</p> }.into_any() }}
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<Session>, name: String) -> impl IntoView {
    let rows = sessions.into_iter().map(|session| {
        let kind = match session.kind {
            SessionKind::Cli => "command line",
            SessionKind::Web => "browser",
        };
        let device = session.device.map_or_else(
            || view! { <span class="table__none">"none"</span> }.into_any(),
            |device| {
                view! { <a href=format!("/web/devices/{}", device.device_id)>{device.asset_tag}</a> }
                    .into_any()
            },
        );
        view! {
            <tr>
                <td data-label="From">{kind}</td>
                <td data-label="Began" class="table__number">{time(Some(session.created), "")}</td>
                <td data-label="Last seen" class="table__number">{time(Some(session.last_seen), "")}</td>
                <td data-label="Trusted device">{device}</td>
                <td data-label="Address">{session.remote_address}</td>
            </tr>
        }
    });
    let rows = rows.collect_view();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-frame" role="region" aria-label="Sessions of this user" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"From"</th>
                            <th scope="col">"Began"</th>
                            <th scope="col">"Last seen"</th>
                            <th scope="col">"Trusted device"</th>
                            <th scope="col">"Address"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p><a href=address("/web/sessions", &[("user", &name)])>"All sessions of " {name.clone()}</a></p>
        }
    });
    view! {
        <section class="stack" aria-labelledby="sessions">
            <h2 id="sessions">"Sessions"</h2>
            {if table.is_some() { table.into_any() } else { view! { <p>"No session is in force."</p> }.into_any() }}
        </section>
    }
}
