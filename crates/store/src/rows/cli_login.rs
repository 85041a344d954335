use async_trait::async_trait;
use gatehouse_domain::entity::{CliApproval, CliDecision, CliDelivery, CliLogin, CliMachine};
use gatehouse_domain::ports::store::{CliLoginRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Columns, Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::cli_login as sql;
use crate::value::values;

const CLI_LOGIN: Decode<CliLogin> = Decode {
    entity: "login of a command line",
    read: |columns| {
        Ok(CliLogin {
            id: columns.text()?,
            user: columns.text()?,
            user_code: columns.text()?,
            challenge: columns.digest()?,
            tls_public_key_der: columns.bytes()?,
            ssh_public_key: columns.maybe_text()?,
            ttl_secs: columns.maybe_int()?,
            delivery: delivery(columns)?,
            machine: CliMachine { host_name: columns.text()?, os_user: columns.text()?, os: columns.text()? },
            remote_address: columns.text()?,
            created: columns.time()?,
            expires: columns.time()?,
            decision: decision(columns)?,
            spent: columns.maybe_time()?,
            failures: columns.int()?,
        })
    },
};

/// Two columns, set together or not at all.
fn delivery(columns: &mut dyn Columns) -> Stored<CliDelivery> {
    let port = columns.maybe_int()?;
    let state = columns.maybe_text()?;
    match (port, state) {
        (None, None) => Ok(CliDelivery::Wait),
        (Some(port), Some(state)) => {
            let port = u16::try_from(port).map_err(|_| columns.corrupt())?;
            Ok(CliDelivery::Loopback { port, state })
        }
        _ => Err(columns.corrupt()),
    }
}

/// Three columns, set together or not at all, and the code of a yes.
fn decision(columns: &mut dyn Columns) -> Stored<Option<CliDecision>> {
    let time = columns.maybe_time()?;
    let session_id = columns.maybe_text()?;
    let approved = columns.maybe_int()?;
    let code_hash = columns.maybe_digest()?;
    match (time, session_id, approved) {
        (None, None, None) => Ok(None),
        (Some(time), Some(session_id), Some(approved)) => {
            let approval = (approved != 0).then_some(CliApproval { code_hash });
            Ok(Some(CliDecision { time, session_id, approval }))
        }
        _ => Err(columns.corrupt()),
    }
}

#[async_trait]
impl<E: Executor> CliLoginRows for Unit<E> {
    async fn insert_cli_login(&mut self, login: &CliLogin) -> Stored<()> {
        let (port, state) = match &login.delivery {
            CliDelivery::Loopback { port, state } => (Some(i64::from(*port)), Some(state.as_str())),
            CliDelivery::Wait => (None, None),
        };
        let values = values![
            &login.id,
            &login.user,
            &login.user_code,
            &login.challenge,
            &login.tls_public_key_der,
            login.ssh_public_key.as_deref(),
            login.ttl_secs,
            port,
            state,
            &login.machine.host_name,
            &login.machine.os_user,
            &login.machine.os,
            &login.remote_address,
            login.created,
            login.expires,
        ];
        self.on.execute(sql::INSERT_CLI_LOGIN, values).await?;
        Ok(())
    }

    async fn cli_login(&mut self, id: &str) -> Stored<Option<CliLogin>> {
        self.on.optional(sql::CLI_LOGIN, values![id], CLI_LOGIN).await
    }

    async fn decide_cli_login(&mut self, id: &str, decision: &CliDecision) -> Stored<bool> {
        let values = values![
            id,
            decision.time,
            &decision.session_id,
            decision.approval.is_some(),
            decision.approval.as_ref().and_then(|approval| approval.code_hash.as_ref()),
        ];
        Ok(self.on.execute(sql::DECIDE_CLI_LOGIN, values).await? > 0)
    }

    async fn spend_cli_login(&mut self, id: &str, now: Timestamp, approved: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::SPEND_CLI_LOGIN, values![id, now, approved]).await? > 0)
    }

    async fn fail_cli_login(&mut self, id: &str) -> Stored<i64> {
        let failures = self.on.optional(sql::FAIL_CLI_LOGIN, values![id], NUMBER).await?;
        Ok(failures.unwrap_or_default())
    }

    async fn purge_cli_logins(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_CLI_LOGINS, values![before]).await?;
        Ok(())
    }
}
