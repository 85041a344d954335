//! Nobody gives rights that they do not have: neither by a role that they give to an account, nor by one that they
//! write, nor by taking over an account that has more.
//!
//! Who may do everything may also give every OS login. Root on the server's own host is exempt, as everywhere.

use gatehouse_model::ErrorKind;
use gatehouse_model::resource::RoleSpec;

use crate::Decision;
use crate::authz::Attribution;
use crate::entity::Role;
use crate::identity::logins;
use crate::ports::{StoreError, UnitOfWork};

/// A right that is to be given by somebody who lacks it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BeyondReach {
    #[error("this would give the right to \"{verb}\" on \"{resource}\", which you do not have yourself")]
    Right { resource: String, verb: String },
    #[error("this would give the OS login \"{0}\", which you do not have yourself")]
    Login(String),
}

impl Decision for BeyondReach {
    fn kind(&self) -> ErrorKind {
        ErrorKind::PermissionDenied
    }

    fn code(&self) -> &'static str {
        "beyond_own_rights"
    }

    fn hint(&self) -> Option<String> {
        Some("ask somebody who has it, for instance an administrator with the role editor".to_owned())
    }
}

/// What somebody has and so may give.
pub(crate) struct Reach {
    everything: bool,
    roles: Vec<Role>,
    logins: Vec<String>,
}

impl Reach {
    /// As it stands now: to be asked before anything is changed, with the administrators held.
    pub(crate) async fn of(work: &mut dyn UnitOfWork, by: &Attribution) -> Result<Self, StoreError> {
        if by.is_host_admin() {
            return Ok(Self { everything: true, roles: Vec::new(), logins: Vec::new() });
        }
        let Some(user) = work.user(&by.user).await? else {
            return Ok(Self { everything: false, roles: Vec::new(), logins: Vec::new() });
        };
        let roles = work.roles_named(&user.roles).await?;
        let logins = logins(&user, &roles);
        Ok(Self { everything: false, roles, logins })
    }

    /// Whether all that a role gives may be given; what `before` gives already is given by nobody now.
    ///
    /// # Errors
    /// The first right that is beyond reach.
    pub(crate) fn check_role(&self, spec: &RoleSpec, before: Option<&Role>) -> Result<(), BeyondReach> {
        for rule in &spec.allow.rules {
            for resource in &rule.resources {
                for verb in &rule.verbs {
                    // A star is only within the reach of a star: it gives what there will be, too.
                    let known = before.is_some_and(|before| before.allows(resource, verb));
                    if !known && !self.allows(resource, verb) {
                        return Err(BeyondReach::Right { resource: resource.clone(), verb: verb.clone() });
                    }
                }
            }
        }
        let before = before.map(|before| before.spec.allow.logins.as_slice()).unwrap_or_default();
        self.check_logins(spec.allow.logins.iter().filter(|login| !before.contains(login)))
    }

    /// Whether these roles and OS logins may be given.
    ///
    /// # Errors
    /// The first right that is beyond reach.
    pub(crate) fn check<'a>(
        &self,
        roles: impl Iterator<Item = &'a Role>,
        logins: impl Iterator<Item = &'a String>,
    ) -> Result<(), BeyondReach> {
        for role in roles {
            self.check_role(&role.spec, None)?;
        }
        self.check_logins(logins)
    }

    fn check_logins<'a>(&self, mut logins: impl Iterator<Item = &'a String>) -> Result<(), BeyondReach> {
        if self.allows("*", "*") {
            return Ok(());
        }
        let beyond = logins.find(|login| !self.logins.contains(login));
        beyond.map_or(Ok(()), |login| Err(BeyondReach::Login(login.clone())))
    }

    fn allows(&self, resource: &str, verb: &str) -> bool {
        self.everything || self.roles.iter().any(|role| role.allows(resource, verb))
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::Timestamp;
    use gatehouse_model::resource::{RoleAllow, Rule};

    use super::*;
    use crate::authz::preset_roles;

    fn spec(rules: &[(&str, &str)], logins: &[&str]) -> RoleSpec {
        let rules = rules
            .iter()
            .map(|(resource, verb)| Rule {
                resources: vec![(*resource).to_owned()],
                verbs: vec![(*verb).to_owned()],
            })
            .collect();
        let logins = logins.iter().map(ToString::to_string).collect();
        RoleSpec { allow: RoleAllow { rules, logins }, ..RoleSpec::default() }
    }

    fn role(spec: RoleSpec) -> Role {
        let now = Timestamp::from_secs(0);
        Role { name: "x".to_owned(), description: String::new(), spec, created: now, updated: now }
    }

    fn reach(rules: &[(&str, &str)], logins: &[&str]) -> Reach {
        let logins = logins.iter().map(ToString::to_string).collect();
        Reach { everything: false, roles: vec![role(spec(rules, &[]))], logins }
    }

    #[test]
    fn nobody_gives_what_they_do_not_have() {
        let people = reach(&[("user", "*"), ("role", "update"), ("device", "list")], &["ubuntu"]);
        assert_eq!(
            people.check_role(&spec(&[("user", "delete"), ("device", "list")], &["ubuntu"]), None),
            Ok(())
        );
        let right = |resource: &str, verb: &str| {
            Err(BeyondReach::Right { resource: resource.to_owned(), verb: verb.to_owned() })
        };
        assert_eq!(people.check_role(&spec(&[("role", "create")], &[]), None), right("role", "create"));
        assert_eq!(people.check_role(&spec(&[("role", "*")], &[]), None), right("role", "*"));
        assert_eq!(people.check_role(&spec(&[("*", "list")], &[]), None), right("*", "list"));
        let login = Err(BeyondReach::Login("root".to_owned()));
        assert_eq!(people.check_role(&spec(&[], &["root"]), None), login);
        assert_eq!(people.check([].iter(), ["root".to_owned()].iter()), login);
        let before = role(spec(&[("role", "create")], &["root"]));
        assert_eq!(people.check_role(&before.spec, Some(&before)), Ok(()), "it was given before");
    }

    #[test]
    fn the_editor_gives_everything() {
        let roles = preset_roles(Timestamp::from_secs(0));
        let editor: Vec<Role> = roles.iter().filter(|role| role.name == "editor").cloned().collect();
        let editor = Reach { everything: false, roles: editor, logins: Vec::new() };
        assert_eq!(editor.check(roles.iter(), ["root".to_owned()].iter()), Ok(()));
        let root = Reach { everything: true, roles: Vec::new(), logins: Vec::new() };
        assert_eq!(root.check(roles.iter(), ["root".to_owned()].iter()), Ok(()));
    }
}
