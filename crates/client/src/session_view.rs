use gatehouse_model::{Timestamp, user_agent_in_words};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::SessionInfo;
use serde::Serialize;

/// A login that is in force, as both command lines show it.
#[derive(Debug, Serialize)]
pub struct SessionView {
    pub id: String,
    pub user: String,
    /// `cli` or `web`.
    pub kind: String,
    /// The session that asks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub current: bool,
    pub created: Option<Timestamp>,
    pub last_seen: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub asset_tag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_tier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub device_confirmed_by: String,
    pub remote_address: String,
    pub user_agent: String,
}

impl From<SessionInfo> for SessionView {
    fn from(session: SessionInfo) -> Self {
        let moment = |wire: Option<_>| wire.as_ref().and_then(|wire| read_timestamp(wire).ok());
        Self {
            id: session.id,
            user: session.user,
            kind: session.kind,
            current: session.current,
            created: moment(session.created),
            last_seen: moment(session.last_seen),
            expires: moment(session.expires),
            device_id: session.device_id,
            asset_tag: session.asset_tag,
            device_tier: session.device_tier,
            device_since: moment(session.device_since),
            device_confirmed_by: session.device_confirmed_by,
            remote_address: session.remote_address,
            user_agent: session.user_agent,
        }
    }
}

impl SessionView {
    /// The device that it is trusted for, for a column of a table.
    #[must_use]
    pub fn device(&self) -> String {
        match (self.device_id.as_str(), self.device_confirmed_by.as_str()) {
            ("", _) => "not trusted".to_owned(),
            (_, "code") => format!("{} (by code)", self.asset_tag),
            _ => self.asset_tag.clone(),
        }
    }

    /// Such as `Firefox 128 on Linux`.
    #[must_use]
    pub fn client(&self) -> String {
        user_agent_in_words(&self.user_agent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_session_came_to_its_device_is_told() {
        let view = |device_id: &str, confirmed_by: &str| {
            SessionView::from(SessionInfo {
                device_id: device_id.to_owned(),
                asset_tag: "TAG1".to_owned(),
                device_confirmed_by: confirmed_by.to_owned(),
                ..SessionInfo::default()
            })
        };
        assert_eq!(view("", "").device(), "not trusted");
        assert_eq!(view("d1", "browser").device(), "TAG1");
        assert_eq!(view("d1", "code").device(), "TAG1 (by code)");
    }
}
