use async_trait::async_trait;
use gatehouse_domain::entity::{DeviceScope, Digest, LinkPurpose, Throttle, User, UserGlance, UserLink};
use gatehouse_domain::ports::store::{Stored, UserRows};
use gatehouse_model::Timestamp;
use gatehouse_model::resource::UserKind;

use super::Unit;
use super::device::DEVICE;
use crate::decode::{Columns, Decode, NUMBER, TEXT, to_json};
use crate::executor::Executor;
use crate::sql::user as sql;
use crate::value::values;

const KINDS: [UserKind; 2] = [UserKind::Human, UserKind::Bot];
const PURPOSES: [LinkPurpose; 3] = [LinkPurpose::Invite, LinkPurpose::Reset, LinkPurpose::FirstAdmin];

/// A user with the one role that its row names, if any.
const USER_WITH_ROLE: Decode<User> = Decode {
    entity: "user",
    read: |columns| {
        let name = columns.text()?;
        user_with_role(name, columns)
    },
};

/// What follows the name in such a row.
pub(super) fn user_with_role(name: String, columns: &mut dyn Columns) -> Stored<User> {
    Ok(User {
        name,
        kind: columns.one_of(&KINDS, UserKind::as_str)?,
        logins: columns.json()?,
        password_hash: columns.maybe_text()?,
        totp_last_step: columns.int()?,
        created: columns.time()?,
        updated: columns.time()?,
        roles: columns.maybe_text()?.into_iter().collect(),
    })
}

/// What is told of a user, with the one role that the row names.
const GLANCE: Decode<UserGlance> = Decode {
    entity: "user",
    read: |columns| {
        let name = columns.text()?;
        Ok(UserGlance {
            user: user_with_role(name, columns)?,
            last_seen: columns.maybe_time()?,
            has_totp: columns.int()? > 0,
            passkeys: columns.int()?,
            enrolled_devices: columns.int()?,
        })
    },
};

const LINK: Decode<UserLink> = Decode {
    entity: "link",
    read: |columns| {
        Ok(UserLink {
            hash: columns.digest()?,
            purpose: columns.one_of(&PURPOSES, LinkPurpose::as_str)?,
            user: columns.text()?,
            created: columns.time()?,
            created_by: columns.text()?,
            expires: columns.time()?,
            used: columns.maybe_time()?,
            failures: columns.int()?,
        })
    },
};

const HASH: Decode<Digest> = Decode { entity: "link", read: |columns| columns.digest() };

const THROTTLE: Decode<Throttle> = Decode {
    entity: "throttle",
    read: |columns| {
        Ok(Throttle {
            failures: columns.int()?,
            last_failure: columns.time()?,
            blocked_until: columns.time()?,
        })
    },
};

/// Joins the rows of each user: they come together, in the order of the roles.
fn with_all_roles(rows: Vec<User>) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    for mut row in rows {
        match users.last_mut() {
            Some(user) if user.name == row.name => user.roles.append(&mut row.roles),
            _ => users.push(row),
        }
    }
    users
}

/// As [`with_all_roles`].
fn with_all_their_roles(rows: Vec<UserGlance>) -> Vec<UserGlance> {
    let mut glances: Vec<UserGlance> = Vec::new();
    for mut row in rows {
        match glances.last_mut() {
            Some(glance) if glance.user.name == row.user.name => {
                glance.user.roles.append(&mut row.user.roles)
            }
            _ => glances.push(row),
        }
    }
    glances
}

