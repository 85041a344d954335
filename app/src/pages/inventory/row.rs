use gatehouse_domain::entity::ListedDevice;
use gatehouse_model::{AttestationTier, DeviceOrigin, EnrollStatus, Timestamp};
use leptos::prelude::*;

use crate::api::{InventoryRow, row};

/// The line of one device by itself, for the page that shows it already.
#[must_use]
pub fn device_row(device: ListedDevice, at: Timestamp) -> String {
    let line = || view! { <table><tbody><DeviceRow row=row(device, at)/></tbody></table> }.to_html();
    Owner::new().with(line)
}

/// A line is small, for there are many: its pictures are drawn by the stylesheet.
#[component]
pub(super) fn DeviceRow(row: InventoryRow) -> impl IntoView {
    let InventoryRow { device, is_locked, last_authenticated } = row;
    let path = format!("/web/devices/{}", device.device_id);
    let from = format!("{path}/row");
    let live = format!("device:{}", device.device_id);
    let owner = match (device.owner.as_str(), device.other_users) {
        ("", _) => none().into_any(),
        (_, 0) => device.owner.into_any(),
        (_, 1) => view! { {device.owner} <small>" and 1 other"</small> }.into_any(),
        (_, others) => view! { {device.owner} <small>{format!(" and {others} others")}</small> }.into_any(),
    };
    let model = if device.model.is_empty() { none().into_any() } else { device.model.into_any() };
    let is_enrolled = device.cell.status == EnrollStatus::Enrolled;
    let state = if is_enrolled { "mark mark--good" } else { "mark" };
    let locked = is_locked.then(|| view! { " " <span class="mark mark--locked">"locked"</span> });
    let stale = device.cell.stale.then(|| view! { " " <span class="mark mark--stale">"stale"</span> });
    let tier = match device.cell.tier {
        Some(AttestationTier::TpmEkcertTrusted) => {
            view! { <span class="mark mark--good">{tier_words(device.cell.tier)}</span> }.into_any()
        }
        None => none().into_any(),
        tier => tier_words(tier).into_any(),
    };
    let source =
        device.cell.origin.map_or_else(|| none().into_any(), |origin| origin_words(Some(origin)).into_any());
    let seen = last_authenticated.map_or_else(
        || "never".into_any(),
        |moment| view! { <time datetime=moment.exact>{moment.text}</time> }.into_any(),
    );
    view! {
        <tr data-live=live data-live-from=from>
            <th scope="row"><a href=path>{device.asset_tag}</a></th>
            <td data-label="System">{device.cell.os.friendly()}</td>
            <td data-label="Model">{model}</td>
            <td data-label="Owner">{owner}</td>
            <td data-label="State"><span class=state>{device.cell.status.friendly()}</span>{locked}</td>
            <td data-label="Attestation">{tier}</td>
            <td data-label="Source">{source}</td>
            <td data-label="Last authenticated">{seen}{stale}</td>
        </tr>
    }
}

fn none() -> impl IntoView {
    view! { <i class="none">"none"</i> }
}

/// As filters and lines call it.
pub(super) fn tier_words(tier: Option<AttestationTier>) -> &'static str {
    match tier {
        None => "none",
        Some(AttestationTier::BareKey) => "bare key",
        Some(AttestationTier::TpmEkpub) => "TPM, EK unknown",
        Some(AttestationTier::TpmEkcert) => "TPM, unverified",
        Some(AttestationTier::TpmEkcertTrusted) => "TPM, verified",
    }
}

pub(super) fn origin_words(origin: Option<DeviceOrigin>) -> &'static str {
    match origin {
        None => "none",
        Some(DeviceOrigin::Api) => "API",
        Some(DeviceOrigin::Jamf) => "Jamf",
        Some(DeviceOrigin::Intune) => "Intune",
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_domain::entity::{Cell, SortKeys};
    use gatehouse_model::OsType;

    use super::*;

    fn device(tag: &str) -> ListedDevice {
        ListedDevice {
            sequence: 1,
            device_id: "e5ed781c-1646-4e6d-891a-09c2afa0f2c7".to_owned(),
            cell: Cell {
                os: OsType::Windows,
                status: EnrollStatus::Enrolled,
                tier: Some(AttestationTier::TpmEkcertTrusted),
                origin: Some(DeviceOrigin::Intune),
                stale: true,
                locked: true,
            },
            asset_tag: tag.to_owned(),
            model: "Latitude 5440".to_owned(),
            serial: String::new(),
            owner: "alice@example.com".to_owned(),
            other_users: 2,
            last_authenticated: Some(Timestamp::from_secs(1_700_000_000)),
            locked_until: Some(Timestamp::from_secs(1_800_000_000)),
            keys: SortKeys { tag: tag.to_owned(), model: String::new() },
        }
    }

    #[test]
    fn a_line_is_small_and_says_all() {
        let now = Timestamp::from_secs(1_750_000_000);
        let html = device_row(device("C00AA0AAAA0A"), now);
        for part in ["Windows", "Latitude 5440", "and 2 others", "locked", "stale", "TPM, verified", "Intune"]
        {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(html.len() < 950, "{} bytes: {html}", html.len());
        let later = device_row(device("C00AA0AAAA0A"), Timestamp::from_secs(1_800_000_000));
        assert!(!later.contains("locked"), "{later}");
    }

    #[test]
    fn names_are_text() {
        let html = device_row(device("<img src=x>\"'&"), Timestamp::from_secs(0));
        assert!(html.contains("&lt;img src=x&gt;") && !html.contains("<img"), "{html}");
    }
}
