use async_trait::async_trait;
use gatehouse_domain::entity::Lock;
use gatehouse_domain::ports::store::{LockRows, Stored};
use gatehouse_model::Timestamp;
use gatehouse_model::resource::LockTarget;

use super::Unit;
use super::device::DEVICE;
use crate::decode::{Decode, MAYBE_TEXT};
use crate::executor::{Answer, Executor, Statement};
use crate::sql::lock as sql;
use crate::value::{Value, values};

pub(super) const LOCK: Decode<Lock> = Decode {
    entity: "lock",
    read: |columns| {
        Ok(Lock {
            id: columns.text()?,
            target: LockTarget {
                user: columns.maybe_text()?,
                role: columns.maybe_text()?,
                device: columns.maybe_text()?,
            },
            message: columns.text()?,
            created: columns.time()?,
            created_by: columns.text()?,
            expires: columns.maybe_time()?,
        })
    },
};

/// The arguments of as many [`sql::LOCK_IN_FORCE`] as the roles need.
pub(super) fn lock_questions<'v>(
    user: Option<&'v str>,
    roles: &'v [String],
    device_id: Option<&'v str>,
    now: Timestamp,
) -> Vec<[Value<'v>; 3 + sql::ROLES_AT_ONCE]> {
    let none: &[String] = &[];
    let parts = roles.chunks(sql::ROLES_AT_ONCE).chain(Some(none).filter(|_| roles.is_empty()));
    let question = |some: &'v [String]| {
        let mut values = [Value::Text(None); 3 + sql::ROLES_AT_ONCE];
        values[0] = Value::from(now);
        values[1] = Value::from(user);
        values[2] = Value::from(device_id);
        for (value, role) in values[3..].iter_mut().zip(some) {
            *value = Value::from(role);
        }
        values
    };
    parts.map(question).collect()
}

/// The first of the locks that the answers hold.
pub(super) fn first_lock<E: Executor>(answers: impl Iterator<Item = Answer<E::Row>>) -> Stored<Option<Lock>> {
    let mut first: Option<Lock> = None;
    for answer in answers {
        let found = E::first(Some(answer), &LOCK)?;
        first = first.into_iter().chain(found).min_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
    }
    Ok(first)
}

#[async_trait]
impl<E: Executor> LockRows for Unit<E> {
    async fn insert_lock(&mut self, lock: &Lock) -> Stored<()> {
        let LockTarget { user, role, device } = &lock.target;
        let values = values![
            &lock.id,
            user.as_deref(),
            role.as_deref(),
            device.as_deref(),
            &lock.message,
            lock.created,
            &lock.created_by,
            lock.expires,
        ];
        self.on.execute(sql::INSERT_LOCK, values).await?;
        if let Some(device) = device {
            self.touched.device(device);
        }
        Ok(())
    }

    async fn lock(&mut self, id: &str) -> Stored<Option<Lock>> {
        self.on.optional(sql::LOCK, values![id], LOCK).await
    }

    async fn delete_lock(&mut self, id: &str) -> Stored<bool> {
        if let Some(Some(device)) = self.on.optional(sql::DEVICE_OF_LOCK, values![id], MAYBE_TEXT).await? {
            // Held as by everybody else who changes what is listed of it.
            self.on.optional(E::DIALECT.device_for_update, values![&device], DEVICE).await?;
            self.touched.device(&device);
        }
        Ok(self.on.execute(sql::DELETE_LOCK, values![id]).await? > 0)
    }

    async fn locks(&mut self) -> Stored<Vec<Lock>> {
        self.on.all(sql::LOCKS, values![], LOCK).await
    }

    async fn locks_page(
        &mut self,
        in_force: bool,
        before: Option<&(Timestamp, String)>,
        now: Timestamp,
        limit: i64,
    ) -> Stored<Vec<Lock>> {
        let statement = if in_force { sql::LOCKS_IN_FORCE } else { sql::LOCKS_EXPIRED };
        let (created, id) = before.map_or((i64::MAX, ""), |(created, id)| (created.micros(), id.as_str()));
        self.on.all(statement, values![created, id, now, limit], LOCK).await
    }

    async fn locks_on_people(&mut self, first: &str, last: &str, now: Timestamp) -> Stored<Vec<Lock>> {
        self.on.all(sql::LOCKS_ON_PEOPLE, values![now, first, last], LOCK).await
    }

    async fn lock_in_force(
        &mut self,
        user: Option<&str>,
        roles: &[String],
        device_id: Option<&str>,
        now: Timestamp,
    ) -> Stored<Option<Lock>> {
        let questions = lock_questions(user, roles, device_id, now);
        let statement = |values| Statement { sql: sql::LOCK_IN_FORCE, values };
        let statements: Vec<_> = questions.iter().map(|values| statement(values.as_slice())).collect();
        first_lock::<E>(self.on.run(&statements).await?.into_iter())
    }
}
