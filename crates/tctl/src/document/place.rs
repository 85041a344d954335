//! What is wrong with a document, and where that stands in the file.

use gatehouse_client::{ClientError, Result};
use gatehouse_model::clean_label;
use gatehouse_model::resource::{LockSpec, PreferenceSpec, Resource, UserSpec};
use serde::de::DeserializeOwned;

use super::{Document, Kind, in_document, invalid};

impl Document {
    /// Finds what is wrong. Roles are looked at when they are read, devices when they are sent.
    pub(super) fn check(&self) -> Result<()> {
        match self.kind {
            Kind::Device | Kind::Role => Ok(()),
            Kind::User => self.is_a::<Resource<UserSpec>>(),
            Kind::Lock => self.is_a::<Resource<LockSpec>>(),
            Kind::Preference => self.is_a::<Resource<PreferenceSpec>>(),
        }
        .map_err(|error| in_document(self.number, error))
    }

    /// What the document describes: as it was written, so that an asset tag of nothing but digits keeps its zeros.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let read = match &self.part {
            Some(part) => serde_yaml_ng::from_str(&part.text),
            None => serde_yaml_ng::from_value(self.value.clone()),
        };
        read.map_err(|error| {
            let said = error.to_string();
            self.problem::<T>(said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said))
        })
    }

    /// Whether what is sent, which has lost its places, is what its kind has to be.
    fn is_a<T: DeserializeOwned>(&self) -> Result<()> {
        let read: std::result::Result<T, _> = serde_yaml_ng::from_value(self.value.clone());
        read.map(|_| ()).map_err(|error| self.problem::<T>(&error.to_string()))
    }

    fn problem<T: DeserializeOwned>(&self, why: &str) -> ClientError {
        // Values have no place, so the text is read once more; it may have another fault first (`yes` is a text there).
        let placed = self.part.as_ref().and_then(|part| {
            let error = serde_yaml_ng::from_str::<T>(&part.text).err()?;
            let (place, said) = (error.location()?, error.to_string());
            let said = said.rsplit_once(" at line ").map_or(said.as_str(), |(said, _)| said);
            let (line, column) = (part.before + place.line(), place.column());
            said.ends_with(why).then(|| format!("line {line}, column {column}: {}", clean_label(said)))
        });
        let error = invalid(format!("not a {}: {}", self.kind, placed.unwrap_or_else(|| clean_label(why))));
        match why {
            _ if why.ends_with("expected a string")
                && !why.contains("invalid type: sequence")
                && !why.contains("invalid type: map") =>
            {
                error.with_hint("what YAML takes for a number or a truth value goes into quotes: \"123\"")
            }
            "missing field `version`" => error.with_hint("write `version: v1`"),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_documents;
    use super::*;

    fn refused(text: &str) -> ClientError {
        let last = read_documents(text).unwrap().pop().unwrap();
        match last.kind {
            Kind::Device => last.read::<gatehouse_client::DeviceResource>().unwrap_err(),
            _ => last.check().unwrap_err(),
        }
    }

    #[test]
    fn an_asset_tag_of_digits_is_taken_as_it_is_written() {
        let device = "kind: device\nversion: v1\nspec:\n  os_type: linux\n  asset_tag: 004711\n";
        let read = |text: &str| {
            let last = read_documents(text).unwrap().pop().unwrap();
            last.read::<gatehouse_client::DeviceResource>().unwrap().spec.asset_tag
        };
        assert_eq!(read(device), "004711");
        assert_eq!(read(&format!("kind: cap\n---\n{device}")), "004711");
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let device = "kind: device\nversion: v1\nspec:\n  os_type: linux\n  asset_tag: [x]\n";
        let why = "spec.asset_tag: invalid type: sequence, expected a string";
        assert_eq!(refused(device).message, format!("not a device: line 5, column 14: {why}"));
        let second = refused(&format!("kind: cap\n---\n{device}"));
        assert_eq!(second.message, format!("not a device: line 7, column 14: {why}"));
    }

    #[test]
    fn what_yaml_takes_for_a_number_goes_into_quotes() {
        let error = refused("kind: user\nversion: v1\nmetadata: {name: a}\nspec: {roles: [7]}\n");
        assert!(error.message.starts_with("not a user: "), "{}", error.message);
        assert!(error.hint.unwrap().contains("quotes"));
    }

    #[test]
    fn an_unknown_key_is_told_of_with_its_place() {
        let cap = "kind: cap\nversion: v2\nspec:\n  type: local\n  device_trust: {auto_enroll: yes}\n";
        let message = refused(cap).message;
        assert!(message.starts_with("not a cluster_auth_preference: line 4, column 3: "), "{message}");
        assert!(message.contains("unknown field `type`"), "{message}");
        // The text has another fault before that, which is none to a person: the place is left out.
        let cap = "kind: cap\nversion: v2\nspec:\n  device_trust: {auto_enroll: yes, mod: x}\n";
        let message = refused(cap).message;
        assert!(message.starts_with("not a cluster_auth_preference: unknown field `mod`"), "{message}");
    }

    #[test]
    fn what_is_right_is_let_through() {
        for text in
            ["kind: lock\nversion: v1\nspec: {target: {user: alice}}\n", "kind: cap\nversion: v2\nspec: {}\n"]
        {
            read_documents(text).unwrap().pop().unwrap().check().unwrap();
        }
    }
}
