use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{Connection, PAGE_SIZE, SessionView, all_pages};
use gatehouse_model::UserName;
use gatehouse_proto::gatehouse::v1::{EndSessionRequest, ListSessionsRequest};

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
        table.row([
            &*session.id,
            &*session.user,
            &*session.kind,
            &*session.device(),
            &*session.client(),
            &*table_time(session.last_seen),
            &*table_time(session.expires),
            &*session.remote_address,
        ]);
    }
    table.to_string()
}
