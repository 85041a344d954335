use async_trait::async_trait;
use gatehouse_domain::entity::Role;
use gatehouse_domain::ports::store::{RoleRows, Stored};

use super::Unit;
use crate::decode::{Decode, NUMBER, to_json};
use crate::executor::Executor;
use crate::sql::role as sql;
use crate::value::values;

const ROLE: Decode<Role> = Decode {
    entity: "role",
    read: |columns| {
        Ok(Role {
            name: columns.text()?,
            description: columns.text()?,
            spec: columns.json()?,
            created: columns.time()?,
            updated: columns.time()?,
        })
    },
};

#[async_trait]
impl<E: Executor> RoleRows for Unit<E> {
    async fn insert_role(&mut self, role: &Role) -> Stored<()> {
        let spec = to_json(&role.spec)?;
        let values = values![&role.name, &role.description, &spec, role.created, role.updated];
        self.0.execute(sql::INSERT_ROLE, values).await?;
        Ok(())
    }

    async fn role(&mut self, name: &str) -> Stored<Option<Role>> {
        self.0.optional(sql::ROLE, values![name], ROLE).await
    }

    async fn roles_named(&mut self, names: &[String]) -> Stored<Vec<Role>> {
        let mut found: Vec<Role> = Vec::with_capacity(names.len());
        for name in names {
            if found.iter().any(|role| role.name == *name) {
                continue;
            }
            found.extend(self.role(name).await?);
        }
        Ok(found)
    }

    async fn update_role(&mut self, role: &Role) -> Stored<bool> {
        let spec = to_json(&role.spec)?;
        let values = values![&role.name, &role.description, &spec, role.updated];
        Ok(self.0.execute(sql::UPDATE_ROLE, values).await? > 0)
    }

    async fn delete_role(&mut self, name: &str) -> Stored<bool> {
        Ok(self.0.execute(sql::DELETE_ROLE, values![name]).await? > 0)
    }

    async fn roles(&mut self) -> Stored<Vec<Role>> {
        self.0.all(sql::ROLES, values![], ROLE).await
    }

    async fn count_users_with_role(&mut self, name: &str) -> Stored<i64> {
        let count = self.0.optional(sql::COUNT_USERS_WITH_ROLE, values![name], NUMBER).await?;
        Ok(count.unwrap_or_default())
    }
}
