use std::time::Duration;

use gatehouse_client::{ClientError, Identity, Profile, Result, Session, now};
use gatehouse_model::ErrorKind;

use super::Context;
use crate::failure::Outcome;
use crate::output;

/// How long a server may take to end a session before it is left alone.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends every session, on the server as far as it can be reached, and removes its files.
pub(crate) async fn run(context: &Context) -> Outcome {
    for profile in context.home.profiles()? {
        let server = profile.proxy.to_string();
        let user = profile.user.to_string();
        if let Err(error) = end_session(context, profile).await {
            output::notice(format!(
                "note: the session of {user} on {server} could not be ended there and lives until it expires: {error}"
            ));
        }
    }
    context.home.remove_all_logins()?;
    output::line("All users logged out.")?;
    Ok(0)
}

/// Ends the session of a profile on its server; one that has expired needs no ending.
async fn end_session(context: &Context, profile: Profile) -> Result<()> {
    match context.home.identity(profile)? {
        Some(identity) => end(identity).await,
        None => Ok(()),
    }
}

/// Ends a session on its server, unless it has expired.
pub(super) async fn end(identity: Identity) -> Result<()> {
    let now = now();
    if identity.x509.not_after <= now {
        return Ok(());
    }
    let logout = async {
        let session = Session::connect(identity, now).await?;
        match session.connection.account().logout(()).await {
            // Ended there already.
            Err(status) if status.code() == tonic::Code::Unauthenticated => Ok(()),
            Err(status) => Err(ClientError::from(status)),
            Ok(_) => Ok(()),
        }
    };
    tokio::time::timeout(PATIENCE, logout).await.unwrap_or_else(|_| {
        Err(ClientError::new(ErrorKind::Unavailable, "server_unreachable", "no answer within 5 seconds"))
    })
}
