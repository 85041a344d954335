use async_trait::async_trait;
use gatehouse_domain::entity::{DeviceWebAttempt, DeviceWebProof, Digest, RemoteBrowser};
use gatehouse_domain::ports::device_web::DeviceWebRows;
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Columns, Decode, to_json};
use crate::executor::Executor;
use crate::sql::device_web as sql;
use crate::value::values;

const ATTEMPT: Decode<DeviceWebAttempt> = Decode {
    entity: "browser session that waits for a device",
    read: |columns| {
        Ok(DeviceWebAttempt {
            id: columns.text()?,
            session_id: columns.text()?,
            user: columns.text()?,
            token_hash: columns.digest()?,
            code_hash: columns.maybe_digest()?,
            expected_devices: columns.json()?,
            user_agent: columns.text()?,
            remote_address: columns.text()?,
            redirect: columns.text()?,
            correlation_id: columns.text()?,
            created: columns.time()?,
            expires: columns.time()?,
            failures: columns.int()?,
            refused: columns.maybe_text()?,
            proof: proof(columns)?,
            confirmed: columns.maybe_time()?,
            remote: remote(columns)?,
        })
    },
};

/// Five columns, set together or not at all.
fn proof(columns: &mut dyn Columns) -> Stored<Option<DeviceWebProof>> {
    let proven = columns.maybe_time()?;
    let device_id = columns.maybe_text()?;
    let credential_id = columns.maybe_text()?;
    let confirm_hash = columns.maybe_digest()?;
    let confirm_expires = columns.maybe_time()?;
    match (proven, device_id, credential_id, confirm_hash, confirm_expires) {
        (None, None, None, None, None) => Ok(None),
        (Some(time), Some(device_id), Some(credential_id), Some(confirm_hash), Some(confirm_expires)) => {
            Ok(Some(DeviceWebProof { time, device_id, credential_id, confirm_hash, confirm_expires }))
        }
        _ => Err(columns.corrupt()),
    }
}

/// Without a number, the browser is on the device.
fn remote(columns: &mut dyn Columns) -> Stored<Option<RemoteBrowser>> {
    let number = columns.maybe_int()?;
    let asked_from = columns.maybe_text()?;
    let matched = columns.maybe_time()?;
    Ok(number.map(|number| RemoteBrowser { number, asked_from, matched }))
}

#[async_trait]
impl<E: Executor> DeviceWebRows for Unit<E> {
    async fn insert_web_attempt(&mut self, attempt: &DeviceWebAttempt) -> Stored<()> {
        let expected = to_json(&attempt.expected_devices)?;
        let values = values![
            &attempt.id,
            &attempt.session_id,
            &attempt.user,
            &attempt.token_hash,
            attempt.code_hash.as_ref(),
            &expected,
            &attempt.user_agent,
            &attempt.remote_address,
            &attempt.redirect,
            &attempt.correlation_id,
            attempt.created,
            attempt.expires,
            attempt.remote.as_ref().map(|remote| remote.number),
        ];
        self.on.execute(sql::INSERT_WEB_ATTEMPT, values).await?;
        Ok(())
    }

    async fn web_attempt(&mut self, id: &str) -> Stored<Option<DeviceWebAttempt>> {
        self.on.optional(sql::WEB_ATTEMPT, values![id], ATTEMPT).await
    }

    async fn web_attempt_by_code(
        &mut self,
        code: &Digest,
        user: &str,
        now: Timestamp,
    ) -> Stored<Option<DeviceWebAttempt>> {
        self.on.optional(sql::WEB_ATTEMPT_BY_CODE, values![code, user, now], ATTEMPT).await
    }

    async fn redeem_web_code(
        &mut self,
        id: &str,
        code: &Digest,
        token: &Digest,
        from: &str,
        now: Timestamp,
    ) -> Stored<bool> {
        Ok(self.on.execute(sql::REDEEM_WEB_CODE, values![id, code, token, now, from]).await? > 0)
    }

    async fn match_web_number(&mut self, id: &str, number: i64, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::MATCH_WEB_NUMBER, values![id, number, now]).await? > 0)
    }

    async fn void_web_attempt(&mut self, id: &str, code: &str, failures: i64) -> Stored<()> {
        self.on.change(sql::VOID_WEB_ATTEMPT, values![id, code, failures]).await
    }

    async fn refuse_web_attempt(&mut self, id: &str, code: &str) -> Stored<()> {
        self.on.change(sql::REFUSE_WEB_ATTEMPT, values![id, code]).await
    }

    async fn prove_web_attempt(&mut self, id: &str, token: &Digest, proof: &DeviceWebProof) -> Stored<bool> {
        let values = values![
            id,
            token,
            proof.time,
            &proof.device_id,
            &proof.credential_id,
            &proof.confirm_hash,
            proof.confirm_expires,
        ];
        Ok(self.on.execute(sql::PROVE_WEB_ATTEMPT, values).await? > 0)
    }

    async fn confirm_web_attempt(&mut self, id: &str, token: &Digest, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::CONFIRM_WEB_ATTEMPT, values![id, token, now]).await? > 0)
    }

    async fn confirm_remote_web_attempt(&mut self, id: &str, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::CONFIRM_REMOTE_WEB_ATTEMPT, values![id, now]).await? > 0)
    }

    async fn trim_web_attempts(&mut self, session_id: &str, keep: i64) -> Stored<()> {
        self.on.change(sql::TRIM_WEB_ATTEMPTS, values![session_id, keep]).await
    }

    async fn purge_web_attempts(&mut self, before: Timestamp) -> Stored<()> {
        self.on.change(sql::PURGE_WEB_ATTEMPTS, values![before]).await
    }
}
