use gatehouse_client::present::{Format, Table, table_time};
use gatehouse_client::{ClientError, PAGE_SIZE, Session, SessionView, all_pages, confirm_when_asked, now};
use gatehouse_proto::gatehouse::v1::{EndSessionRequest, ListOwnSessionsRequest};

use super::Context;
use crate::cli::{EndSessionArgs, SessionsCommand};
use crate::failure::Outcome;
use crate::input::Proof;
use crate::output;

pub(crate) async fn run(context: &Context, command: SessionsCommand) -> Outcome {
    let session = Session::open(&context.home, None, now()).await?;
    match command {
        SessionsCommand::Ls(args) => list(&session, args.format()).await,
        SessionsCommand::Rm(EndSessionArgs { id: Some(id), .. }) => end(context, &session, id).await,
        SessionsCommand::Rm(_) => end_others(&session).await,
    }
}

/// Lists the sessions of the user who is logged in.
async fn list(session: &Session, format: Format) -> Outcome {
    let mut client = session.connection.account();
    let sessions = all_pages(usize::MAX, async |page_token| {
        let request = ListOwnSessionsRequest { page_size: PAGE_SIZE, page_token };
        let page = client.list_own_sessions(request).await?.into_inner();
        Ok((page.sessions, page.next_page_token))
    })
    .await?;
    let sessions: Vec<SessionView> = sessions.into_iter().map(Into::into).collect();
    // The one that asks is always among them.
    output::data(format, &sessions, || table(&sessions))?;
    Ok(0)
}

fn table(sessions: &[SessionView]) -> String {
    let mut table = Table::new(&[
        "Session ID",
        "Kind",
        "Device",
        "Tier",
        "Trusted Since",
        "Client",
        "Last Seen",
        "Expires",
        "Address",
        "Current",
    ]);
    for session in sessions {
        table.row([
            &*session.id,
            &*session.kind,
            &*session.device(),
            &*session.device_tier,
            &*table_time(session.device_since),
            &*session.client(),
            &*table_time(session.last_seen),
            &*table_time(session.expires),
            &*session.remote_address,
            if session.current { "this one" } else { "" },
        ]);
    }
    table.to_string()
}

/// Ends one of them; if it is the one of this machine, its files go too.
async fn end(context: &Context, session: &Session, id: String) -> Outcome {
    let mut client = session.connection.account();
    let is_this = client.who_am_i(()).await?.into_inner().session_id == id;
    let mut proof = Proof::of("Ending another session");
    confirm_when_asked(&session.connection, &mut proof, async || {
        let request = EndSessionRequest { id: id.clone() };
        session.connection.account().end_own_session(request).await.map_err(ClientError::from)
    })
    .await?;
    if is_this {
        context.home.remove_login(&session.identity.profile)?;
    }
    output::line(format!("Session \"{id}\" ended"))?;
    Ok(0)
}

async fn end_others(session: &Session) -> Outcome {
    let mut proof = Proof::of("Ending other sessions");
    let answer = confirm_when_asked(&session.connection, &mut proof, async || {
        session.connection.account().end_other_sessions(()).await.map_err(ClientError::from)
    })
    .await?;
    output::line(match answer.into_inner().ended {
        0 => "There was no other session".to_owned(),
        1 => "One other session ended".to_owned(),
        count => format!("{count} other sessions ended"),
    })?;
    Ok(0)
}
