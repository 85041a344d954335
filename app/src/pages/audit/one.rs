use gatehouse_domain::audit::words;
use gatehouse_domain::entity::{AuditEvent, DeviceMetadata, StoredEvent};
use gatehouse_model::{ConfirmedBy, OsType};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::{Outcome, PATH};
use crate::api::audit::event_view;
use crate::api::query::address;
use crate::components::{PageHeader, Problem};
use crate::{ApiError, ConsoleContext};

/// One event, at an address that stays.
#[component]
pub(crate) fn EventPage() -> impl IntoView {
    let uid = use_params_map().get_untracked().get("uid").unwrap_or_default();
    view! {
        <Suspense>
            {Suspend::new(async move {
                match look(&uid).await {
                    Ok(stored) => view! { <Whole event=stored.event/> }.into_any(),
                    Err(error) => view! {
                        <Title text="Event"/>
                        <PageHeader title="Event" up=(PATH, "Audit log")/>
                        <Problem title="This event cannot be shown" error/>
                    }
                    .into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(uid: &str) -> Result<StoredEvent, ApiError> {
    event_view(&ConsoleContext::current()?, uid).await
}

#[component]
fn Whole(event: AuditEvent) -> impl IntoView {
    let title = words(&event.event, event.success).to_owned();
    // Plain data with string keys always serialises.
    let json = serde_json::to_string_pretty(&event).unwrap_or_default();
    let text = |name: &'static str, value: &str| {
        let value = value.to_owned();
        (!value.is_empty()).then(|| view! { <dt>{name}</dt><dd>{value}</dd> })
    };
    let code = |name: &'static str, value: &str| {
        let value = value.to_owned();
        (!value.is_empty()).then(|| view! { <dt>{name}</dt><dd><code>{value}</code></dd> })
    };
    let linked = |name: &'static str, value: &str, filter: &'static str| {
        let value = value.to_owned();
        (!value.is_empty()).then(|| {
            let path = address(PATH, &[(filter, &value)]);
            view! { <dt>{name}</dt><dd><a href=path>{value}</a></dd> }
        })
    };
    let kind = match event.user_kind {
        Some(1) => "person",
        Some(2) => "bot",
        _ => "",
    };
    let details = match &event.details {
        serde_json::Value::Null => String::new(),
        details => serde_json::to_string(details).unwrap_or_default(),
    };
    view! {
        <Title text=title.clone()/>
        <PageHeader title up=(PATH, "Audit log")/>
        <section class="card card--part">
            <dl class="facts">
                <dt>"Time"</dt><dd><time datetime=event.time.to_string()>{event.time.to_string()}</time></dd>
                <dt>"Event"</dt><dd><code>{event.event.clone()}</code> " " <code>{event.code.clone()}</code></dd>
                <dt>"Outcome"</dt><dd><Outcome success=event.success/></dd>
                {text("Error", &event.error)}
                {code("Reason", &event.reason)}
                {text("Message", &event.message)}
                {linked("By", &event.user, "user")}
                {text("Kind of account", kind)}
                {linked("About", &event.target, "target")}
                {event.device.as_ref().map(|device| device_facts("Device", device))}
                {event.trusted_device.as_ref().map(|device| device_facts("On the trusted device", device))}
                {text("Remote address", &event.remote_address)}
                {code("Session", &event.session_id)}
                {linked("Request", &event.request_id, "request")}
                {text("Details", &details)}
                {text("Cluster", &event.cluster_name)}
                {code("Event ID", &event.uid)}
            </dl>
        </section>
        <section class="stack" aria-labelledby="json">
            <h2 id="json">"As JSON"</h2>
            <pre tabindex="0" aria-label="The event as JSON"><code>{json}</code></pre>
        </section>
    }
}

fn device_facts(name: &'static str, device: &DeviceMetadata) -> impl IntoView + use<> {
    let tag = if device.asset_tag.is_empty() { device.device_id.clone() } else { device.asset_tag.clone() };
    let os =
        OsType::from_number(device.os_type).map(|os| format!(" ({})", os.friendly())).unwrap_or_default();
    let by_code = device.confirmed_by == ConfirmedBy::Code.as_str();
    let by_code = by_code.then_some(" · confirmed by a code");
    let events = address(PATH, &[("device", &device.device_id)]);
    view! {
        <dt>{name}</dt>
        <dd>
            <a href=format!("/web/devices/{}", device.device_id)>{tag}</a> {os} " · "
            <a href=events>"its events"</a> {by_code}
        </dd>
    }
}
