use async_trait::async_trait;
use gatehouse_domain::entity::{
    Digest, Role, Session, SessionDevice, SessionKey, SessionKind, Standing, User, WEB_IDLE_SECS,
};
use gatehouse_domain::ports::store::{SessionRows, Stored};
use gatehouse_model::{AttestationTier, ConfirmedBy, Timestamp};

use super::Unit;
use super::role::role_named;
use super::user::user_with_role;
use crate::decode::{Columns, Decode, NUMBER};
use crate::executor::Executor;
use crate::sql::session as sql;
use crate::value::{Value, values};

const KINDS: [SessionKind; 2] = [SessionKind::Cli, SessionKind::Web];

const SESSION: Decode<Session> = Decode {
    entity: "session",
    read: |columns| {
        let mut session = Session {
            id: columns.text()?,
            kind: columns.one_of(&KINDS, SessionKind::as_str)?,
            cookie_hash: columns.maybe_digest()?,
            user: columns.text()?,
            created: columns.time()?,
            last_seen: columns.time()?,
            expires: columns.time()?,
            ended: columns.maybe_time()?,
            factor_time: columns.time()?,
            device: session_device(columns)?,
            remote_address: columns.text()?,
            user_agent: columns.text()?,
            rights: columns.maybe_digest()?,
        };
        // Added to the end of the table by a later server than the other columns of the device.
        let tier = columns.maybe_int()?;
        let until = columns.maybe_time()?;
        let confirmed_by = columns.maybe_text()?;
        if let Some(device) = &mut session.device {
            let known = |number| i32::try_from(number).ok().and_then(AttestationTier::from_number);
            device.tier = match tier {
                Some(number) => Some(known(number).ok_or_else(|| columns.corrupt())?),
                None => None,
            };
            device.until = until;
            let known = |text: &str| ConfirmedBy::ALL.into_iter().find(|known| known.as_str() == text);
            device.confirmed_by = match confirmed_by {
                Some(text) => Some(known(&text).ok_or_else(|| columns.corrupt())?),
                None => None,
            };
        }
        Ok(session)
    },
};

/// A session, its account with one role, and that role if it exists.
pub(super) type StandingRow = (Session, Option<User>, Option<Role>);

pub(super) const STANDING: Decode<StandingRow> = Decode {
    entity: "session with its account",
    read: |columns| {
        let session = (SESSION.read)(columns)?;
        let Some(name) = columns.maybe_text()? else { return Ok((session, None, None)) };
        let account = user_with_role(name, columns)?;
        let role = columns.maybe_text()?.map(|name| role_named(name, columns)).transpose()?;
        Ok((session, Some(account), role))
    },
};

/// Four columns, set together or not at all.
fn session_device(columns: &mut dyn Columns) -> Stored<Option<SessionDevice>> {
    let device_id = columns.maybe_text()?;
    let asset_tag = columns.maybe_text()?;
    let credential_id = columns.maybe_text()?;
    let since = columns.maybe_time()?;
    match (device_id, asset_tag, credential_id, since) {
        (None, None, None, None) => Ok(None),
        (Some(device_id), Some(asset_tag), Some(credential_id), Some(since)) => Ok(Some(SessionDevice {
            device_id,
            asset_tag,
            credential_id,
            since,
            tier: None,
            until: None,
            confirmed_by: None,
        })),
        _ => Err(columns.corrupt()),
    }
}

/// Joins the rows of one session.
pub(super) fn standing(rows: impl IntoIterator<Item = StandingRow>) -> Option<Standing> {
    let mut rows = rows.into_iter();
    let (session, account, role) = rows.next()?;
    let mut standing = Standing { session, account, roles: role.into_iter().collect() };
    for (_, account, role) in rows {
        if let (Some(whole), Some(mut part)) = (&mut standing.account, account) {
            whole.roles.append(&mut part.roles);
        }
        let known = |role: &Role| standing.roles.iter().any(|known| known.name == role.name);
        let new = role.filter(|role| !known(role));
        standing.roles.extend(new);
    }
    Some(standing)
}

/// The arguments of [`sql::SET_DEVICE`].
pub(super) fn device_values<'v>(id: &'v str, device: Option<&'v SessionDevice>) -> [Value<'v>; 8] {
    [
        id.into(),
        device.map(|device| device.device_id.as_str()).into(),
        device.map(|device| device.asset_tag.as_str()).into(),
        device.map(|device| device.credential_id.as_str()).into(),
        device.map(|device| device.since).into(),
        device.and_then(tier_number).into(),
        device.and_then(|device| device.until).into(),
        device.and_then(confirmed_by).into(),
    ]
}

fn confirmed_by(device: &SessionDevice) -> Option<&'static str> {
    device.confirmed_by.map(ConfirmedBy::as_str)
}

fn tier_number(device: &SessionDevice) -> Option<i64> {
    device.tier.map(|tier| tier as i64)
}

