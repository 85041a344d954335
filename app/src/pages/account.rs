use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::ConsoleContext;
use crate::api::device_web::could_be_trusted;
use crate::api::{EnrolCommands, OwnDevice, Shield, Viewer, enrol_commands, own_devices, viewer};
use crate::components::{
    Badge, CopyBox, EmptyState, PageHeader, Pager, Problem, SHIELD_MISSING, SHIELD_TRUSTED, Shape, Tone,
};

const PATH: &str = "/web/account";

/// Who is signed in, and the own devices: open also without a trusted device.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").filter(|token| !token.is_empty());
    view! {
        <Title text="Account"/>
        <PageHeader title="Account">
            <form method="post" action="/web/logout" data-reload>
                <button class="button" type="submit">"Sign out"</button>
            </form>
        </PageHeader>
        <Suspense>
            {Suspend::new(async move {
                match who_am_i().await {
                    Ok((viewer, has_device)) => view! { <WhoAmI viewer has_device/> }.into_any(),
                    Err(error) => view! { <Problem title="Nobody is signed in" error/> }.into_any(),
                }
            })}
        </Suspense>
        <h2 id="devices">"My devices"</h2>
        <Suspense>
            {Suspend::new(async move {
                match my_devices(after).await {
                    Ok(found) => found.into_any(),
                    Err(error) => view! { <Problem title="Your devices cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

/// Who is signed in, and whether a device of theirs could authorize the session.
async fn who_am_i() -> Result<(Viewer, bool), crate::ApiError> {
    let viewer = viewer().await?;
    let has_device = could_be_trusted(&ConsoleContext::current()?).await;
    Ok((viewer, has_device))
}

async fn my_devices(after: Option<String>) -> Result<impl IntoView, crate::ApiError> {
    let console = ConsoleContext::current()?;
    let list = own_devices(&console, after.as_deref()).await?;
    let commands = enrol_commands(&console).await?;
    let first = after.map(|_| format!("{PATH}#devices"));
    let next = list.next.map(|token| format!("{PATH}?after={token}#devices"));
    let is_empty = list.devices.is_empty();
    let empty = is_empty.then(|| {
        view! {
            <EmptyState title="You have not enrolled a device yet">
                <p>"Once you have enrolled a machine, it is listed here with all that it told of itself."</p>
            </EmptyState>
        }
    });
    let cards = list.devices.into_iter().map(|device| view! { <DeviceCard device/> }).collect_view();
    Ok(view! {
        <div id="own-devices" class="stack" data-live="own-devices">
            {empty}
            {(!is_empty).then(|| view! { <div class="cards">{cards}</div> })}
            <Pager first=first next=next/>
        </div>
        <EnrolThisMachine commands/>
    })
}

#[component]
fn WhoAmI(viewer: Viewer, has_device: bool) -> impl IntoView {
    let trust = match viewer.shield {
        Shield::Trusted => SHIELD_TRUSTED,
        Shield::Missing => SHIELD_MISSING,
        Shield::None => "This session has no trusted device, and nothing requires one",
    };
    let device = viewer.device.map(|device| {
        let since =
            device.since.map(|since| view! { <br/> "since " <time datetime=since.exact>{since.text}</time> });
        let tier = (!device.tier.is_empty()).then(|| view! { <br/> {device.tier} });
        view! {
            <dt>"Trusted device"</dt>
            <dd>{device.asset_tag} " " <code>{device.id}</code> {tier} {since}</dd>
        }
    });
    let authorize = (viewer.shield != Shield::Trusted && has_device).then(
        || view! { " " <a href="/web/device/authorize?next=/web/account">"Authorize this session"</a> },
    );
    let logins = if viewer.logins.is_empty() { "none".to_owned() } else { viewer.logins.join(", ") };
    view! {
        <dl id="who-am-i" class="facts card" data-live="session">
            <dt>"User"</dt><dd>{viewer.name}</dd>
            <dt>"Roles"</dt><dd>{viewer.roles.join(", ")}</dd>
            <dt>"Logins"</dt><dd>{logins}</dd>
            <dt>"Device Trust"</dt><dd>{trust} "." {authorize}</dd>
            {device}
            <dt>"Session ends"</dt>
            <dd><time datetime=viewer.expires.exact>{viewer.expires.text}</time></dd>
        </dl>
    }
}

#[component]
fn DeviceCard(device: OwnDevice) -> impl IntoView {
    let state = if device.is_enrolled {
        view! { <Badge tone=Tone::Good text="enrolled"/> }.into_any()
    } else {
        view! { <Badge tone=Tone::Plain text="not enrolled"/> }.into_any()
    };
    let at_hand = device.is_at_hand.then(
        || view! { <Badge tone=Tone::Good shape=Shape::ShieldCheck text="this session\u{2019}s device"/> },
    );
    let last = match device.last_authenticated {
        Some(moment) => view! { <time datetime=moment.exact>{moment.text}</time> }.into_any(),
        None => "never".into_any(),
    };
    let id = format!("own-{}", device.id);
    let told = device.collected.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> });
    let told = told.collect_view();
    let collected = match device.collected_at {
        Some(moment) => view! {
            <details class="more">
                <summary>"What it told of itself"</summary>
                <p class="form__note">
                    "Collected " <time datetime=moment.exact>{moment.text}</time> ", by " <code>"tsh"</code>
                    " at enrolment and at each authentication. Administrators see the same. Kept: "
                    {device.records} {if device.records == 1 { " record." } else { " records." }}
                </p>
                <dl class="facts">{told}</dl>
            </details>
        }
        .into_any(),
        None => view! { <p class="form__note">"It has told nothing of itself yet."</p> }.into_any(),
    };
    view! {
        <article class="card card--part" id=id>
            <h3>{device.asset_tag.clone()} " " <span class="table__none">{device.os}</span></h3>
            <p class="badges">{state} {at_hand}</p>
            <dl class="facts">
                <dt>"Last authenticated"</dt><dd>{last}</dd>
                <dt>"Used by"</dt><dd>{device.users.join(", ")}</dd>
                <dt>"Device ID"</dt><dd><code>{device.id}</code></dd>
            </dl>
            {collected}
        </article>
    }
}

#[component]
fn EnrolThisMachine(commands: EnrolCommands) -> impl IntoView {
    let token = commands.needs_token.then(|| {
        view! {
            <p>
                "Ask an administrator to register this machine and to create an enrolment token for it. "
                <code>"tsh device asset-tag"</code> " prints the asset tag that they need."
            </p>
        }
    });
    let automatic = commands.is_automatic.then(|| {
        view! {
            <p>
                "Auto-enrolment is on: if this machine is registered and nobody else has enrolled it, the first \
                 command does it all."
            </p>
        }
    });
    let text = format!("{}\n{}\ntsh logout\n{}", commands.login, commands.enrol, commands.login);
    view! {
        <section class="card card--part" aria-labelledby="enrol-this-machine">
            <h2 id="enrol-this-machine">"Enrol this machine"</h2>
            {token}
            {automatic}
            <CopyBox text label="Commands to enrol this machine"/>
            <p class="form__note">
                "After that, " <code>"tsh login"</code> " says of every session whether it is trusted. If it is \
                 not, " <code>"tsh device doctor"</code> " says what is missing."
            </p>
        </section>
    }
}
