//! Resources as documents: names on the command line, YAML in, YAML and JSON out.

mod parts;
mod place;
mod preference;
mod role;
mod sources;

use std::fmt;
use std::str::FromStr;

use gatehouse_client::{ClientError, Result};
use gatehouse_model::resource::{
    KIND_DEVICE, KIND_LOCK, KIND_PREFERENCE, KIND_ROLE, KIND_USER, PREFERENCE_NAME,
};
use gatehouse_model::{ErrorKind, clean_label};
use serde::Deserialize;
use serde_yaml_ng::Value;

pub(crate) use sources::annotate;

/// Largest document that is read, in bytes: the server takes messages of 4 MiB.
pub(crate) const MAX_DOCUMENT_BYTES: u64 = 4 * 1024 * 1024;

/// Kinds of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Device,
    User,
    Role,
    Lock,
    Preference,
}

impl Kind {
    /// The kind as documents and the wire spell it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Device => KIND_DEVICE,
            Self::User => KIND_USER,
            Self::Role => KIND_ROLE,
            Self::Lock => KIND_LOCK,
            Self::Preference => KIND_PREFERENCE,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "device" | "devices" => Ok(Self::Device),
            "user" | "users" => Ok(Self::User),
            "role" | "roles" => Ok(Self::Role),
            "lock" | "locks" => Ok(Self::Lock),
            "cluster_auth_preference" | "cap" => Ok(Self::Preference),
            _ => Err(format!(
                "unknown resource kind \"{}\": use device, user, role, lock or cap",
                clean_label(text)
            )),
        }
    }
}

/// `kind` or `kind/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceRef {
    pub(crate) kind: Kind,
    /// Always set for the preference, of which there is one.
    pub(crate) name: Option<String>,
}

impl ResourceRef {
    /// The name, which commands on one resource need.
    pub(crate) fn require_name(&self) -> Result<&str> {
        self.name.as_deref().ok_or_else(|| {
            ClientError::usage(format!("which {}? name it as {}/<name>", self.kind, self.kind))
                .with_hint(format!("`tctl get {}` shows what there is", self.kind))
        })
    }
}

impl FromStr for ResourceRef {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (kind, name) = text.split_once('/').map_or((text, None), |(kind, name)| (kind, Some(name)));
        let kind: Kind = kind.parse()?;
        let name = match (kind, name) {
            (_, Some("")) => return Err(format!("the name is missing after {kind}/")),
            (Kind::Preference, None | Some(PREFERENCE_NAME)) => Some(PREFERENCE_NAME.to_owned()),
            (Kind::Preference, Some(_)) => {
                return Err(format!("there is one {kind}, and it needs no name"));
            }
            (_, name) => name.map(str::to_owned),
        };
        Ok(Self { kind, name })
    }
}

/// One document of a file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) kind: Kind,
    pub(crate) value: Value,
    /// Which one of several it is, from 1.
    pub(crate) number: Option<usize>,
    /// As it was written, where that is known.
    part: Option<parts::Part>,
}

impl Document {
    /// The document as JSON, for the wire.
    pub(crate) fn to_json(&self) -> Result<String> {
        serde_json::to_string(&self.value).map_err(|error| invalid(format!("not a document: {error}")))
    }
}

/// Reads every document of a YAML (or JSON) text.
pub(crate) fn read_documents(text: &str) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    // Of one document, nobody asks which.
    let are_many = text.lines().skip(1).any(|line| line.trim_end() == "---");
    for (part, number) in serde_yaml_ng::Deserializer::from_str(text).zip(1..) {
        let number = are_many.then_some(number);
        let value = Value::deserialize(part)
            .map_err(|error| invalid(format!("not YAML: {}", clean_label(&error.to_string()))))?;
        if value.is_null() {
            continue;
        }
        documents.push(read_value(value, number).map_err(|error| in_document(number, error))?);
    }
    if documents.is_empty() {
        return Err(invalid("there is no document"));
    }
    let parts = parts::parts(text);
    if parts.len() == documents.len() {
        for (document, part) in documents.iter_mut().zip(parts) {
            document.part = Some(part);
        }
    }
    role::check(&documents)?;
    Ok(documents)
}

fn read_value(value: Value, number: Option<usize>) -> Result<Document> {
    let kind = value
        .get("kind")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("a document says no kind; it starts with `kind: user`, for instance"))?;
    let kind = kind.parse().map_err(invalid)?;
    let value = if kind == Kind::Preference { preference::read(value)? } else { value };
    Ok(Document { kind, value, number, part: None })
}

