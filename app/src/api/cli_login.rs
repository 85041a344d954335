use gatehouse_domain::account::CliState;
use gatehouse_domain::entity::CliDelivery;

use super::Moment;
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// A command line that wants to be logged in.
#[derive(Clone, Debug)]
pub(crate) struct CliLoginView {
    pub(crate) id: String,
    pub(crate) user: String,
    /// To be compared; none where it is to be typed.
    pub(crate) user_code: Option<String>,
    pub(crate) state: CliState,
    /// The command line has its certificates.
    pub(crate) is_fetched: bool,
    /// As the machine calls itself; empty if it does not.
    pub(crate) host_name: String,
    pub(crate) os_user: String,
    pub(crate) os: String,
    pub(crate) address: String,
    pub(crate) asked: Moment,
    pub(crate) expires: Moment,
    /// The browser may be on another machine.
    pub(crate) waits: bool,
    /// It asks from another network than this browser.
    pub(crate) is_elsewhere: bool,
    /// The second factor has to be proven anew first.
    pub(crate) needs_factor: bool,
}

/// The login of this link.
///
/// # Errors
/// Nobody is signed in; there is no such login; it is for another user.
pub(crate) async fn cli_login(console: &ConsoleContext, id: &str) -> Result<CliLoginView, ApiError> {
    let found = console.services.accounts.cli_request(&console.principal, id).await;
    let request = found.map_err(|error| console.refuse(error))?;
    let login = request.login;
    Ok(CliLoginView {
        state: request.state,
        is_fetched: login.spent.is_some(),
        host_name: login.machine.host_name,
        os_user: login.machine.os_user,
        os: login.machine.os,
        address: login.remote_address.parse().map_or(login.remote_address.clone(), |address| {
            let address: std::net::SocketAddr = address;
            address.ip().to_canonical().to_string()
        }),
        asked: moment(login.created),
        expires: moment(login.expires),
        waits: login.delivery == CliDelivery::Wait,
        is_elsewhere: request.is_elsewhere,
        needs_factor: request.needs_factor,
        user_code: (login.delivery != CliDelivery::Wait).then_some(login.user_code),
        user: login.user,
        id: login.id,
    })
}
