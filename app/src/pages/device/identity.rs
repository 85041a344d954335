//! What the device is: its label, the key that it is known by, and how well that is attested.

use gatehouse_domain::device::{DeviceDetail, EkCertificateDetail, KeyDetail};
use gatehouse_domain::ek::finding_words;
use gatehouse_domain::entity::{Device, EkFinding};
use gatehouse_model::OsType;
use leptos::prelude::*;

use crate::components::Time;

#[component]
pub(super) fn Identity(detail: DeviceDetail) -> impl IntoView {
    let DeviceDetail { device, users, .. } = detail;
    let Device { id, os_type, asset_tag, created, owner, source, profile, anchor, .. } = device;
    let anchor_label =
        if os_type == OsType::Macos { "Device key (SHA-256)" } else { "EK fingerprint (SHA-256)" };
    let anchor = anchor.map(|digest| {
        view! { <dt>{anchor_label}</dt><dd><code>{hex(&digest)}</code></dd> }
    });
    let others: Vec<String> = users.into_iter().filter(|user| Some(user) != owner.as_ref()).collect();
    let others = (!others.is_empty()).then(|| view! { <dt>"Further users"</dt><dd>{others.join(", ")}</dd> });
    let source = source.map_or_else(
        || "entered by hand".to_owned(),
        |source| format!("{} ({})", source.name, source.origin.as_str()),
    );
    let model = profile.map(|profile| profile.model_identifier).filter(|model| !model.is_empty());
    view! {
        <section class="card card--part" aria-labelledby="identity-title">
            <h2 id="identity-title">"Identity"</h2>
            <dl class="facts">
                <dt>"Asset tag"</dt><dd>{asset_tag.to_string()}</dd>
                <dt>"Operating system"</dt><dd>{os_type.friendly()}</dd>
                <dt>"Owner"</dt><dd>{owner.unwrap_or_else(|| "nobody yet".to_owned())}</dd>
                {others}
                {anchor}
                <dt>"Device ID"</dt><dd><code>{id}</code></dd>
                <dt>"Source"</dt><dd>{source}</dd>
                {model.map(|model| view! { <dt>"Expected model"</dt><dd>{model}</dd> })}
                <dt>"Registered"</dt><dd><Time at=created/></dd>
            </dl>
        </section>
    }
}

/// The keys that are bound to the device, and the TPM that holds them.
#[component]
pub(super) fn Keys(detail: DeviceDetail) -> impl IntoView {
    let keys = if detail.keys.is_empty() {
        view! { <p>"No key is bound to this device: nothing proves which machine it is. Make a token and enrol it."</p> }.into_any()
    } else {
        detail.keys.into_iter().map(key).collect_view().into_any()
    };
    view! {
        <section class="card card--part" aria-labelledby="keys-title">
            <h2 id="keys-title">"Attestation"</h2>
            {keys}
        </section>
    }
}

fn key(key: KeyDetail) -> impl IntoView {
    let KeyDetail { credential, reason, tpm, findings } = key;
    let findings = findings.into_iter().map(finding).collect_view();
    let findings = (!findings.is_empty())
        .then(|| view! { <dt>"Accepted weaknesses"</dt><dd><ul class="plain-list">{findings}</ul></dd> });
    let ek_kind = tpm.as_ref().and_then(|tpm| tpm.ek_kind.clone());
    let certificate = tpm.and_then(|tpm| tpm.certificate).map(certificate);
    view! {
        <div class="device__key">
            <p><strong>{credential.tier.friendly()}</strong></p>
            <p>{reason}</p>
            <dl class="facts">
                {certificate}
                {findings}
                {ek_kind.map(|kind| view! { <dt>"Endorsement key"</dt><dd>{kind}</dd> })}
                <dt>"Credential ID"</dt><dd><code>{credential.id}</code></dd>
                <dt>"Enrolled"</dt><dd><Time at=credential.created/> " by " {credential.user}</dd>
                <dt>"Last used"</dt><dd><Time at=credential.last_used/></dd>
            </dl>
        </div>
    }
}

/// A weakness that was accepted when the key was enrolled.
fn finding(finding: EkFinding) -> impl IntoView {
    let words = finding_words(&finding.code);
    let cost = finding.lowers_tier.then_some("; it counts as not verified");
    view! { <li>{words} ": " {finding.about} {cost} " " <code>{finding.code}</code></li> }
}

fn certificate(found: EkCertificateDetail) -> impl IntoView {
    let maker = found.maker.map(|maker| {
        let id = found.maker_id.filter(|id| *id != maker).map(|id| view! { " (" <code>{id}</code> ")" });
        view! { <dt>"TPM maker"</dt><dd>{maker} {id}</dd> }
    });
    view! {
        {maker}
        {found.model.map(|model| view! { <dt>"TPM model"</dt><dd>{model}</dd> })}
        {found.firmware.map(|version| view! { <dt>"TPM firmware"</dt><dd><code>{version}</code></dd> })}
        <dt>"EK certificate"</dt>
        <dd>
            "serial " <code>{found.serial}</code> ", issued by " {found.issuer} ", valid from "
            <Time at=found.not_before/> " to " <Time at=found.not_after/>
        </dd>
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