/// Says in which of several documents something is wrong.
pub(crate) fn in_document(number: Option<usize>, mut error: ClientError) -> ClientError {
    if let Some(number) = number {
        error.message = format!("document {number}: {}", error.message);
    }
    error
}

/// Reads the one document of a text, of the kind that is edited.
pub(crate) fn read_document(text: &str, kind: Kind) -> Result<Document> {
    let mut documents = read_documents(text)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) if document.kind == kind => Ok(document),
        (Some(document), true) => {
            Err(invalid(format!("unexpected resource kind \"{}\", must be \"{kind}\"", document.kind)))
        }
        _ => Err(invalid("there is more than one document")),
    }
}

/// A document of the server, in the server's order of keys.
pub(crate) fn from_json(json: &str) -> Result<Value> {
    serde_json::from_str(json)
        .map_err(|error| ClientError::unexpected(format!("the server's document is not JSON: {error}")))
}

/// YAML of one document.
pub(crate) fn to_yaml(value: &impl serde::Serialize) -> Result<String> {
    serde_yaml_ng::to_string(value)
        .map_err(|error| ClientError::new(ErrorKind::Internal, "encode", error.to_string()))
}

/// What the server finds wrong with a document, with the place in the text that somebody wrote, not in what was sent. It
/// is the server that says what is wrong: it may know more keys than this program does.
pub(crate) fn about_document(mut error: ClientError, document: &Document) -> ClientError {
    if error.code != "document_invalid" {
        return error;
    }
    if let Err(found) = document.check() {
        (error.message, error.hint) = (found.message, found.hint.or(error.hint));
    } else if let Some((message, _)) = error.message.rsplit_once(" at line 1 column ") {
        error.message = message.to_owned();
    }
    error
}

fn invalid(message: impl Into<String>) -> ClientError {
    ClientError::new(ErrorKind::InvalidInput, "invalid_document", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<ResourceRef, String> {
        text.parse()
    }

    #[test]
    fn resources_are_named_by_kind_and_name() {
        assert_eq!(parse("devices"), Ok(ResourceRef { kind: Kind::Device, name: None }));
        assert_eq!(parse("device/a/b"), Ok(ResourceRef { kind: Kind::Device, name: Some("a/b".to_owned()) }));
        for text in ["cap", "cluster_auth_preference", "cap/cluster-auth-preference"] {
            assert_eq!(parse(text).unwrap().name.as_deref(), Some(PREFERENCE_NAME));
        }
        for bad in ["", "node", "user/", "cap/other"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            parse("user").unwrap().require_name().unwrap_err().message,
            "which user? name it as user/<name>"
        );
    }

    #[test]
    fn a_file_may_hold_several_documents() {
        let documents =
            read_documents("---\nkind: user\nmetadata: {name: a}\n---\nkind: role\nmetadata: {name: b}\n")
                .unwrap();
        assert_eq!(documents.iter().map(|d| d.kind).collect::<Vec<_>>(), [Kind::User, Kind::Role]);
        assert_eq!(documents[0].to_json().unwrap(), r#"{"kind":"user","metadata":{"name":"a"}}"#);
        assert_eq!(read_documents(r#"{"kind":"cap"}"#).unwrap()[0].kind, Kind::Preference);
    }

    #[test]
    fn rubbish_is_refused_in_words() {
        let message = |text: &str| read_documents(text).unwrap_err().message;
        assert_eq!(message(""), "there is no document");
        assert!(message("a: [").starts_with("not YAML"));
        assert!(message("a: 1\na: 2\nkind: user").starts_with("not YAML"));
        assert!(message("a: 1").starts_with("a document says no kind"));
        assert!(message("kind: node").starts_with("unknown resource kind"));
        assert_eq!(
            read_document("kind: user", Kind::Role).unwrap_err().message,
            "unexpected resource kind \"user\", must be \"role\""
        );
        assert!(read_document("kind: user\n---\nkind: user\n", Kind::User).is_err());
        let second = message("kind: user\n---\nkind: node\n---\nkind: user\n");
        assert!(second.starts_with("document 2: unknown resource kind \"node\""), "{second}");
    }

    #[test]
    fn documents_keep_the_order_of_their_keys() {
        let value = from_json(r#"{"kind":"user","version":"v2","metadata":{"name":"a"},"spec":{}}"#).unwrap();
        assert_eq!(to_yaml(&value).unwrap(), "kind: user\nversion: v2\nmetadata:\n  name: a\nspec: {}\n");
    }
}
