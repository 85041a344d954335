use gatehouse_client::device::find_one;
use gatehouse_client::present::table_time;
use gatehouse_model::Timestamp;
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{AcceptBootRequest, BootReport, DescribeBootRequest};
use serde::Serialize;

use super::target::device_name;
use crate::cli::{BootArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

#[derive(Serialize)]
struct View {
    device: String,
    /// Absent if it never attested a boot.
    time: Option<Timestamp>,
    good: bool,
    good_time: Option<Timestamp>,
    secure_boot: String,
    event_log: String,
    changes: Vec<Change>,
    accepted: bool,
}

#[derive(Serialize)]
struct Change {
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pcr: Option<i32>,
    before: String,
    after: String,
}

/// Shows how a device booted last: 0 if that is good or was accepted, else 1.
pub(crate) async fn run(server: &ServerArgs, args: &BootArgs) -> Outcome {
    let name = device_name(&args.target)?;
    let connection = connect(server).await?;
    let device = find_one(&connection, &name).await?;
    let mut client = connection.device_evidence();
    let report =
        client.describe_boot(DescribeBootRequest { device_id: device.id.clone() }).await?.into_inner();
    let accepted = args.accept && !report.good && !report.fingerprint.is_empty();
    if accepted {
        let fingerprint = report.fingerprint.clone();
        client.accept_boot(AcceptBootRequest { device_id: device.id, fingerprint }).await?;
    }
    let view = view(device.asset_tag, report, accepted);
    output::data(args.format.format(), &view, || text(&view))?;
    Ok(u8::from(view.time.is_some() && !view.good && !view.accepted))
}

fn view(device: String, report: BootReport, accepted: bool) -> View {
    let time =
        |time: Option<prost_types::Timestamp>| time.as_ref().and_then(|time| read_timestamp(time).ok());
    View {
        device,
        time: time(report.time),
        good: report.good,
        good_time: time(report.good_time),
        secure_boot: report.secure_boot,
        event_log: report.event_log,
        changes: report
            .changes
            .into_iter()
            .map(|change| Change {
                pcr: (change.what == "pcr").then_some(change.pcr),
                what: change.what,
                before: change.before,
                after: change.after,
            })
            .collect(),
        accepted,
    }
}

fn text(view: &View) -> String {
    let Some(time) = view.time else {
        return format!("Device \"{}\" has not attested how it booted\n", view.device);
    };
    let mut lines = Vec::new();
    let mut line = |name: &str, value: &str| lines.push(format!("{name:<12} {value}").trim_end().to_owned());
    line("Device", &view.device);
    line("Attested", &table_time(Some(time)));
    line("Secure Boot", &view.secure_boot.replace('_', " "));
    line("Event log", &view.event_log.replace('_', " "));
    match view.good_time {
        None => line("Boot", "good"),
        Some(good) => line("Boot", &format!("differs from the last good one, of {}", table_time(Some(good)))),
    }
    for change in &view.changes {
        let name = match change.pcr {
            Some(pcr) => format!("PCR {pcr}"),
            None => change.what.replace('_', " "),
        };
        let or_nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        line("Changed", &name);
        line("  before", &or_nothing(&change.before));
        line("  now", &or_nothing(&change.after));
    }
    if view.accepted {
        line("Accepted", "from now on, this boot is the good one");
    }
    lines.join("\n") + "\n"
}
