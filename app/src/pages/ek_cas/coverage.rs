use gatehouse_domain::ek::{AddPreview, CaPreview, Coverage, CoveredDevice};
use gatehouse_model::Timestamp;
use leptos::prelude::*;

use super::warnings;
use crate::components::{Badge, Time, Tone};

/// What CAs that are to be added cover, one by one.
#[component]
pub(crate) fn AddedCas(preview: AddPreview) -> impl IntoView {
    let turns_on = preview.turns_on.then(|| {
        view! {
            <div class="notice notice--warning">
                <p>"Nothing was verified so far. From then on, only TPMs of allowed CAs can enrol; devices that are enrolled stay."</p>
            </div>
        }
    });
    let cas = preview.cas.into_iter().map(ca).collect_view();
    view! { {turns_on} <ul class="plain-list">{cas}</ul> }
}

fn ca(preview: CaPreview) -> impl IntoView {
    let CaPreview { entry, is_listed, coverage } = preview;
    let warnings = warnings(&entry);
    let maker = entry.vendor.map(|vendor| {
        view! { <dt>"TPM maker"</dt><dd>{vendor} ", pinned in this release"</dd> }
    });
    let facts = entry.facts;
    let role = if facts.is_root { "root" } else { "intermediate" };
    let fingerprint = crate::pages::device::hex(&facts.sha256);
    view! {
        <li class="ca">
            <p>
                <strong>{facts.subject}</strong> " "
                {is_listed.then(|| view! { <Badge tone=Tone::Plain text="allowed already"/> })}
            </p>
            {warnings}
            <dl class="facts">
                {maker}
                <dt>"Key"</dt><dd>{facts.key} ", " {role}</dd>
                <dt>"Valid"</dt>
                <dd><Time at=Timestamp::from_secs(facts.not_before)/> " to " <Time at=Timestamp::from_secs(facts.not_after)/></dd>
                <dt>"SHA-256"</dt><dd><code class="fingerprint">{fingerprint}</code></dd>
                <dt>"Covers"</dt><dd><CoverageText coverage lead=""/></dd>
            </dl>
        </li>
    }
}

/// Devices in numbers, and the first of them by name.
#[component]
pub(crate) fn CoverageText(coverage: Coverage, lead: &'static str) -> impl IntoView {
    let Coverage { enrolled, registered, devices, is_partial } = coverage;
    if enrolled + registered == 0 {
        let none =
            if is_partial { "none of those that were looked at" } else { "no device that is known here" };
        return view! { {lead} {none} }.into_any();
    }
    let shown = devices.len();
    let names = devices.into_iter().enumerate().map(|(at, device)| {
        let comma = if at > 0 { ", " } else { "" };
        view! { {comma} {link(device)} }
    });
    let names = names.collect_view();
    let more = (enrolled + registered).saturating_sub(shown);
    let more = (more > 0).then(|| format!(" and {more} more"));
    let partial =
        is_partial.then_some(" There are more devices than one look verifies: these were verified.");
    view! { {lead} {format!("{enrolled} enrolled and {registered} registered devices: ")} {names} {more} "." {partial} }
        .into_any()
}

fn link(device: CoveredDevice) -> impl IntoView {
    view! { <a href=format!("/web/devices/{}", device.id)>{device.asset_tag}</a> }
}
