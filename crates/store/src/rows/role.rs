use async_trait::async_trait;
use gatehouse_domain::entity::Role;
use gatehouse_domain::ports::store::{RoleRows, Stored};

use super::Unit;
use crate::decode::{Columns, Decode, NUMBER, to_json};
use crate::executor::Executor;
use crate::sql::role as sql;
use crate::value::{Value, values};

const ROLE: Decode<Role> = Decode {
    entity: "role",
    read: |columns| {
        let name = columns.text()?;
        role_named(name, columns)
    },
};

/// A role's name and a number.
const COUNT: Decode<(String, i64)> =
    Decode { entity: "role", read: |columns| Ok((columns.text()?, columns.int()?)) };

/// What follows the name in a role's row.
pub(super) fn role_named(name: String, columns: &mut dyn Columns) -> Stored<Role> {
    Ok(Role {
        name,
        description: columns.text()?,
        spec: columns.json()?,
        created: columns.time()?,
        updated: columns.time()?,
    })
}

#[async_trait]
impl<E: Executor> RoleRows for Unit<E> {
    async fn insert_role(&mut self, role: &Role) -> Stored<()> {
        let spec = to_json(&role.spec)?;
        let values = values![&role.name, &role.description, &spec, role.created, role.updated];
        self.on.execute(sql::INSERT_ROLE, values).await?;
        Ok(())
    }

    async fn role(&mut self, name: &str) -> Stored<Option<Role>> {
        self.on.optional(sql::ROLE, values![name], ROLE).await
    }

    async fn roles_named(&mut self, names: &[String]) -> Stored<Vec<Role>> {
        let place = |name: &str| names.iter().position(|asked| asked == name);
        let mut found: Vec<Role> = Vec::with_capacity(names.len());
        for some in names.chunks(sql::ROLES_AT_ONCE) {
            let mut values = [Value::Text(None); sql::ROLES_AT_ONCE];
            for (value, name) in values.iter_mut().zip(some) {
                *value = Value::from(name);
            }
            found.append(&mut self.on.all(sql::ROLES_NAMED, &values, ROLE).await?);
        }
        found.sort_by_key(|role| place(&role.name));
        // A name that is given again, further on.
        found.dedup_by(|one, other| one.name == other.name);
        Ok(found)
    }

    async fn update_role(&mut self, role: &Role) -> Stored<bool> {
        let spec = to_json(&role.spec)?;
        let values = values![&role.name, &role.description, &spec, role.updated];
        Ok(self.on.execute(sql::UPDATE_ROLE, values).await? > 0)
    }

    async fn delete_role(&mut self, name: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::DELETE_ROLE, values![name]).await? > 0)
    }

    async fn roles(&mut self) -> Stored<Vec<Role>> {
        self.on.all(sql::ROLES, values![], ROLE).await
    }

    async fn count_users_with_role(&mut self, name: &str) -> Stored<i64> {
        let count = self.on.optional(sql::COUNT_USERS_WITH_ROLE, values![name], NUMBER).await?;
        Ok(count.unwrap_or_default())
    }

    async fn count_users_by_role(&mut self) -> Stored<Vec<(String, i64)>> {
        self.on.all(sql::COUNT_USERS_BY_ROLE, values![], COUNT).await
    }
}
