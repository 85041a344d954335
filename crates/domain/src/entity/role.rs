use gatehouse_model::Timestamp;
use gatehouse_model::resource::RoleSpec;

/// A role; its rules add up with those of the user's other roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub description: String,
    pub spec: RoleSpec,
    pub created: Timestamp,
    pub updated: Timestamp,
}
