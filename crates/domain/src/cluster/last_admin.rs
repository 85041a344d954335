//! Nobody locks out the last administrator: what would leave the cluster without one is refused.
//!
//! An administrator is a person who can sign in, whom no lock keeps out, whose roles together allow everything that
//! matters, and who has a second factor and an enrolled device without a lock where one is required of them; where boots are reviewed, one that awaits no review. Root on the server's own host is the way back
//! in and therefore exempt: whatever is asked through the Unix socket is done.

use std::sync::Arc;

use gatehouse_model::resource::UserKind;
use gatehouse_model::{BootDrift, ErrorKind, SecondFactor};

use super::Preference;
use crate::account::factors_of;
use crate::authz::Attribution;
use crate::entity::{Role, User};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision};

/// What an administrator can change. Whoever changes accounts and roles can give themselves all the rest.
const FULL: [(&str, &str); 4] =
    [("user", "update"), ("role", "update"), ("cluster_auth_preference", "update"), ("device", "update")];
/// Accounts that are looked at in one go.
const PAGE: i64 = 200;

/// Why a change would lock everybody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LastAdmin {
    #[error(
        "this would leave the cluster without an administrator: no person who can sign in and is not locked \
         would have full rights"
    )]
    Rights,
    #[error(
        "this would lock out every administrator: a trusted device would be required of them, and none of them \
         has an enrolled one that is neither locked nor held for how it booted"
    )]
    Device,
    #[error(
        "this would lock out every administrator: a second factor would be required of them, and none of them has \
         one that would count"
    )]
    Factor,
}

impl Decision for LastAdmin {
    fn kind(&self) -> ErrorKind {
        ErrorKind::FailedPrecondition
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Rights => "last_admin",
            Self::Device => "no_admin_with_device",
            Self::Factor => "no_admin_with_factor",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Rights => {
                "give another person full rights first, for instance the role editor; root on the server's own host \
                 may do this with `tctl`"
            }
            Self::Device => {
                "enrol a device of an administrator first: `tsh device enroll --current-device`; root on the \
                 server's own host may do this with `tctl`"
            }
            Self::Factor => {
                "add a passkey or an authenticator app that would count on your account's page \"Security\" first; root \
                 on the server's own host may do this with `tctl`"
            }
        };
        Some(hint.to_owned())
    }
}

/// Stands around a change: asked before it and after it, in one unit of work.
pub(crate) struct AdminGuard {
    core: Arc<Core>,
    /// What there was before; nothing where the one who asks is exempt.
    before: Standing,
}

impl AdminGuard {
    /// Looks at how things are. Changes that are guarded happen one after the other, or two administrators could take
    /// each other's rights away at once.
    pub(crate) async fn before(
        core: &Arc<Core>,
        work: &mut dyn UnitOfWork,
        by: &Attribution,
    ) -> Result<Self, StoreError> {
        work.hold_administrators().await?;
        let before = match by.is_host_admin() {
            true => Standing::default(),
            false => Admins::now(core, work).await?.standing(work, Standing::ALL).await?,
        };
        Ok(Self { core: Arc::clone(core), before })
    }

    /// Looks at how things have become; the unit of work must not be committed on an error.
    ///
    /// # Errors
    /// Storage; and inside, that there was an administrator and is none any more.
    pub(crate) async fn after(self, work: &mut dyn UnitOfWork) -> Result<Result<(), LastAdmin>, StoreError> {
        if self.before == Standing::default() {
            return Ok(Ok(()));
        }
        let after = Admins::now(&self.core, work).await?.standing(work, self.before).await?;
        Ok(self.before.lost(after).map_or(Ok(()), Err))
    }
}

/// What somebody needs to be an administrator, beside rights: what is required of them, that is.
#[derive(Clone, Copy)]
struct Needs {
    factor: bool,
    device: bool,
}

