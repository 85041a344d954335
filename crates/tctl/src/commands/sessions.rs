use gatehouse_client::Connection;
use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_model::{Timestamp, UserName, user_agent_in_words};
use gatehouse_proto::convert::read_timestamp;
use gatehouse_proto::gatehouse::v1::{EndSessionRequest, ListSessionsRequest, SessionInfo};
use serde::Serialize;

use super::list::{PAGE_SIZE, all_pages};
use crate::cli::{ServerArgs, SessionsCommand};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

pub(crate) async fn run(server: &ServerArgs, command: SessionsCommand) -> Outcome {
    let connection = connect(server).await?;
    match command {
        SessionsCommand::Ls { user, format } => list(&connection, user, format.format()).await,
        SessionsCommand::Rm { id } => {
            connection.sessions().end_session(EndSessionRequest { id: id.clone() }).await?;
            output::line(format!("Session \"{id}\" ended"))?;
            Ok(0)
        }
    }
}

#[derive(Serialize)]
struct SessionView {
    id: String,
    user: String,
    kind: String,
    created: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    expires: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    device_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    asset_tag: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    device_tier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_since: Option<Timestamp>,
    #[serde(skip_serializing_if = "String::is_empty")]
    device_confirmed_by: String,
    remote_address: String,
    user_agent: String,
}

impl From<SessionInfo> for SessionView {
    fn from(session: SessionInfo) -> Self {
        let moment = |wire: Option<_>| wire.as_ref().and_then(|wire| read_timestamp(wire).ok());
        Self {
            id: session.id,
            user: session.user,
            kind: session.kind,
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

async fn list(connection: &Connection, user: Option<UserName>, format: Format) -> Outcome {
    let user = user.map(String::from).unwrap_or_default();
    let mut client = connection.sessions();
    let sessions = all_pages(usize::MAX, async |page_token| {
        let request = ListSessionsRequest { user: user.clone(), page_size: PAGE_SIZE, page_token };
        let page = client.list_sessions(request).await?.into_inner();
        Ok((page.sessions, page.next_page_token))
    })
    .await?;
    let sessions: Vec<SessionView> = sessions.into_iter().map(Into::into).collect();
    if format == Format::Text && sessions.is_empty() {
        output::line("No sessions found")?;
        return Ok(0);
    }
    output::data(format, &sessions, || table(&sessions))?;
    Ok(0)
}

fn table(sessions: &[SessionView]) -> String {
    let mut table =
        Table::new(&["Session ID", "User", "Kind", "Device", "Client", "Last Seen", "Expires", "Address"]);
    for session in sessions {
        let device = match (session.device_id.as_str(), session.device_confirmed_by.as_str()) {
            ("", _) => "not trusted".to_owned(),
            (_, "code") => format!("{} (by code)", session.asset_tag),
            _ => session.asset_tag.clone(),
        };
        table.row([
            &*session.id,
            &*session.user,
            &*session.kind,
            &*device,
            &*user_agent_in_words(&session.user_agent),
            &*table_time(session.last_seen),
            &*table_time(session.expires),
            &*session.remote_address,
        ]);
    }
    table.to_string()
}
