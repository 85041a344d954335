use gatehouse_model::Timestamp;
use gatehouse_model::resource::RoleSpec;

use super::revision::revision_of;

/// A role; its rules add up with those of the user's other roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: String,
    pub description: String,
    pub spec: RoleSpec,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl Role {
    /// Whether one of its rules allows the verb on the resource.
    #[must_use]
    pub fn allows(&self, resource: &str, verb: &str) -> bool {
        let named = |list: &[String], name: &str| list.iter().any(|entry| entry == "*" || entry == name);
        self.spec.allow.rules.iter().any(|rule| named(&rule.resources, resource) && named(&rule.verbs, verb))
    }

    /// Changes with everything that can be edited, and with nothing else.
    #[must_use]
    pub fn revision(&self) -> String {
        revision_of(&(&self.description, &self.spec))
    }
}
