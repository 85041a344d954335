//! Users, roles, locks and the preference as JSON documents: {kind, version, metadata, spec}.

use gatehouse_domain::Failure;
use gatehouse_domain::cluster::PreferenceDocument;
use gatehouse_domain::entity::{Lock, Role, User};
use gatehouse_model::clean_label;
use gatehouse_model::resource::{
    KIND_LOCK, KIND_PREFERENCE, KIND_ROLE, KIND_USER, LockSpec, Metadata, PREFERENCE_NAME, PreferenceSpec,
    Resource, RoleSpec, UserSpec,
};
use gatehouse_proto::gatehouse::v1 as wire;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::status;

const V1: &str = "v1";
/// The guide writes the preference so.
const PREFERENCE_VERSION: &str = "v2";

/// Reads a document of a kind.
pub(super) fn read<S: DeserializeOwned>(kind: &str, json: &str) -> Result<Resource<S>, Failure> {
    let document: Resource<S> = serde_json::from_str(json)
        .map_err(|error| status::invalid("document_invalid", format!("invalid {kind}: {error}")))?;
    if document.kind != kind {
        let text =
            format!("unexpected resource kind \"{}\", must be \"{kind}\"", clean_label(&document.kind));
        return Err(status::invalid("document_kind", text));
    }
    Ok(document)
}

/// The state that a document was made from, if it says so.
pub(super) fn revision(json: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(json).ok()?;
    document.get("metadata")?.get("revision")?.as_str().map(str::to_owned)
}

fn write<S: Serialize>(
    kind: &str,
    version: &str,
    metadata: Metadata,
    spec: S,
    revision: String,
) -> wire::Resource {
    let name = metadata.name.clone();
    let document = Resource { kind: kind.to_owned(), version: version.to_owned(), metadata, spec };
    wire::Resource {
        kind: kind.to_owned(),
        name,
        // Plain data with string keys always serialises.
        json: serde_json::to_string(&document).unwrap_or_default(),
        revision,
        ..wire::Resource::default()
    }
}

fn named(name: &str) -> Metadata {
    Metadata { name: name.to_owned(), ..Metadata::default() }
}

/// What is read and written back names the state that it was made from.
fn revised(metadata: Metadata, revision: &str) -> Metadata {
    Metadata { revision: Some(revision.to_owned()), ..metadata }
}

pub(super) fn user(user: User) -> wire::Resource {
    let revision = user.revision();
    let spec = UserSpec { kind: user.kind, roles: user.roles, logins: user.logins };
    write(KIND_USER, V1, revised(named(&user.name), &revision), spec, revision)
}

pub(super) fn role(role: Role) -> wire::Resource {
    let revision = role.revision();
    let mut metadata = revised(named(&role.name), &revision);
    metadata.description = Some(role.description).filter(|text| !text.is_empty());
    write::<RoleSpec>(KIND_ROLE, V1, metadata, role.spec, revision)
}

pub(super) fn lock(lock: Lock) -> wire::Resource {
    let spec = LockSpec { target: lock.target, message: lock.message, expires: lock.expires };
    write(KIND_LOCK, V1, named(&lock.id), spec, String::new())
}

/// The preference with every value in force, where each comes from, and what is shadowed.
pub(super) fn preference(document: PreferenceDocument) -> wire::Resource {
    let spec = PreferenceSpec::from(document.effective);
    let mut resource = {
        let metadata = revised(named(PREFERENCE_NAME), &document.revision);
        write(KIND_PREFERENCE, PREFERENCE_VERSION, metadata, spec, document.revision)
    };
    resource.sources = document
        .sources
        .iter()
        .map(|(key, source)| ((*key).to_owned(), source.as_str().to_owned()))
        .collect();
    resource.warnings = document.shadowed.iter().map(|key| shadow_warning(key)).collect();
    resource
}

/// What to say of a key of the file that a dynamic value shadows.
pub(crate) fn shadow_warning(key: &str) -> String {
    format!("{key} of the configuration file has no effect: a dynamic value of cluster_auth_preference wins")
}
