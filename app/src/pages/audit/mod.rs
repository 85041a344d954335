//! The audit log: a list that is filtered, and one event.

mod list;
mod one;

pub(crate) use list::AuditPage;
pub(crate) use one::EventPage;

use gatehouse_domain::entity::AuditEvent;
use leptos::prelude::*;

use crate::components::{Badge, Tone};

const PATH: &str = "/web/audit";

pub(super) fn path_of(uid: &str) -> String {
    format!("{PATH}/{uid}")
}

#[component]
fn Outcome(success: bool) -> impl IntoView {
    if success {
        view! { <Badge tone=Tone::Good text="done"/> }
    } else {
        view! { <Badge tone=Tone::Problem text="failed"/> }
    }
}

/// What an event is about, in a word.
fn about(event: &AuditEvent) -> String {
    match &event.device {
        Some(device) if !device.asset_tag.is_empty() => device.asset_tag.clone(),
        Some(device) => device.device_id.clone(),
        None => event.target.clone(),
    }
}
