use gatehouse_client::present::{Format, Table};
use gatehouse_client::{ClientError, Result, all_pages};
use gatehouse_proto::gatehouse::v1::ListEventsRequest;
use serde_yaml_ng::Value;

use crate::cli::{AuditArgs, ServerArgs};
use crate::connect::connect;
use crate::document::from_json;
use crate::failure::Outcome;
use crate::output;

/// Events asked for at once.
const PAGE_SIZE: u32 = 500;

/// Lists events, newest first.
pub(crate) async fn run(server: &ServerArgs, args: AuditArgs) -> Outcome {
    if args.limit == 0 {
        return Err(ClientError::usage("--limit must be at least 1").into());
    }
    let connection = connect(server).await?;
    let mut client = connection.audit();
    let page_size = i32::try_from(args.limit.min(PAGE_SIZE)).unwrap_or(i32::MAX);
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let events = all_pages(limit, async |page_token| {
        let request = ListEventsRequest {
            event_type: args.event_type.clone(),
            user: args.user.clone(),
            device_id: args.device.clone(),
            page_size,
            page_token,
        };
        let page = client.list_events(request).await?.into_inner();
        Ok((page.events, page.next_page_token))
    })
    .await?;
    let events = events.iter().map(|event| from_json(event)).collect::<Result<Vec<Value>>>()?;
    let format = args.format.format();
    if format == Format::Text && events.is_empty() {
        output::line("No events found")?;
        return Ok(0);
    }
    output::data(format, &events, || table(&events))?;
    Ok(0)
}

fn table(events: &[Value]) -> String {
    let mut table = Table::new(&["Time", "Code", "Event", "User", "About", "Result"]);
    for event in events {
        let text = |keys: &[&str]| {
            keys.iter()
                .try_fold(event, |value, key| value.get(*key))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let about = [text(&["device", "asset_tag"]), text(&["target"])];
        let about = about.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let result = match event.get("success").and_then(Value::as_bool) {
            Some(false) => format!("failed: {}", text(&["error"])),
            _ => text(&["message"]).to_owned(),
        };
        // Fractions of a second make a column hard to read; the other formats have them.
        let time = text(&["time"]);
        let time = time.split_once('.').map_or_else(|| time.to_owned(), |(whole, _)| format!("{whole}Z"));
        table.row([&*time, text(&["code"]), text(&["event"]), text(&["user"]), about, &*result]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_say_why() {
        let events = [
            r#"{"time":"2026-01-01T00:00:00.5Z","code":"TV005I","event":"device.enroll","user":"alice","success":true,"device":{"asset_tag":"T1"}}"#,
            r#"{"time":"2026-01-01T00:00:00Z","code":"TV003I","event":"device.token.create","success":false,"error":"not registered"}"#,
        ]
        .map(|json| from_json(json).unwrap());
        insta::assert_snapshot!(table(&events), @r"
        Time                 Code   Event               User  About Result
        -------------------- ------ ------------------- ----- ----- ----------------------
        2026-01-01T00:00:00Z TV005I device.enroll       alice T1
        2026-01-01T00:00:00Z TV003I device.token.create             failed: not registered
        ");
    }
}
