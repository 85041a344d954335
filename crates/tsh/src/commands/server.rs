//! Reaching a server before there is a login.

use gatehouse_client::{Connection, Pin, ProxyAddress, Result, ServerTrust};

use crate::cli::TrustArgs;
use crate::output;

/// Connects as a stranger and gives the pin to hold to from now on. Flags win over what an earlier login pinned.
pub(crate) async fn connect(
    address: &ProxyAddress,
    args: &TrustArgs,
    known: Option<Pin>,
) -> Result<(Connection, Option<Pin>)> {
    let trust = match (args.ca_pin, args.insecure) {
        (Some(pin), _) => ServerTrust::Pin(pin),
        (None, true) => ServerTrust::FirstUse,
        (None, false) => ServerTrust::of_profile(known),
    };
    let connection = Connection::tls(address, trust, None).await?;
    let pin = connection.server_pin();
    if let (ServerTrust::FirstUse, Some(pin)) = (trust, pin) {
        output::notice(format!(
            "warning: the server is believed without proof; its key is {pin}\n\
             hint: compare it with the CA pin that the server prints at start; from now on this machine holds to it"
        ));
    }
    Ok((connection, pin))
}
