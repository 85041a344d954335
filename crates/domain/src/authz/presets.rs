use gatehouse_model::resource::{RoleAllow, RoleOptions, RoleSpec, Rule};
use gatehouse_model::{DeviceTrustMode, Timestamp};

use crate::entity::Role;

/// The roles that every cluster starts with.
#[must_use]
pub fn preset_roles(now: Timestamp) -> Vec<Role> {
    let rule = |resources: &[&str], verbs: &[&str]| Rule {
        resources: resources.iter().map(ToString::to_string).collect(),
        verbs: verbs.iter().map(ToString::to_string).collect(),
    };
    let role = |name: &str, description: &str, rules: Vec<Rule>, mode: Option<DeviceTrustMode>| Role {
        name: name.to_owned(),
        description: description.to_owned(),
        spec: RoleSpec {
            allow: RoleAllow { rules, logins: Vec::new() },
            options: RoleOptions { device_trust_mode: mode, ..RoleOptions::default() },
        },
        created: now,
        updated: now,
    };
    vec![
        role("access", "Use the resources of the cluster", Vec::new(), None),
        role("editor", "Administer everything", vec![rule(&["*"], &["*"])], None),
        role(
            "device-admin",
            "Manage the inventory of devices",
            vec![rule(
                &["device"],
                &["list", "read", "create", "update", "delete", "create_enroll_token", "enroll"],
            )],
            None,
        ),
        role(
            "device-enroll",
            "Enrol devices that are registered",
            vec![rule(&["device"], &["create_enroll_token", "enroll"])],
            None,
        ),
        role(
            "require-trusted-device",
            "Require a trusted device of whoever has this role",
            Vec::new(),
            Some(DeviceTrustMode::Required),
        ),
    ]
}
