use async_trait::async_trait;
use gatehouse_domain::entity::{
    BoundCredential, Credential, Device, Digest, EnrollToken, PreferenceKey, SessionDevice, SessionKey,
};
use gatehouse_domain::ports::ceremony_rows::{
    AuthenticationEnd, CallerRecord, CeremonyRows, EnrolmentEnd, Held, Opening,
};
use gatehouse_domain::ports::store::Stored;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{OsType, Timestamp};

use super::Unit;
use super::cluster::PREFERENCE;
use super::credential::{BOUND_CREDENTIAL, CREDENTIAL, put_statements, put_values, use_values};
use super::device::DEVICE_AND_ALARM;
use super::enroll_token::TOKEN_AND_DEVICE;
use super::lock::{LOCK, first_lock, lock_questions};
use super::session::{STANDING, StandingRow, device_values, standing};
use crate::decode::{Columns, Decode};
use crate::executor::{Answer, Executor, Statement};
use crate::sql::{ceremony as sql, cluster, credential, device, enroll_token, lock, session};
use crate::value::values;

/// A row of [`sql::CALLER`].
type CallerRow = (Option<LockTarget>, Option<String>, StandingRow);

const CALLER: Decode<CallerRow> = Decode {
    entity: "session with its account",
    read: |columns| Ok((lock_target(columns)?, columns.maybe_text()?, (STANDING.read)(columns)?)),
};

fn lock_target(columns: &mut dyn Columns) -> Stored<Option<LockTarget>> {
    let target = LockTarget {
        user: columns.maybe_text()?,
        role: columns.maybe_text()?,
        device: columns.maybe_text()?,
    };
    Ok(Some(target).filter(|target| *target != LockTarget::default()))
}

impl<E: Executor> Unit<E> {
    /// Asks what the first message of a ceremony is judged by.
    async fn open<T>(
        &mut self,
        found: Statement<'_>,
        lock: Statement<'_>,
        decode: Decode<T>,
    ) -> Stored<Opening<T>> {
        let preference = Statement { sql: cluster::PREFERENCE, values: values![] };
        let mut answers = self.on.run(&[preference, found, lock]).await?.into_iter();
        Ok(Opening {
            preference: E::every(answers.next(), &PREFERENCE)?,
            found: E::first(answers.next(), &decode)?,
            lock: E::first(answers.next(), &LOCK)?,
        })
    }
}

/// The device that is held, with the first of the locks that were found.
fn held<E: Executor>(
    device: Option<Answer<E::Row>>,
    locks: impl Iterator<Item = Answer<E::Row>>,
) -> Stored<Option<Held>> {
    let lock = first_lock::<E>(locks)?;
    Ok(E::first(device, &DEVICE_AND_ALARM)?.map(|(device, alarm)| Held { device, alarm, lock }))
}

impl<E: Executor> Unit<E> {
    /// See `UnitOfWork::commit_enrolment`.
    pub(crate) async fn bind(&mut self, device: &Device, credential: &Credential) -> Stored<()> {
        let values = values![
            &device.id,
            device.updated,
            device.enroll_status as i64,
            device.owner.as_deref(),
            device.anchor.as_ref(),
        ];
        self.on.change(device::ENROL_DEVICE, values).await?;
        for Statement { sql, values } in put_statements(&put_values(credential)) {
            self.on.change(sql, values).await?;
        }
        self.touched.device(&device.id);
        Ok(())
    }
}

#[async_trait]
impl<E: Executor> CeremonyRows for Unit<E> {
    async fn caller(
        &mut self,
        key: SessionKey<'_>,
        device_id: Option<&str>,
        now: Timestamp,
    ) -> Stored<Option<CallerRecord>> {
        let mode = PreferenceKey::Mode.as_str();
        let rows = match key {
            SessionKey::Id(id) => self.on.all(sql::CALLER, values![id, mode, now, device_id], CALLER).await?,
            SessionKey::Cookie(hash) => {
                self.on.all(sql::CALLER_BY_COOKIE, values![hash, mode, now], CALLER).await?
            }
        };
        let Some((lock, mode, _)) = rows.first() else { return Ok(None) };
        let (lock, mode) = (lock.clone(), mode.clone());
        let standing = standing(rows.into_iter().map(|(_, _, row)| row));
        Ok(standing.map(|standing| CallerRecord { standing, lock, mode }))
    }

