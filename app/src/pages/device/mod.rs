//! One device.

mod actions;
mod boot;
mod identity;
mod trail;

use gatehouse_domain::device::DeviceDetail;
use gatehouse_domain::ek::ReviewPage;
use gatehouse_model::{EnrollStatus, ErrorKind};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::api::device::{detail, reviews};
use crate::components::{Badge, NewToken, NewTokenCard, PageHeader, Problem, Time, Tone};
use crate::pages::reviews::ReviewsAbout;
use crate::{ApiError, ConsoleContext, shown};
use actions::Actions;
use boot::Boot;
pub(super) use identity::hex;
use identity::{Identity, Keys};
use trail::{History, Locks, TokensOfDevice, Trail};

/// A device with everything that hangs on it, and what can be done about it.
#[component]
pub(crate) fn DevicePage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    let console = use_context::<ConsoleContext>();
    view! {
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                match look(&console, &id).await {
                    Ok((device, reviews)) => view! { <Whole device reviews console/> }.into_any(),
                    Err(error) => view! { <Missing error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(console: &ConsoleContext, id: &str) -> Result<(DeviceDetail, Option<ReviewPage>), ApiError> {
    let device = detail(console, id).await?;
    let reviews = reviews(console, &device.device).await?;
    Ok((device, reviews))
}

#[component]
fn Missing(error: ApiError) -> impl IntoView {
    let title = match (error.kind, error.code.as_str()) {
        (ErrorKind::NotFound, _) => "There is no such device",
        (_, "trusted_device_required") => "The inventory needs a trusted device",
        _ => "The device cannot be shown",
    };
    let gone = (error.kind == ErrorKind::NotFound).then(|| {
        view! {
            <p>"It was deleted, or the address was mistyped. What happened to a deleted device stands in the audit log."</p>
        }
    });
    view! {
        <Title text=title/>
        <PageHeader title=title up=("/web/devices", "Devices")/>
        {gone}
        <Problem title="Why" error/>
        <p class="actions">
            <a class="button" href="/web/devices">"To the devices"</a>
            <a class="button" href="/web/account">"To your own devices"</a>
        </p>
    }
}

#[component]
fn Whole(
    device: DeviceDetail,
    #[prop(optional_no_strip)] reviews: Option<ReviewPage>,
    console: ConsoleContext,
) -> impl IntoView {
    let detail = device;
    let tag = detail.device.asset_tag.to_string();
    let live = format!("device:{} locks", detail.device.id);
    let topic = format!("device:{}", detail.device.id);
    let title = tag.clone();
    view! {
        <Title text=title/>
        <PageHeader title=tag up=("/web/devices", "Devices")/>
        {shown::<NewToken>().map(|token| view! { <NewTokenCard token/> })}
        <div id="device-state" class="device__state" data-live=live.clone()>
            <Summary detail=detail.clone()/>
        </div>
        <Actions detail=detail.clone() console/>
        <div id="device-facts" class="cards" data-live=live>
            <Identity detail=detail.clone()/>
            <Keys detail=detail.clone()/>
        </div>
        <div id="device-reviews" class="device__reviews" data-live="reviews">{reviews.map(|page| view! { <ReviewsAbout page/> })}</div>
        <div id="device-boot" data-live=topic.clone()><Boot boot=detail.boot.clone()/></div>
        <div id="device-history" data-live=topic.clone()><History entries=detail.history.clone()/></div>
        <div id="device-tokens" data-live=topic.clone()><TokensOfDevice detail=detail.clone()/></div>
        <div id="device-locks" class="device__locks" data-live="locks"><Locks detail=detail.clone()/></div>
        <div id="device-trail" data-live=topic><Trail detail/></div>
    }
}

/// What one wants to know at a glance.
#[component]
fn Summary(detail: DeviceDetail) -> impl IntoView {
    let device = &detail.device;
    let enrolled = device.enroll_status == EnrollStatus::Enrolled;
    let status = if enrolled {
        view! { <Badge tone=Tone::Good text="enrolled"/> }
    } else {
        view! { <Badge tone=Tone::Plain text="not enrolled"/> }
    };
    let locked = (!detail.locks.is_empty()).then(|| view! { <Badge tone=Tone::Problem text="locked"/> });
    let alarm = detail.counter_alarm.map(|since| {
        view! {
            <div class="notice notice--problem">
                <h2>"The counters of its TPM went back"</h2>
                <p>
                    "Since " <Time at=since/> " this device cannot authenticate. A restored snapshot of a virtual machine does \
                     that; so does a copy of it. Accept the counters only if you know which it was."
                </p>
            </div>
        }
    });
    let last = device.last_authenticated.map_or_else(
        || view! { "It has never authenticated." }.into_any(),
        |at| view! { "Last authenticated " <Time at/> "." }.into_any(),
    );
    view! {
        <p class="device__badges">{status} {locked} <span>{device.os_type.friendly()} ". " {last}</span></p>
        {alarm}
    }
}
