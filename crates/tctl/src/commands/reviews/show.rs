use gatehouse_client::present::{Format, table_time};
use gatehouse_model::Timestamp;
use gatehouse_proto::gatehouse::v1::{CaInfo, ReviewInfo, UnknownCaFacts};
use serde::Serialize;

use super::{ReviewView, moment};
use crate::failure::Failure;
use crate::output;

#[derive(Serialize)]
struct WholeView {
    #[serde(flatten)]
    review: ReviewView,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_ca: Option<FactsView>,
}

#[derive(Serialize)]
struct FactsView {
    ek_sha256: String,
    ek_kind: String,
    certificate_sha256: String,
    serial: String,
    issuer: String,
    aki: String,
    tpm_maker: String,
    tpm_model: String,
    tpm_firmware: String,
    not_before: Option<Timestamp>,
    not_after: Option<Timestamp>,
    chain: Vec<CaView>,
    refusal_code: String,
    refusal: String,
    hint: String,
}

#[derive(Serialize)]
struct CaView {
    subject: String,
    sha256: String,
    key: String,
    not_after: Option<Timestamp>,
    pinned: String,
}

impl From<&UnknownCaFacts> for FactsView {
    fn from(facts: &UnknownCaFacts) -> Self {
        Self {
            ek_sha256: facts.ek_sha256.clone(),
            ek_kind: facts.ek_kind.clone(),
            certificate_sha256: facts.certificate_sha256.clone(),
            serial: facts.serial.clone(),
            issuer: facts.issuer.clone(),
            aki: facts.aki.clone(),
            tpm_maker: facts.tpm_maker.clone(),
            tpm_model: facts.tpm_model.clone(),
            tpm_firmware: facts.tpm_firmware.clone(),
            not_before: moment(facts.not_before.as_ref()),
            not_after: moment(facts.not_after.as_ref()),
            chain: facts.chain.iter().map(ca).collect(),
            refusal_code: facts.refusal_code.clone(),
            refusal: facts.refusal.clone(),
            hint: facts.refusal_hint.clone(),
        }
    }
}

fn ca(ca: &CaInfo) -> CaView {
    CaView {
        subject: ca.subject.clone(),
        sha256: ca.sha256.clone(),
        key: ca.key.clone(),
        not_after: moment(ca.not_after.as_ref()),
        pinned: ca.vendor.clone(),
    }
}

pub(super) fn show(review: &ReviewInfo, format: Format) -> Result<(), Failure> {
    let view =
        WholeView { review: review.into(), unknown_ca: review.unknown_ca.as_ref().map(FactsView::from) };
    output::data(format, &view, || text(&view))
}

fn text(view: &WholeView) -> String {
    let review = &view.review;
    let mut lines = vec![
        ("Review", review.id.clone()),
        ("Reason", review.reason.clone()),
        ("State", review.state.clone()),
        ("Device", format!("{} ({}, {})", review.asset_tag, review.os_type, review.device_id)),
        ("Asked by", review.requested_by.clone()),
        ("Since", table_time(review.created)),
        ("Until", table_time(review.expires)),
    ];
    if !review.decided_by.is_empty() {
        lines.push(("Decided", format!("by {}, {}", review.decided_by, table_time(review.decided))));
    }
    if (review.reason.as_str(), review.state.as_str()) == ("boot_drift", "refused") {
        let way_out = format!("tctl devices boot --device-id={} --accept", review.device_id);
        lines.push(("Way out", format!("it boots as it was before, or `{way_out}`")));
    }
    if let Some(facts) = &view.unknown_ca {
        let tpm = [&facts.tpm_maker, &facts.tpm_model, &facts.tpm_firmware].map(String::as_str).join(" ");
        lines.extend([
            ("EK", format!("{} {}", facts.ek_kind, facts.ek_sha256)),
            ("TPM", tpm.trim().to_owned()),
            ("Certificate", facts.certificate_sha256.clone()),
            ("Serial", facts.serial.clone()),
            ("Valid", format!("{} to {}", table_time(facts.not_before), table_time(facts.not_after))),
            ("Issuer", facts.issuer.clone()),
            ("Issuer's key", facts.aki.clone()),
        ]);
        for ca in &facts.chain {
            let pinned = if ca.pinned.is_empty() {
                "not known to this release".to_owned()
            } else {
                format!("a known CA of {}", ca.pinned)
            };
            lines.push(("Sent", format!("{} ({}, {pinned})", ca.subject, ca.sha256)));
        }
        if facts.refusal_code.is_empty() {
            lines.push(("Today", "trusted".to_owned()));
        } else {
            lines.push(("Today", format!("{} ({})", facts.refusal, facts.refusal_code)));
            lines.push(("Missing", facts.hint.clone()));
        }
    }
    lines
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("{key:<13}{value}\n"))
        .collect()
}