    async fn open_enrolment(
        &mut self,
        token_hash: &Digest,
        now: Timestamp,
    ) -> Stored<Opening<(EnrollToken, Device)>> {
        let found = Statement { sql: enroll_token::TOKEN_BY_HASH, values: values![token_hash] };
        let lock = Statement { sql: sql::LOCK_ON_DEVICE_OF_TOKEN, values: values![token_hash, now] };
        self.open(found, lock, TOKEN_AND_DEVICE).await
    }

    async fn open_authentication(
        &mut self,
        os_type: OsType,
        credential_id: &str,
        user: &str,
        now: Timestamp,
    ) -> Stored<Opening<BoundCredential>> {
        let values = values![os_type, credential_id, user];
        let found = Statement { sql: credential::BOUND_CREDENTIAL, values };
        let values = values![os_type, credential_id, now];
        let lock = Statement { sql: sql::LOCK_ON_DEVICE_OF_CREDENTIAL, values };
        self.open(found, lock, BOUND_CREDENTIAL).await
    }

    async fn hold_for_enrolment(
        &mut self,
        end: EnrolmentEnd<'_>,
        now: Timestamp,
    ) -> Stored<(Option<Held>, Option<Credential>, bool)> {
        let device = values![end.device_id];
        let lock = &lock_questions(None, &[], Some(end.device_id), now);
        let credential = values![end.os_type, end.credential_id];
        let spend = values![end.token_id, end.challenge_id, now];
        let mut statements = vec![Statement { sql: E::DIALECT.device_for_update, values: device }];
        statements.extend(lock.iter().map(|values| Statement { sql: lock::LOCK_IN_FORCE, values }));
        statements.push(Statement { sql: credential::CREDENTIAL, values: credential });
        statements.push(Statement { sql: enroll_token::SPEND_TOKEN, values: spend });
        let mut answers = self.on.run(&statements).await?.into_iter();
        let held = held::<E>(answers.next(), answers.by_ref().take(lock.len()))?;
        let known = E::first(answers.next(), &CREDENTIAL)?;
        Ok((held, known, answers.next().is_some_and(|spent| spent.changed > 0)))
    }

    async fn record_use(&mut self, device: &Device, credential: &Credential) -> Stored<()> {
        self.touched.device(&device.id);
        self.on.change(credential::USE_CREDENTIAL, &use_values(credential)).await?;
        self.on.change(device::USE_DEVICE, values![&device.id, device.last_authenticated]).await
    }

    async fn hold_for_authentication(
        &mut self,
        end: AuthenticationEnd<'_>,
        trusted: Option<(&str, &SessionDevice)>,
        now: Timestamp,
    ) -> Stored<(Option<Held>, Option<BoundCredential>, bool)> {
        let device = values![end.device_id];
        let locks = &lock_questions(Some(end.user), end.roles, Some(end.device_id), now);
        let credential = values![end.os_type, end.credential_id, end.user];
        let session = trusted.map(|(id, trusted)| device_values(id, Some(trusted)));
        let mut statements = vec![Statement { sql: E::DIALECT.device_for_update, values: device }];
        statements.extend(locks.iter().map(|values| Statement { sql: lock::LOCK_IN_FORCE, values }));
        statements.push(Statement { sql: credential::BOUND_CREDENTIAL, values: credential });
        statements.extend(session.iter().map(|values| Statement { sql: session::SET_DEVICE, values }));
        let mut answers = self.on.run(&statements).await?.into_iter();
        let held = held::<E>(answers.next(), answers.by_ref().take(locks.len()))?;
        let bound = E::first(answers.next(), &BOUND_CREDENTIAL)?;
        Ok((held, bound, answers.next().is_some_and(|trusted| trusted.changed > 0)))
    }
}