/// Whether there is somebody with full rights and …
///
/// An administrator has both a factor and a device, where they are required. But also where there is none, because root on
/// the host has set a mode that nobody meets yet, what is left is not to be lost: whoever has the rights and enrols a
/// device is the one who gets everybody back in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    /// … nothing else, …
    rights: bool,
    /// … a device, where one is required, …
    device: bool,
    /// … a second factor, where one is required, …
    factor: bool,
    /// … both.
    all: bool,
}

impl Standing {
    const ALL: Self = Self { rights: true, device: true, factor: true, all: true };

    /// What there was before and is no more; of several things that without which the others could not be.
    fn lost(self, after: Self) -> Option<LastAdmin> {
        if self.rights && !after.rights {
            Some(LastAdmin::Rights)
        } else if self.device && !after.device {
            Some(LastAdmin::Device)
        } else if (self.factor && !after.factor) || (self.all && !after.all) {
            Some(LastAdmin::Factor)
        } else {
            None
        }
    }
}

/// What decides who is an administrator, beside the accounts themselves.
struct Admins {
    core: Arc<Core>,
    roles: Vec<Role>,
    cluster_requires_device: bool,
    /// A device that booted otherwise than it did when it was good makes no session trusted.
    holds_drifted: bool,
    second_factor: SecondFactor,
}

impl Admins {
    async fn now(core: &Arc<Core>, work: &mut dyn UnitOfWork) -> Result<Self, StoreError> {
        let preference = Preference::new(Arc::clone(core)).effective(work).await?;
        let mut roles = work.roles().await?;
        // Those that give everything first: most often the first account of the first role settles it.
        roles.sort_by_key(|role| !administers(std::slice::from_ref(role)));
        let cluster_requires_device = preference.mode.requires_device(false);
        let holds_drifted = preference.boot_drift == BootDrift::Review;
        let second_factor = preference.second_factor;
        Ok(Self { core: Arc::clone(core), roles, cluster_requires_device, holds_drifted, second_factor })
    }

    /// What there is, of what is asked for; the rest is not looked at.
    async fn standing(&self, work: &mut dyn UnitOfWork, asked: Standing) -> Result<Standing, StoreError> {
        // Most often there is an administrator, and with that everything.
        if self.any(work, Needs { factor: true, device: true }).await? {
            return Ok(Standing::ALL);
        }
        let mut found = Standing::default();
        if asked.factor {
            found.factor = self.any(work, Needs { factor: true, device: false }).await?;
        }
        if asked.device {
            found.device = self.any(work, Needs { factor: false, device: true }).await?;
        }
        found.rights = found.factor
            || found.device
            || (asked.rights && self.any(work, Needs { factor: false, device: false }).await?);
        Ok(found)
    }

    /// Whether there is somebody with full rights and what else is needed.
    async fn any(&self, work: &mut dyn UnitOfWork, needs: Needs) -> Result<bool, StoreError> {
        for role in self.roles.iter().filter(|role| contributes(role)) {
            let mut after: Option<String> = None;
            loop {
                let users = work.users_with_role(&role.name, after.as_deref(), PAGE).await?;
                for user in &users {
                    if self.is_one(work, user, needs).await? {
                        return Ok(true);
                    }
                }
                match users.last() {
                    Some(last) if i64::try_from(users.len()).is_ok_and(|len| len == PAGE) => {
                        after = Some(last.name.clone());
                    }
                    _ => break,
                }
            }
        }
        Ok(false)
    }

    async fn is_one(&self, work: &mut dyn UnitOfWork, user: &User, needs: Needs) -> Result<bool, StoreError> {
        let roles: Vec<Role> =
            self.roles.iter().filter(|role| user.roles.contains(&role.name)).cloned().collect();
        if user.kind != UserKind::Human || !user.can_sign_in() || !administers(&roles) {
            return Ok(false);
        }
        let requires_device = self.cluster_requires_device || roles_require_device(user, &roles);
        let now = self.core.now();
        if needs.device
            && requires_device
            && !work.user_has_unlocked_device(&user.name, self.holds_drifted, now).await?
        {
            return Ok(false);
        }
        if needs.factor {
            let factors = factors_of(&self.core, work, self.second_factor, &user.name).await?;
            if !factors.lets_in() {
                return Ok(false);
            }
        }
        let lock = work.lock_in_force(Some(&user.name), &user.roles, None, now).await?;
        Ok(lock.is_none())
    }
}

