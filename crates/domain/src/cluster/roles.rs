use std::sync::Arc;

use gatehouse_model::resource::RoleSpec;
use gatehouse_model::{ErrorKind, clean_label, duration};

use crate::audit::EventKind;
use crate::authz::{CreateRole, DeleteRole, Grant, ListRoles, ReadRole, UpdateRole, preset_roles};
use crate::entity::Role;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// Roles as resources.
pub struct Roles {
    core: Arc<Core>,
}

/// Why a role cannot be so.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    #[error("\"{0}\" cannot be the name of a role: use 1 to 64 letters, digits, - and _")]
    Name(String),
    #[error("invalid role: {0}")]
    Spec(String),
    #[error("role \"{0}\" not found")]
    NotFound(String),
    #[error("role \"{0}\" already exists")]
    Exists(String),
    #[error("role \"{0}\" is a preset and cannot be deleted")]
    Preset(String),
    #[error("role \"{name}\" is still given to {users} user(s)")]
    InUse { name: String, users: i64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for RoleError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(_) | Self::Spec(_) => ErrorKind::InvalidInput,
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Exists(_) => ErrorKind::Conflict,
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
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Exists(_) => Some("replace it with `tctl create -f`".to_owned()),
            Self::InUse { .. } => {
                Some("take the role from its users first: `tctl edit user/<name>`".to_owned())
            }
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
        if work.role(name).await?.is_some() {
            return Err(RoleError::Exists(name.to_owned()));
        }
        work.insert_role(&role).await?;
        work.append_event(&self.core.event(EventKind::ROLE_CREATE, grant.by()).about(name)).await?;
        work.commit().await?;
        Ok(role)
    }

    /// Replaces a role.
    ///
    /// # Errors
    /// It does not exist; unknown resources or verbs.
    pub async fn update(
        &self,
        grant: &Grant<UpdateRole>,
        name: &str,
        description: &str,
        spec: RoleSpec,
    ) -> Result<Role, RoleError> {
        check_spec(&spec)?;
        let mut work = self.core.begin().await?;
        let mut role = work.role(name).await?.ok_or_else(|| RoleError::NotFound(clean_label(name)))?;
        role.description = clean_label(description);
        role.spec = spec;
        role.updated = self.core.now();
        work.update_role(&role).await?;
        work.append_event(&self.core.event(EventKind::ROLE_UPDATE, grant.by()).about(name)).await?;
        work.commit().await?;
        Ok(role)
    }

    /// Deletes a role that nobody has.
    ///
    /// # Errors
    /// Presets and roles in use stay.
    pub async fn delete(&self, grant: &Grant<DeleteRole>, name: &str) -> Result<(), RoleError> {
        if preset_roles(self.core.now()).iter().any(|preset| preset.name == name) {
            return Err(RoleError::Preset(name.to_owned()));
        }
        let mut work = self.core.begin().await?;
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

fn check_name(name: &str) -> Result<(), RoleError> {
    let ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 64 || !name.chars().all(ok) {
        return Err(RoleError::Name(clean_label(name)));
    }
    Ok(())
}

fn check_spec(spec: &RoleSpec) -> Result<(), RoleError> {
    for rule in &spec.allow.rules {
        let unknown = |given: &[String], known: &[&str]| {
            given
                .iter()
                .find(|name| *name != "*" && !known.contains(&name.as_str()))
                .map(|name| clean_label(name))
        };
        if let Some(name) = unknown(&rule.resources, RESOURCES) {
            return Err(RoleError::Spec(format!(
                "unknown resource \"{name}\", known are {} and *",
                RESOURCES.join(", ")
            )));
        }
        if let Some(name) = unknown(&rule.verbs, VERBS) {
            return Err(RoleError::Spec(format!(
                "unknown verb \"{name}\", known are {} and *",
                VERBS.join(", ")
            )));
        }
        if rule.resources.is_empty() || rule.verbs.is_empty() {
            return Err(RoleError::Spec("a rule needs resources and verbs".to_owned()));
        }
    }
    check_logins(&spec.allow.logins).map_err(RoleError::Spec)?;
    if let Some(ttl) = &spec.options.max_session_ttl {
        duration::parse_secs(ttl).map_err(|error| RoleError::Spec(format!("max_session_ttl: {error}")))?;
    }
    Ok(())
}

/// OS logins become SSH principals: 1 to 32 plain characters, and never one of our own markers.
pub(crate) fn check_logins(logins: &[String]) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    let good = |login: &String| {
        !login.is_empty() && login.len() <= 32 && !login.starts_with('-') && login.chars().all(plain)
    };
    match logins.iter().find(|login| !good(login)) {
        Some(bad) => Err(format!("\"{}\" cannot be an OS login", clean_label(bad))),
        None => Ok(()),
    }
}
