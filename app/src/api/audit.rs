use gatehouse_domain::authz::{FindDevices, ListEvents};
use gatehouse_domain::entity::{AuditFilter, EventPage, StoredEvent};
use serde::{Deserialize, Serialize};

use super::query::{address, time_field};
use super::{page_token, parameters};
use crate::{ApiError, ConsoleContext};

/// Events of one page.
const PAGE: i64 = 50;
/// Events that an export reads at once.
const EXPORTED: i64 = 500;

/// What the log is asked for, as addresses hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    pub event: String,
    pub user: String,
    /// Id or asset tag.
    pub device: String,
    /// What the event is about, where it is not a device.
    pub target: String,
    /// `done`, `failed`, or empty for both.
    pub outcome: String,
    pub since: String,
    pub until: String,
    pub request: String,
    pub before: Option<i64>,
    pub after: Option<i64>,
}

impl AuditQuery {
    /// Of an address.
    ///
    /// # Errors
    /// A damaged address, or place in the list.
    pub fn read(query: &str) -> Result<Self, ApiError> {
        for (name, value) in parameters(query) {
            if name == "before" || name == "after" {
                page_token::number(&value)?;
            }
        }
        serde_html_form::from_str(query)
            .map_err(|_| ApiError::invalid("malformed_address", "this link to the audit log is damaged"))
    }

    /// This page's address, at another place of the list.
    pub(crate) fn at(&self, path: &str, before: Option<i64>, after: Option<i64>) -> String {
        let number = |place: Option<i64>| place.map(|place| place.to_string()).unwrap_or_default();
        address(
            path,
            &[
                ("event", &self.event),
                ("user", &self.user),
                ("device", &self.device),
                ("target", &self.target),
                ("outcome", &self.outcome),
                ("since", &self.since),
                ("until", &self.until),
                ("request", &self.request),
                ("before", &number(before)),
                ("after", &number(after)),
            ],
        )
    }

    /// Whether anything is filtered.
    pub(crate) fn is_filtered(&self) -> bool {
        let page = Self { before: None, after: None, ..self.clone() };
        page != Self::default()
    }
}

/// A page of the log.
///
/// # Errors
/// No role allows it; a required device is missing; a time or an outcome that is none.
pub(crate) async fn event_list(console: &ConsoleContext, query: &AuditQuery) -> Result<EventPage, ApiError> {
    let grant = console.granted::<ListEvents>()?;
    let filter = filter(console, query).await?;
    let page = console.services.audit.page(&grant, &filter, PAGE).await;
    page.map_err(|error| console.refuse(error))
}

/// One event.
///
/// # Errors
/// No role allows it; there is no such event.
pub(crate) async fn event_view(console: &ConsoleContext, uid: &str) -> Result<StoredEvent, ApiError> {
    let grant = console.granted::<ListEvents>()?;
    console.services.audit.get(&grant, uid).await.map_err(|error| console.refuse(error))
}

/// The next events of an export, as lines of JSON, and where it goes on.
///
/// # Errors
/// As for a page of the log.
pub async fn export_events(
    console: &ConsoleContext,
    query: &AuditQuery,
) -> Result<(String, Option<AuditQuery>), ApiError> {
    let grant = console.granted::<ListEvents>()?;
    let filter = AuditFilter { after: None, ..filter(console, query).await? };
    let page = console.services.audit.page(&grant, &filter, EXPORTED).await;
    let page = page.map_err(|error| console.refuse(error))?;
    let mut lines = String::new();
    for stored in &page.events {
        // Plain data with string keys always serialises.
        lines.push_str(&serde_json::to_string(&stored.event).unwrap_or_default());
        lines.push('\n');
    }
    let next = page.older.map(|older| AuditQuery { before: Some(older), after: None, ..query.clone() });
    Ok((lines, next))
}

async fn filter(console: &ConsoleContext, query: &AuditQuery) -> Result<AuditFilter, ApiError> {
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let success = match query.outcome.as_str() {
        "" => None,
        "done" => Some(true),
        "failed" => Some(false),
        _ => return Err(ApiError::invalid("invalid_outcome", "an outcome is done or failed")),
    };
    Ok(AuditFilter {
        event: given(&query.event),
        user: given(&query.user).map(|name| name.to_lowercase()),
        device_id: device_id(console, &query.device).await?,
        target: given(&query.target),
        request_id: given(&query.request),
        success,
        since: time_field(&query.since)?,
        until: time_field(&query.until)?,
        before: query.before,
        after: query.after,
    })
}

/// The id of the device that is meant: itself, or that of the one device with this asset tag. A device that is gone is
/// still found by its id.
async fn device_id(console: &ConsoleContext, id_or_tag: &str) -> Result<Option<String>, ApiError> {
    let text = id_or_tag.trim();
    if text.is_empty() {
        return Ok(None);
    }
    device_named(console, text).await.map(Some)
}

/// The id of the device with this id or asset tag; the text itself where no device has it.
///
/// # Errors
/// Several devices have the asset tag.
pub(crate) async fn device_named(console: &ConsoleContext, text: &str) -> Result<String, ApiError> {
    let Ok(grant) = console.principal.grant::<FindDevices>() else { return Ok(text.to_owned()) };
    let found = console.services.devices.find(&grant, text).await.map_err(|error| console.refuse(error))?;
    match found.as_slice() {
        [] => Ok(text.to_lowercase()),
        [one] => Ok(one.device.id.clone()),
        _ => Err(ApiError::invalid(
            "ambiguous_device",
            "several devices have this asset tag: give the device ID instead",
        )),
    }
}
