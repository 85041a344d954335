//! Users: invited, signed up and logged in, so that what passwords cost lies outside of what is measured.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use gatehouse_client::{
    ClientError, Connection, Credentials, Home, Identity, Login, ServerTrust, begin_signup, finish_signup,
    login,
};
use gatehouse_proto::gatehouse::v1::PingRequest;

use crate::admin::{Admin, current_thread};
use crate::server::{Installation, Server};

/// No secret: the server is this program's own and listens on loopback.
pub(crate) const PASSWORD: &str = "as fast as a ceremony goes";

/// One user for each client, and two more for the ten logins.
pub(crate) const USERS: usize = 10;

/// Creates the users.
pub(crate) fn sign_up(server: &Server) -> Result<()> {
    (0..USERS).try_for_each(|number| sign_up_as(server, &name(number), &["access"]))
}

/// Creates one user with these roles.
pub(crate) fn sign_up_as(server: &Server, name: &str, roles: &[&str]) -> Result<()> {
    let link = Admin::open(server)?.invite(name, roles)?;
    current_thread()?.block_on(async {
        let connection = Connection::tls(&server.address()?, ServerTrust::Pin(server.pin), None).await?;
        begin_signup(&connection, &link).await?;
        finish_signup(&connection, &link, None, PASSWORD.to_owned(), String::new()).await?;
        Ok(())
    })
}

/// Logs every user in.
pub(crate) fn log_in(server: &Server, installation: &Installation) -> Result<Vec<Identity>> {
    let runtime = current_thread()?;
    let one = async |number: usize| {
        let connection = Connection::tls(&server.address()?, ServerTrust::Pin(server.pin), None).await?;
        let ping = connection.auth().ping(PingRequest {}).await.map_err(ClientError::from)?.into_inner();
        let user = name(number).parse().map_err(|error| anyhow!("{error}"))?;
        let wanted =
            Login { proxy: server.address()?, user, pin: Some(server.pin), ttl_seconds: 0, ping: &ping };
        let credentials = Credentials { password: PASSWORD.to_owned(), otp_code: String::new() };
        let (identity, _) =
            login(&connection, &Home::new(home(installation, number)), wanted, credentials).await?;
        Ok(identity)
    };
    (0..USERS).map(|number| runtime.block_on(one(number))).collect()
}

/// `TSH_HOME` of a user.
pub(crate) fn home(installation: &Installation, number: usize) -> PathBuf {
    installation.folder.join("tsh").join(name(number))
}

fn name(number: usize) -> String {
    format!("user-{number}")
}