impl<E: Executor> Unit<E> {
    async fn insert_user_roles(&mut self, user: &User) -> Stored<()> {
        for (place, role) in (0_i64..).zip(&user.roles) {
            self.on.change(sql::INSERT_USER_ROLE, values![&user.name, place, role]).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<E: Executor> UserRows for Unit<E> {
    async fn insert_user(&mut self, user: &User) -> Stored<()> {
        let logins = to_json(&user.logins)?;
        let values = values![
            &user.name,
            user.kind.as_str(),
            &logins,
            user.password_hash.as_deref(),
            user.totp_last_step,
            user.created,
            user.updated,
        ];
        self.on.execute(sql::INSERT_USER, values).await?;
        self.insert_user_roles(user).await
    }

    async fn user(&mut self, name: &str) -> Stored<Option<User>> {
        let rows = self.on.all(sql::USER, values![name], USER_WITH_ROLE).await?;
        Ok(with_all_roles(rows).pop())
    }

    async fn user_for_update(&mut self, name: &str) -> Stored<Option<User>> {
        let rows = self.on.all(E::DIALECT.user_for_update, values![name], USER_WITH_ROLE).await?;
        Ok(with_all_roles(rows).pop())
    }

    async fn update_user(&mut self, user: &User) -> Stored<bool> {
        let logins = to_json(&user.logins)?;
        let values =
            values![&user.name, user.kind.as_str(), &logins, user.password_hash.as_deref(), user.updated,];
        if self.on.execute(sql::UPDATE_USER, values).await? == 0 {
            return Ok(false);
        }
        self.on.change(sql::DELETE_USER_ROLES, values![&user.name]).await?;
        self.insert_user_roles(user).await?;
        Ok(true)
    }

    async fn delete_user(&mut self, name: &str) -> Stored<bool> {
        self.on.change(sql::DELETE_LINKS, values![name]).await?;
        for device in self.on.all(sql::DEVICES_USED_BY, values![name], TEXT).await? {
            // Held as by everybody else who changes what is listed of it.
            self.on.optional(E::DIALECT.device_for_update, values![&device], DEVICE).await?;
            self.touched.device(&device);
        }
        Ok(self.on.execute(sql::DELETE_USER, values![name]).await? > 0)
    }

    async fn users(&mut self, after: Option<&str>, limit: i64) -> Stored<Vec<User>> {
        let values = values![after.unwrap_or_default(), limit];
        Ok(with_all_roles(self.on.all(sql::USERS, values, USER_WITH_ROLE).await?))
    }

    async fn count_users(&mut self) -> Stored<i64> {
        Ok(self.on.optional(sql::COUNT_USERS, values![], NUMBER).await?.unwrap_or_default())
    }

    async fn user_glances(
        &mut self,
        prefix: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Stored<Vec<UserGlance>> {
        // What begins so lies before the beginning with the last of all characters.
        let end = format!("{prefix}{}", char::MAX);
        let values = values![after.unwrap_or_default(), prefix, &end, limit];
        Ok(with_all_their_roles(self.on.all(sql::USER_GLANCES, values, GLANCE).await?))
    }

    async fn user_glances_before(
        &mut self,
        prefix: &str,
        before: &str,
        limit: i64,
    ) -> Stored<Vec<UserGlance>> {
        let end = format!("{prefix}{}", char::MAX);
        let values = values![before, prefix, &end, limit];
        Ok(with_all_their_roles(self.on.all(sql::USER_GLANCES_BEFORE, values, GLANCE).await?))
    }

    async fn user_glance(&mut self, name: &str) -> Stored<Option<UserGlance>> {
        Ok(with_all_their_roles(self.on.all(sql::USER_GLANCE, values![name], GLANCE).await?).pop())
    }

    async fn users_with_role(&mut self, role: &str, after: Option<&str>, limit: i64) -> Stored<Vec<User>> {
        let values = values![role, after.unwrap_or_default(), limit];
        Ok(with_all_roles(self.on.all(sql::USERS_WITH_ROLE, values, USER_WITH_ROLE).await?))
    }

    async fn users_without_device(
        &mut self,
        scope: &DeviceScope,
        after: Option<&str>,
        limit: i64,
    ) -> Stored<Vec<String>> {
        self.on.takes_long();
        let (bots, after) = (!scope.humans_only, after.unwrap_or_default());
        match &scope.role {
            None => self.on.all(sql::USERS_WITHOUT_DEVICE, values![bots, after, limit], TEXT).await,
            Some(role) => {
                self.on.all(sql::HOLDERS_WITHOUT_DEVICE, values![bots, after, limit, role], TEXT).await
            }
        }
    }

    async fn count_users_without_device(&mut self, scope: &DeviceScope, most: i64) -> Stored<i64> {
        self.on.takes_long();
        let bots = !scope.humans_only;
        let count = match &scope.role {
            None => self.on.optional(sql::COUNT_USERS_WITHOUT_DEVICE, values![bots, most], NUMBER).await?,
            Some(role) => {
                let values = values![bots, most, role];
                self.on.optional(sql::COUNT_HOLDERS_WITHOUT_DEVICE, values, NUMBER).await?
            }
        };
        Ok(count.unwrap_or_default())
    }

    async fn take_totp_step(&mut self, user: &str, step: i64) -> Stored<bool> {
        Ok(self.on.execute(sql::TAKE_TOTP_STEP, values![user, step]).await? > 0)
    }

    async fn insert_link(&mut self, link: &UserLink) -> Stored<()> {
        let values = values![
            &link.hash,
            link.purpose.as_str(),
            &link.user,
            link.created,
            &link.created_by,
            link.expires,
            link.used,
            link.failures,
        ];
        self.on.execute(sql::INSERT_LINK, values).await?;
        Ok(())
    }

    async fn link(&mut self, hash: &Digest) -> Stored<Option<UserLink>> {
        self.on.optional(sql::LINK, values![hash], LINK).await
    }

    async fn use_link(&mut self, hash: &Digest, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::USE_LINK, values![hash, now]).await? > 0)
    }

    async fn fail_link(&mut self, hash: &Digest) -> Stored<i64> {
        Ok(self.on.optional(sql::FAIL_LINK, values![hash], NUMBER).await?.unwrap_or_default())
    }

    async fn delete_unused_links(&mut self, user: &str) -> Stored<()> {
        self.on.change(sql::DELETE_UNUSED_LINKS, values![user]).await
    }

    async fn purge_links(&mut self, before: Timestamp) -> Stored<Vec<Digest>> {
        self.on.all(sql::PURGE_LINKS, values![before], HASH).await
    }

    async fn take_attempt(
        &mut self,
        key: &str,
        now: Timestamp,
        quiet_before: Timestamp,
    ) -> Stored<Option<i64>> {
        self.on.optional(sql::TAKE_ATTEMPT, values![key, now, quiet_before], NUMBER).await
    }

    async fn take_fading_attempt(
        &mut self,
        key: &str,
        now: Timestamp,
        fades_secs: i64,
    ) -> Stored<Option<i64>> {
        let micros = fades_secs.max(1).saturating_mul(1_000_000);
        self.on.optional(sql::TAKE_FADING_ATTEMPT, values![key, now, micros], NUMBER).await
    }

    async fn close_throttle(&mut self, key: &str, until: Timestamp) -> Stored<()> {
        self.on.change(sql::CLOSE_THROTTLE, values![key, until]).await
    }

    async fn return_attempt(&mut self, key: &str) -> Stored<()> {
        self.on.change(sql::RETURN_ATTEMPT, values![key]).await
    }

    async fn throttle(&mut self, key: &str) -> Stored<Option<Throttle>> {
        self.on.optional(sql::THROTTLE, values![key], THROTTLE).await
    }

    async fn put_throttle(&mut self, key: &str, throttle: &Throttle) -> Stored<()> {
        let Throttle { failures, last_failure, blocked_until } = *throttle;
        self.on.change(sql::PUT_THROTTLE, values![key, failures, last_failure, blocked_until]).await
    }

    async fn purge_throttles(&mut self, before: Timestamp) -> Stored<()> {
        self.on.change(sql::PURGE_THROTTLES, values![before]).await
    }
}
