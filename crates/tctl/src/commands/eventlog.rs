use gatehouse_attestation::{EventFacts, EventLog, MAX_EVENT_LOG_BYTES};
use gatehouse_client::ClientError;
use gatehouse_client::present::Table;
use gatehouse_model::{ErrorKind, counted};
use serde::Serialize;
use std::collections::BTreeMap;

use super::ekcas::read_input;
use crate::cli::EventlogArgs;
use crate::failure::Outcome;
use crate::output;

#[derive(Serialize)]
struct LogView {
    startup_locality: Option<u8>,
    unread_bytes: usize,
    events: Vec<EventView>,
    /// By bank and PCR.
    pcrs: BTreeMap<&'static str, BTreeMap<u8, String>>,
}

#[derive(Serialize)]
struct EventView {
    index: usize,
    pcr: u8,
    #[serde(rename = "type")]
    kind: String,
    /// By bank.
    digests: BTreeMap<&'static str, String>,
    data_bytes: usize,
    data_is_measured: bool,
    text: Option<String>,
}

/// Prints what a log says. It proves nothing by itself: only a quote shows whether its PCRs are those of a TPM.
pub(crate) fn run(args: &EventlogArgs) -> Outcome {
    let bytes = read_input(&args.file, MAX_EVENT_LOG_BYTES)?;
    let log = EventLog::parse(&bytes)
        .map_err(|error| ClientError::new(ErrorKind::InvalidInput, "event_log", error.to_string()))?;
    let view = LogView {
        startup_locality: log.startup_locality(),
        unread_bytes: log.unread(),
        events: log.describe().enumerate().map(event).collect(),
        pcrs: log
            .banks()
            .map(|bank| {
                let values = log.replay(bank).into_iter();
                (bank.name(), values.map(|(index, value)| (index, hex::encode(value))).collect())
            })
            .collect(),
    };
    output::data(args.format.format(), &view, || text(&view))?;
    Ok(0)
}

fn event((index, facts): (usize, EventFacts<'_>)) -> EventView {
    EventView {
        index,
        pcr: facts.pcr,
        kind: facts.kind_name.map_or_else(|| format!("{:#010x}", facts.kind), str::to_owned),
        digests: facts.digests.iter().map(|(bank, digest)| (bank.name(), hex::encode(digest))).collect(),
        data_bytes: facts.data.len(),
        data_is_measured: facts.data_is_measured,
        text: facts.text,
    }
}

fn text(view: &LogView) -> String {
    let mut events = Table::new(&["#", "PCR", "Type", "Digest", "Says"]);
    for event in &view.events {
        // The strongest bank sorts last: SHA-1, SHA-256, SHA-384, SHA-512.
        let digest = event.digests.last_key_value().map(|(_, digest)| digest.get(..16).unwrap_or(digest));
        events.row([
            &event.index.to_string(),
            &event.pcr.to_string(),
            &event.kind,
            digest.unwrap_or_default(),
            event.text.as_deref().unwrap_or_default(),
        ]);
    }
    let mut out = events.to_string();
    if let Some(locality) = view.startup_locality {
        out.push_str(&format!("\nThe TPM was started from locality {locality}.\n"));
    }
    if view.unread_bytes > 0 {
        out.push_str(&format!(
            "\nWhat follows the last event is no event: {}.\n",
            counted(view.unread_bytes, "byte", "bytes")
        ));
    }
    for (bank, values) in &view.pcrs {
        out.push_str(&format!("\nPCRs after these events, {bank}\n"));
        for (index, value) in values {
            out.push_str(&format!("{index:>4}  {value}\n"));
        }
    }
    out
}
