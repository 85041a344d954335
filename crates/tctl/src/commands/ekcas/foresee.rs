//! What a change of the list would do, and which devices the list of today does not cover.

use std::path::PathBuf;

use gatehouse_client::present::{Format, Table};
use gatehouse_client::{PAGE_SIZE, Result};
use gatehouse_proto::gatehouse::v1::{
    Coverage, ListFailingDevicesRequest, ListFailingDevicesResponse, PreviewAddCasResponse,
    PreviewRemoveCasResponse,
};
use serde::Serialize;

use super::files::certificates;
use crate::cli::ServerArgs;
use crate::connect::connect;
use crate::failure::{Failure, Outcome};
use crate::output;

/// Devices that are named at once.
const NAMED: usize = 5;

/// The certificates of files and folders, one behind the other.
pub(crate) fn bundle(paths: &[PathBuf]) -> Result<Vec<u8>> {
    let mut cas = gatehouse_attestation::AllowedCas::default();
    for found in certificates(paths)? {
        cas.add(&found.der).map_err(|error| super::files::wrong(&found.file, error.to_string()))?;
    }
    Ok(cas.facts().iter().map(gatehouse_attestation::CaFacts::to_pem).collect::<String>().into_bytes())
}

/// Says which devices each CA covers.
pub(crate) fn tell_additions(preview: &PreviewAddCasResponse) -> std::result::Result<(), Failure> {
    for one in &preview.cas {
        let Some(ca) = &one.ca else { continue };
        output::line(format!("CA       {} ({})", ca.subject, ca.sha256))?;
        if !ca.vendor.is_empty() {
            output::line(format!("Known    a CA of {}", ca.vendor))?;
        }
        for warning in &ca.warnings {
            output::line(format!("Warning  {warning}"))?;
        }
        if one.listed {
            output::line("Listed   already")?;
        }
        if let Some(coverage) = &one.coverage {
            output::line(format!("Covers   {}", covers(coverage)))?;
        }
    }
    if preview.turns_on {
        output::line("Nothing was verified so far: from now on, only TPMs of allowed CAs can enroll")?;
    }
    Ok(())
}

/// Says which devices could enrol no longer.
pub(super) fn tell_removals(preview: &PreviewRemoveCasResponse) -> std::result::Result<(), Failure> {
    for ca in &preview.cas {
        output::line(format!("CA       {} ({})", ca.subject, ca.sha256))?;
    }
    match &preview.lost {
        Some(lost) if lost.enrolled + lost.registered > 0 && !preview.turns_off => {
            output::line(format!("Loses    {}: they could not enroll again", covers(lost)))?;
        }
        _ if preview.turns_off => {
            output::line("No CA is left: EK certificates will not be verified any more")?;
        }
        _ => output::line("Loses    no device that is known here")?,
    }
    Ok(())
}

fn covers(coverage: &Coverage) -> String {
    let mut text = format!("{} enrolled and {} registered devices", coverage.enrolled, coverage.registered);
    if coverage.partial {
        text.push_str(" of those that were looked at; there are more");
    }
    let names: Vec<&str> =
        coverage.devices.iter().take(NAMED).map(|device| device.asset_tag.as_str()).collect();
    if !names.is_empty() {
        let more = coverage.enrolled + coverage.registered > NAMED as i64;
        text.push_str(&format!(": {}{}", names.join(", "), if more { ", …" } else { "" }));
    }
    text
}

#[derive(Serialize)]
struct FailingView {
    verifies: bool,
    done: bool,
    enrolled: i64,
    judged: i64,
    failing: i64,
    devices: Vec<DeviceView>,
}

#[derive(Serialize)]
struct DeviceView {
    id: String,
    asset_tag: String,
    os_type: String,
    reason: String,
}

/// Lists the enrolled devices that could not enrol today.
pub(super) async fn failing(server: &ServerArgs, format: Format) -> Outcome {
    let connection = connect(server).await?;
    let mut client = connection.ek_cas();
    let (mut devices, mut page_token) = (Vec::new(), String::new());
    let progress = loop {
        let request = ListFailingDevicesRequest { page_size: PAGE_SIZE, page_token };
        let mut page = client.list_failing_devices(request).await?.into_inner();
        devices.append(&mut page.devices);
        if page.next_page_token.is_empty() {
            break page;
        }
        page_token = page.next_page_token;
    };
    let ListFailingDevicesResponse { verifies, judged, failing, enrolled, done, .. } = progress;
    let devices = devices.into_iter().filter_map(|one| {
        let device = one.device?;
        Some(DeviceView {
            id: device.id,
            asset_tag: device.asset_tag,
            os_type: device.os_type,
            reason: one.reason,
        })
    });
    let view = FailingView { verifies, done, enrolled, judged, failing, devices: devices.collect() };
    output::data(format, &view, || text(&view))?;
    Ok(0)
}

fn text(view: &FailingView) -> String {
    if !view.verifies {
        return "No CA is allowed: EK certificates are not verified, and nothing fails.\n".to_owned();
    }
    let mut text = format!(
        "{} of {} enrolled devices judged{}; {} could not enroll today\n",
        view.judged,
        view.enrolled,
        if view.done { "" } else { " so far" },
        view.failing
    );
    if !view.devices.is_empty() {
        let mut table = Table::new(&["Asset Tag", "OS", "Reason", "Device ID"]);
        for device in &view.devices {
            table.row([&*device.asset_tag, &*device.os_type, &*device.reason, &*device.id]);
        }
        text.push('\n');
        text.push_str(&table.to_string());
    }
    text
}
