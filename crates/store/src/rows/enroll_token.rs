use async_trait::async_trait;
use gatehouse_domain::entity::{
    Device, Digest, EnrollToken, MAX_CHALLENGES, TokenCursor, TokenFilter, TokenPurpose,
};
use gatehouse_domain::ports::store::{EnrollTokenRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use super::device::DEVICE;
use crate::decode::{Columns, Decode};
use crate::executor::Executor;
use crate::sql::enroll_token as sql;
use crate::value::values;

const PURPOSES: [TokenPurpose; 2] = [TokenPurpose::Admin, TokenPurpose::AutoEnroll];

const TOKEN: Decode<EnrollToken> = Decode {
    entity: "enrolment token",
    read: |columns| {
        Ok(EnrollToken {
            id: columns.text()?,
            hash: columns.digest()?,
            device_id: columns.text()?,
            purpose: columns.one_of(&PURPOSES, TokenPurpose::as_str)?,
            created_by: columns.text()?,
            bound_user: columns.maybe_text()?,
            created: columns.time()?,
            expires: columns.time()?,
            challenges: columns.int()?,
            open_challenge: open_challenge(columns)?,
            spent: columns.maybe_time()?,
            revoked: columns.maybe_time()?,
            note: columns.text()?,
        })
    },
};

pub(super) const TOKEN_AND_DEVICE: Decode<(EnrollToken, Device)> = Decode {
    entity: "enrolment token with its device",
    read: |columns| Ok(((TOKEN.read)(columns)?, (DEVICE.read)(columns)?)),
};

/// Two columns, set together or not at all.
fn open_challenge(columns: &mut dyn Columns) -> Stored<Option<(String, Timestamp)>> {
    match (columns.maybe_text()?, columns.maybe_time()?) {
        (None, None) => Ok(None),
        (Some(id), Some(since)) => Ok(Some((id, since))),
        _ => Err(columns.corrupt()),
    }
}

impl<E: Executor> Unit<E> {
    /// By the statement for all, for active ones, or for those of a device.
    async fn page_of_tokens<T: Send + 'static>(
        &mut self,
        [all, active, of_device]: [&'static str; 3],
        filter: &TokenFilter,
        before: Option<&TokenCursor>,
        limit: i64,
        decode: Decode<T>,
    ) -> Stored<Vec<T>> {
        let (created, id) =
            before.map_or((i64::MAX, ""), |cursor| (cursor.created.micros(), cursor.id.as_str()));
        match (filter.device_id.as_deref(), filter.active_at) {
            (None, None) => self.on.all(all, values![created, id, limit], decode).await,
            (None, Some(now)) => {
                self.on.all(active, values![created, id, limit, now, MAX_CHALLENGES], decode).await
            }
            (Some(device), active_at) => {
                let values = values![created, id, limit, device, active_at, MAX_CHALLENGES];
                self.on.all(of_device, values, decode).await
            }
        }
    }
}

#[async_trait]
impl<E: Executor> EnrollTokenRows for Unit<E> {
    async fn insert_enroll_token(&mut self, token: &EnrollToken) -> Stored<()> {
        let open = token.open_challenge.as_ref();
        let values = values![
            &token.id,
            &token.hash,
            &token.device_id,
            token.purpose.as_str(),
            &token.created_by,
            token.bound_user.as_deref(),
            token.created,
            token.expires,
            token.challenges,
            open.map(|(id, _)| id.as_str()),
            open.map(|(_, since)| *since),
            token.spent,
            token.revoked,
            &token.note,
        ];
        self.on.execute(sql::INSERT_TOKEN, values).await?;
        Ok(())
    }

    async fn enroll_token(&mut self, id: &str) -> Stored<Option<EnrollToken>> {
        self.on.optional(sql::TOKEN, values![id], TOKEN).await
    }

    async fn enroll_token_by_hash(&mut self, hash: &Digest) -> Stored<Option<(EnrollToken, Device)>> {
        self.on.optional(sql::TOKEN_BY_HASH, values![hash], TOKEN_AND_DEVICE).await
    }

    async fn enroll_tokens(
        &mut self,
        filter: &TokenFilter,
        before: Option<&TokenCursor>,
        limit: i64,
    ) -> Stored<Vec<EnrollToken>> {
        let statements = [sql::TOKENS, sql::ACTIVE_TOKENS, sql::TOKENS_OF_DEVICE];
        self.page_of_tokens(statements, filter, before, limit, TOKEN).await
    }

    async fn enroll_tokens_with_devices(
        &mut self,
        filter: &TokenFilter,
        before: Option<&TokenCursor>,
        limit: i64,
    ) -> Stored<Vec<(EnrollToken, Device)>> {
        let statements =
            [sql::TOKENS_AND_DEVICES, sql::ACTIVE_TOKENS_AND_DEVICES, sql::TOKENS_OF_DEVICE_AND_IT];
        self.page_of_tokens(statements, filter, before, limit, TOKEN_AND_DEVICE).await
    }

    async fn open_challenge(
        &mut self,
        token_id: &str,
        challenge_id: &str,
        now: Timestamp,
        stale_before: Timestamp,
    ) -> Stored<bool> {
        let values = values![token_id, challenge_id, now, stale_before, MAX_CHALLENGES];
        Ok(self.on.execute(sql::OPEN_CHALLENGE, values).await? > 0)
    }

    async fn close_challenge(&mut self, token_id: &str, challenge_id: &str) -> Stored<()> {
        self.on.change(sql::CLOSE_CHALLENGE, values![token_id, challenge_id]).await
    }

    async fn spend_enroll_token(
        &mut self,
        token_id: &str,
        challenge_id: &str,
        now: Timestamp,
    ) -> Stored<bool> {
        Ok(self.on.execute(sql::SPEND_TOKEN, values![token_id, challenge_id, now]).await? > 0)
    }

    async fn revoke_enroll_token(&mut self, id: &str, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::REVOKE_TOKEN, values![id, now]).await? > 0)
    }

    async fn revoke_enroll_tokens(
        &mut self,
        device_id: &str,
        bound_user: Option<&str>,
        now: Timestamp,
    ) -> Stored<()> {
        match bound_user {
            None => self.on.change(sql::REVOKE_TOKENS_OF_DEVICE, values![device_id, now]).await,
            Some(user) => self.on.change(sql::REVOKE_TOKENS_OF_USER, values![device_id, now, user]).await,
        }
    }

    async fn purge_enroll_tokens(&mut self, before: Timestamp) -> Stored<()> {
        self.on.change(sql::PURGE_TOKENS, values![before]).await
    }
}