/// Whether the roles together give full rights.
fn administers(roles: &[Role]) -> bool {
    FULL.iter().all(|(resource, verb)| roles.iter().any(|role| role.allows(resource, verb)))
}

/// Whether the role gives some of them.
fn contributes(role: &Role) -> bool {
    FULL.iter().any(|(resource, verb)| role.allows(resource, verb))
}

/// A role that is gone is taken for the strictest, as everywhere.
fn roles_require_device(user: &User, roles: &[Role]) -> bool {
    let is_missing = user.roles.iter().any(|name| roles.iter().all(|role| role.name != *name));
    is_missing
        || roles
            .iter()
            .filter_map(|role| role.spec.options.device_trust_mode)
            .any(|mode| mode.requires_device(false))
}

#[cfg(test)]
mod tests {
    use gatehouse_model::Timestamp;
    use gatehouse_model::resource::{RoleAllow, RoleSpec, Rule};

    use super::*;
    use crate::authz::preset_roles;

    fn role(name: &str, rules: &[(&str, &str)]) -> Role {
        let rules = rules
            .iter()
            .map(|(resource, verb)| Rule {
                resources: vec![(*resource).to_owned()],
                verbs: vec![(*verb).to_owned()],
            })
            .collect();
        let now = Timestamp::from_secs(0);
        Role {
            name: name.to_owned(),
            description: String::new(),
            spec: RoleSpec { allow: RoleAllow { rules, logins: Vec::new() }, ..RoleSpec::default() },
            created: now,
            updated: now,
        }
    }

    #[test]
    fn of_the_presets_the_editor_alone_administers() {
        let found: Vec<_> = preset_roles(Timestamp::from_secs(0))
            .into_iter()
            .filter(|role| administers(std::slice::from_ref(role)))
            .map(|role| role.name)
            .collect();
        assert_eq!(found, ["editor"]);
    }

    #[test]
    fn what_was_there_before_is_not_lost_whatever_else_was_missing() {
        let nothing = Standing::default();
        let rights = Standing { rights: true, ..nothing };
        let device = Standing { device: true, ..rights };
        let factor = Standing { factor: true, ..rights };
        let two_people = Standing { device: true, ..factor };
        let lost = [
            (Standing::ALL, Standing::ALL, None),
            (Standing::ALL, nothing, Some(LastAdmin::Rights)),
            (Standing::ALL, rights, Some(LastAdmin::Device)),
            (Standing::ALL, factor, Some(LastAdmin::Device)),
            (Standing::ALL, device, Some(LastAdmin::Factor)),
            (Standing::ALL, two_people, Some(LastAdmin::Factor)),
            (two_people, device, Some(LastAdmin::Factor)),
            (two_people, factor, Some(LastAdmin::Device)),
            (device, rights, Some(LastAdmin::Device)),
            (factor, rights, Some(LastAdmin::Factor)),
            (rights, nothing, Some(LastAdmin::Rights)),
            (rights, Standing::ALL, None),
            (nothing, nothing, None),
            (nothing, Standing::ALL, None),
        ];
        for (before, after, expected) in lost {
            assert_eq!(before.lost(after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn roles_add_up() {
        let people = role("people", &[("user", "*"), ("role", "update")]);
        let rest = role("rest", &[("cluster_auth_preference", "update"), ("device", "*")]);
        assert!(!administers(std::slice::from_ref(&people)));
        assert!(!administers(std::slice::from_ref(&rest)));
        assert!(administers(&[people.clone(), rest]));
        assert!(contributes(&people));
        assert!(!contributes(&role("reader", &[("*", "read")])));
    }
}