#[async_trait]
impl<E: Executor> SessionRows for Unit<E> {
    async fn insert_session(&mut self, session: &Session) -> Stored<()> {
        let device = session.device.as_ref();
        let values = values![
            &session.id,
            session.kind.as_str(),
            session.cookie_hash.as_ref(),
            &session.user,
            session.created,
            session.last_seen,
            session.expires,
            session.ended,
            session.factor_time,
            device.map(|device| device.device_id.as_str()),
            device.map(|device| device.asset_tag.as_str()),
            device.map(|device| device.credential_id.as_str()),
            device.map(|device| device.since),
            &session.remote_address,
            &session.user_agent,
            session.rights.as_ref(),
            device.and_then(tier_number),
            device.and_then(|device| device.until),
            device.and_then(confirmed_by),
        ];
        self.on.execute(sql::INSERT_SESSION, values).await?;
        Ok(())
    }

    async fn session(&mut self, id: &str) -> Stored<Option<Session>> {
        self.on.optional(sql::SESSION, values![id], SESSION).await
    }

    async fn standing(&mut self, key: SessionKey<'_>) -> Stored<Option<Standing>> {
        let rows = match key {
            SessionKey::Id(id) => self.on.all(sql::STANDING, values![id], STANDING).await?,
            SessionKey::Cookie(hash) => self.on.all(sql::STANDING_BY_COOKIE, values![hash], STANDING).await?,
        };
        Ok(standing(rows))
    }

    async fn touch_session(&mut self, id: &str, now: Timestamp) -> Stored<()> {
        self.on.change(sql::TOUCH_SESSION, values![id, now]).await
    }

    async fn set_session_factor_time(&mut self, id: &str, now: Timestamp) -> Stored<()> {
        self.on.change(sql::SET_FACTOR_TIME, values![id, now]).await
    }

    async fn set_session_device(&mut self, id: &str, device: Option<&SessionDevice>) -> Stored<bool> {
        Ok(self.on.execute(sql::SET_DEVICE, &device_values(id, device)).await? > 0)
    }

    async fn rotate_session_cookie(
        &mut self,
        id: &str,
        old: &Digest,
        new: &Digest,
        rights: &Digest,
        now: Timestamp,
    ) -> Stored<bool> {
        Ok(self.on.execute(sql::ROTATE_COOKIE, values![id, old, new, rights, now]).await? > 0)
    }

    async fn cookie_was_rotated(&mut self, old: &Digest, since: Timestamp) -> Stored<bool> {
        let count = self.on.optional(sql::COOKIE_WAS_ROTATED, values![old, since], NUMBER).await?;
        Ok(count.unwrap_or_default() > 0)
    }

    async fn end_session(&mut self, id: &str, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::END_SESSION, values![id, now]).await? > 0)
    }

    async fn end_sessions_of_user(
        &mut self,
        user: &str,
        except: Option<&str>,
        now: Timestamp,
    ) -> Stored<i64> {
        self.on.execute(sql::END_SESSIONS_OF_USER, values![user, now, except]).await
    }

    async fn untrust_sessions_of_device(&mut self, device_id: &str) -> Stored<i64> {
        self.on.execute(sql::UNTRUST_SESSIONS_OF_DEVICE, values![device_id]).await
    }

    async fn untrust_sessions_confirmed_by(&mut self, way: ConfirmedBy) -> Stored<i64> {
        self.on.execute(sql::UNTRUST_SESSIONS_CONFIRMED_BY, values![way.as_str()]).await
    }

    async fn shorten_web_trust(&mut self, secs: i64) -> Stored<i64> {
        let micros = Timestamp::default().plus_secs(secs).micros();
        self.on.execute(sql::SHORTEN_WEB_TRUST, values![micros]).await
    }

    async fn limit_session(&mut self, id: &str, until: Timestamp) -> Stored<()> {
        self.on.change(sql::LIMIT_SESSION, values![id, until]).await
    }

    async fn active_sessions(
        &mut self,
        user: Option<&str>,
        before: Option<&(Timestamp, String)>,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Session>> {
        let idle = now.plus_secs(-WEB_IDLE_SECS);
        let (created, id) = before.map_or((i64::MAX, ""), |(created, id)| (created.micros(), id.as_str()));
        match user {
            None => self.on.all(sql::ACTIVE_SESSIONS, values![now, created, id, limit, idle], SESSION).await,
            Some(user) => {
                let values = values![now, created, id, limit, idle, user];
                self.on.all(sql::ACTIVE_SESSIONS_OF_USER, values, SESSION).await
            }
        }
    }

    async fn count_active_sessions(&mut self, now: Timestamp) -> Stored<i64> {
        let count = self
            .on
            .optional(sql::COUNT_ACTIVE_SESSIONS, values![now, now.plus_secs(-WEB_IDLE_SECS)], NUMBER)
            .await?;
        Ok(count.unwrap_or_default())
    }

    async fn purge_sessions(&mut self, before: Timestamp) -> Stored<()> {
        self.on.change(sql::PURGE_SESSIONS, values![before]).await
    }
}
