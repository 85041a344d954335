use std::collections::BTreeMap;
use std::sync::Arc;

use gatehouse_model::resource::RoleSpec;
use gatehouse_model::{ErrorKind, Timestamp, clean_label, duration};

use super::last_admin::{AdminGuard, LastAdmin};
use super::preference::STALE;
use super::reach::{BeyondReach, Reach};
use crate::account::SHORTEST_ROLE_SECS;
use crate::audit::{EventKind, LastChange, last_change};
use crate::authz::{CreateRole, DeleteRole, Grant, ListRoles, ReadRole, UpdateRole, preset_roles};
use crate::entity::Role;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// Roles as resources.
pub struct Roles {
    core: Arc<Core>,
}

/// Something that is wrong with a role, and where in its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleProblem {
    /// Such as `spec.allow.rules[0].verbs[1]`.
    pub path: String,
    pub message: String,
}

fn in_one_line(problems: &[RoleProblem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// A role with how many users have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGlance {
    pub role: Role,
    pub users: i64,
    /// Made by the server; it can be changed but not deleted.
    pub is_preset: bool,
}

/// Why a role cannot be so.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    #[error("\"{0}\" cannot be the name of a role: use 1 to 64 letters, digits, - and _")]
    Name(String),
    /// Everything that is wrong with it.
    #[error("invalid role: {}", in_one_line(.0))]
    Spec(Vec<RoleProblem>),
    #[error("role \"{0}\" not found")]
    NotFound(String),
    #[error("role \"{0}\" already exists")]
    Exists(String),
    #[error("role \"{0}\" is a preset and cannot be deleted")]
    Preset(String),
    #[error("role \"{name}\" is still given to {users} user(s)")]
    InUse { name: String, users: i64 },
    #[error("role \"{name}\" was changed meanwhile{}", change.as_ref().map(|change| format!(" {change}")).unwrap_or_default())]
    Stale { name: String, change: Option<LastChange> },
    #[error(transparent)]
    LastAdmin(#[from] LastAdmin),
    #[error(transparent)]
    BeyondReach(#[from] BeyondReach),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for RoleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(_) | Self::Spec(_) => ErrorKind::InvalidInput,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Exists(_) | Self::Stale { .. } => ErrorKind::Conflict,
            Self::LastAdmin(error) => error.kind(),
            Self::BeyondReach(error) => error.kind(),
            Self::Preset(_) | Self::InUse { .. } => ErrorKind::FailedPrecondition,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "invalid_role_name",
            Self::Spec(_) => "invalid_role",
            Self::NotFound(_) => "role_not_found",
            Self::Exists(_) => "role_exists",
            Self::Preset(_) => "role_is_preset",
            Self::InUse { .. } => "role_in_use",
            Self::Stale { .. } => STALE,
            Self::LastAdmin(error) => error.code(),
            Self::BeyondReach(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("replace it with `tctl create -f`".to_owned()),
            Self::InUse { .. } => {
                Some("take the role from its users first: `tctl edit user/<name>`".to_owned())
            }
            Self::Stale { .. } => Some("get it again and repeat your change".to_owned()),
            Self::LastAdmin(error) => error.hint(),
            Self::BeyondReach(error) => error.hint(),
            _ => None,
        }
    }
}

/// Resources that rules may name, besides `*`.
const RESOURCES: &[&str] =
    &["device", "user", "role", "lock", "cluster_auth_preference", "session", "event", "cluster"];
/// Verbs that rules may name, besides `*`.
const VERBS: &[&str] = &["list", "read", "create", "update", "delete", "create_enroll_token", "enroll"];

impl Roles {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Writes the preset roles that are not there yet; for the server's start.
    ///
    /// # Errors
    /// Storage.
    pub async fn ensure_presets(&self) -> Result<(), StoreError> {
        let missing: Vec<Role> = {
            let mut work = self.core.read().await?;
            let known = work.roles().await?;
            let unknown = |role: &Role| known.iter().all(|known| known.name != role.name);
            preset_roles(self.core.now()).into_iter().filter(unknown).collect()
        };
        for role in missing {
            let mut work = self.core.begin().await?;
            match work.insert_role(&role).await {
                Ok(()) => work.commit().await?,
                Err(StoreError::Conflict { .. }) => {} // another server was first
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// All roles, by name.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(&self, _grant: &Grant<ListRoles>) -> Result<Vec<Role>, RoleError> {
        Ok(self.core.read().await?.roles().await?)
    }

    /// All roles, by name, each with how many users have it.
    ///
    /// # Errors
    /// Storage.
    pub async fn overview(&self, _grant: &Grant<ListRoles>) -> Result<Vec<RoleGlance>, RoleError> {
        let mut work = self.core.read().await?;
        let counts: BTreeMap<String, i64> = work.count_users_by_role().await?.into_iter().collect();
        let glance = |role: Role| RoleGlance {
            users: counts.get(&role.name).copied().unwrap_or_default(),
            is_preset: is_preset(&role.name),
            role,
        };
        Ok(work.roles().await?.into_iter().map(glance).collect())
    }

    /// One role with how many users have it, and who changed it last.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn glance(
        &self,
        _grant: &Grant<ReadRole>,
        name: &str,
    ) -> Result<(RoleGlance, Option<LastChange>), RoleError> {
        let mut work = self.core.read().await?;
        let role = work.role(name).await?.ok_or_else(|| RoleError::NotFound(clean_label(name)))?;
        let users = work.count_users_with_role(name).await?;
        let change = last_change(work.as_mut(), EventKind::ROLE_UPDATE, name).await?;
        Ok((RoleGlance { users, is_preset: is_preset(name), role }, change))
    }

    /// One role.
    ///
    /// # Errors
    /// It does not exist.
    pub async fn get(&self, _grant: &Grant<ReadRole>, name: &str) -> Result<Role, RoleError> {
        self.core.read().await?.role(name).await?.ok_or_else(|| RoleError::NotFound(clean_label(name)))
    }

    /// Creates a role.
    ///
    /// # Errors
    /// The name is taken or no name; unknown resources or verbs.
    pub async fn create(
        &self,
        grant: &Grant<CreateRole>,
        name: &str,
        description: &str,
        spec: RoleSpec,
    ) -> Result<Role, RoleError> {
        check_name(name)?;
        check_spec(&spec)?;
        let now = self.core.now();
        let role = Role {
            name: name.to_owned(),
            description: clean_label(description),
            spec,
            created: now,
            updated: now,
        };
        let mut work = self.core.begin().await?;
        work.hold_administrators().await?;
        Reach::of(work.as_mut(), grant.by()).await?.check_role(&role.spec, None)?;
        if work.role(name).await?.is_some() {
            return Err(RoleError::Exists(name.to_owned()));
        }
        work.insert_role(&role).await?;
        work.append_event(&self.core.event(EventKind::ROLE_CREATE, grant.by()).about(name)).await?;
        work.commit().await?;
        Ok(role)
    }

    /// Replaces a role. With a revision, only the state that it names.
    ///
    /// # Errors
    /// It does not exist; unknown resources or verbs; somebody else changed it meanwhile; it takes the rights of the
    /// last administrator; it adds rights that whoever asks does not have.
    pub async fn update(
        &self,
        grant: &Grant<UpdateRole>,
        name: &str,
        description: &str,
        spec: RoleSpec,
        expected_revision: Option<&str>,
    ) -> Result<Role, RoleError> {
        check_spec(&spec)?;
        let mut work = self.core.begin().await?;
        // Holds off every other change of a role, from here to the end.
        let guard = AdminGuard::before(&self.core, work.as_mut(), grant.by()).await?;
        let mut role = work.role(name).await?.ok_or_else(|| RoleError::NotFound(clean_label(name)))?;
        if expected_revision.is_some_and(|expected| expected != role.revision()) {
            let change = last_change(work.as_mut(), EventKind::ROLE_UPDATE, name).await?;
            return Err(RoleError::Stale { name: role.name, change });
        }
        Reach::of(work.as_mut(), grant.by()).await?.check_role(&spec, Some(&role))?;
        let before = std::mem::replace(&mut role.spec, spec);
        role.description = clean_label(description);
        role.updated = self.core.now();
        work.update_role(&role).await?;
        guard.after(work.as_mut()).await??;
        let details = serde_json::json!({"spec": {"from": before, "to": role.spec}});
        let event = self.core.event(EventKind::ROLE_UPDATE, grant.by()).about(name).with_details(details);
        work.append_event(&event).await?;
        work.commit().await?;
        Ok(role)
    }

    /// Deletes a role that nobody has.
    ///
    /// # Errors
    /// Presets and roles in use stay.
    pub async fn delete(&self, grant: &Grant<DeleteRole>, name: &str) -> Result<(), RoleError> {
        if is_preset(name) {
            return Err(RoleError::Preset(name.to_owned()));
        }
        let mut work = self.core.begin().await?;
        // Or somebody could be given the role while it goes.
        work.hold_administrators().await?;
        let users = work.count_users_with_role(name).await?;
        if users > 0 {
            return Err(RoleError::InUse { name: name.to_owned(), users });
        }
        if !work.delete_role(name).await? {
            return Err(RoleError::NotFound(clean_label(name)));
        }
        work.append_event(&self.core.event(EventKind::ROLE_DELETE, grant.by()).about(name)).await?;
        Ok(work.commit().await?)
    }
}

fn is_preset(name: &str) -> bool {
    preset_roles(Timestamp::default()).iter().any(|preset| preset.name == name)
}

fn check_name(name: &str) -> Result<(), RoleError> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(ok) {
        return Err(RoleError::Name(clean_label(name)));
    }
    Ok(())
}

fn check_spec(spec: &RoleSpec) -> Result<(), RoleError> {
    let mut problems = Vec::new();
    let mut wrong = |path: String, message: String| problems.push(RoleProblem { path, message });
    for (index, rule) in spec.allow.rules.iter().enumerate() {
        let at = format!("spec.allow.rules[{index}]");
        for (what, given, known) in [("resource", &rule.resources, RESOURCES), ("verb", &rule.verbs, VERBS)] {
            for (place, name) in given.iter().enumerate() {
                if name != "*" && !known.contains(&name.as_str()) {
                    let (name, known) = (clean_label(name), known.join(", "));
                    wrong(
                        format!("{at}.{what}s[{place}]"),
                        format!("unknown {what} \"{name}\", known are {known} and *"),
                    );
                }
            }
        }
        if rule.resources.is_empty() || rule.verbs.is_empty() {
            wrong(at, "a rule needs resources and verbs".to_owned());
        }
    }
    for (place, login) in spec.allow.logins.iter().enumerate() {
        if let Err(message) = check_login(login) {
            wrong(format!("spec.allow.logins[{place}]"), message);
        }
    }
    let ttl = spec.options.max_session_ttl.as_deref();
    let ttl_problem = ttl.and_then(|ttl| match duration::parse_secs(ttl) {
        Ok(secs) if secs < SHORTEST_ROLE_SECS => Some(format!(
            "\"{}\" is too short to do anything in: use {}m or more",
            clean_label(ttl),
            SHORTEST_ROLE_SECS / 60
        )),
        Ok(_) => None,
        Err(error) => Some(error),
    });
    if let Some(problem) = ttl_problem {
        wrong("spec.options.max_session_ttl".to_owned(), format!("max_session_ttl: {problem}"));
    }
    if problems.is_empty() { Ok(()) } else { Err(RoleError::Spec(problems)) }
}

/// OS logins become SSH principals: 1 to 32 plain characters, and never one of our own markers.
pub(crate) fn check_logins(logins: &[String]) -> Result<(), String> {
    logins.iter().try_for_each(|login| check_login(login))
}

fn check_login(login: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if login.is_empty() || login.len() > 32 || login.starts_with('-') || !login.chars().all(plain) {
        return Err(format!("\"{}\" cannot be an OS login", clean_label(login)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use gatehouse_model::resource::{RoleAllow, RoleOptions, Rule};

    use super::*;

    #[test]
    fn everything_that_is_wrong_with_a_role_is_told_with_its_place() {
        let rule = |resources: &[&str], verbs: &[&str]| Rule {
            resources: resources.iter().map(ToString::to_string).collect(),
            verbs: verbs.iter().map(ToString::to_string).collect(),
        };
        let spec = RoleSpec {
            allow: RoleAllow {
                rules: vec![rule(&["device"], &["list", "lst"]), rule(&["*"], &[])],
                logins: vec!["root".to_owned(), "-x".to_owned()],
            },
            options: RoleOptions { max_session_ttl: Some("soon".to_owned()), ..RoleOptions::default() },
        };
        let Err(RoleError::Spec(problems)) = check_spec(&spec) else { panic!("accepted") };
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "spec.allow.rules[0].verbs[1]",
                "spec.allow.rules[1]",
                "spec.allow.logins[1]",
                "spec.options.max_session_ttl",
            ]
        );
        assert!(problems[0].message.starts_with("unknown verb \"lst\", known are list, read"));
        assert!(check_spec(&RoleSpec::default()).is_ok());
    }

    #[test]
    fn attack_sessions_that_end_before_anybody_can_mend_the_role() {
        let with = |ttl: &str| RoleSpec {
            options: RoleOptions { max_session_ttl: Some(ttl.to_owned()), ..RoleOptions::default() },
            ..RoleSpec::default()
        };
        for ttl in ["1s", "1m59s"] {
            let Err(RoleError::Spec(problems)) = check_spec(&with(ttl)) else { panic!("{ttl} accepted") };
            assert!(problems[0].message.contains("too short to do anything in"), "{problems:?}");
        }
        assert!(check_spec(&with("2m")).is_ok());
    }

    #[test]
    fn a_revision_follows_what_can_be_edited() {
        let roles = preset_roles(Timestamp::from_secs(1));
        let same = Role { updated: Timestamp::from_secs(9), ..roles[0].clone() };
        assert_eq!(same.revision(), roles[0].revision());
        let other = Role { description: "else".to_owned(), ..roles[0].clone() };
        assert_ne!(other.revision(), roles[0].revision());
    }
}
