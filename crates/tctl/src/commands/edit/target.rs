use gatehouse_client::{ClientError, Connection, DeviceResource, Result};
use gatehouse_document::{Line, Side, diff};
use gatehouse_model::{ErrorKind, clean_label};
use gatehouse_proto::devicetrust::{Device, UpdateDeviceRequest};
use gatehouse_proto::gatehouse::v1::{GetResourceRequest, Resource, UpdateResourceRequest};
use prost_types::FieldMask;

use crate::commands::create::device_of;
use crate::commands::get::devices;
use crate::document::{Kind, about_document, annotate, from_json, read_document, to_yaml};
use crate::output;

/// A resource as it was when the editor opened.
pub(super) struct Edited {
    kind: Kind,
    name: String,
    /// Revisions that it has had since.
    outdated: Vec<String>,
    text: String,
    original: Original,
}

enum Original {
    Device(Box<Device>),
    Document(Box<Resource>),
}

impl Edited {
    pub(super) async fn fetch(connection: &Connection, kind: Kind, name: &str) -> Result<Self> {
        if kind == Kind::Device {
            let mut found = devices(connection, Some(name)).await?;
            let (Some(mut device), true) = (found.pop(), found.is_empty()) else {
                let message = format!(
                    "found multiple devices for asset tag \"{}\", please retry using the device ID instead",
                    clean_label(name)
                );
                return Err(ClientError::new(ErrorKind::Conflict, "ambiguous_device", message)
                    .with_hint("`tctl devices ls` shows the IDs"));
            };
            // Records of the past are not for editing, and they are long.
            device.collected_data.clear();
            let text = to_yaml(&DeviceResource::from(device.clone()))?;
            return Ok(Self::new(kind, name, text, Original::Device(Box::new(device))));
        }
        let request = GetResourceRequest { kind: kind.as_str().to_owned(), name: name.to_owned() };
        let resource = connection.resources().get_resource(request).await?.into_inner();
        let text = annotate(&to_yaml(&from_json(&resource.json)?)?, &resource.sources);
        Ok(Self::new(kind, name, text, Original::Document(Box::new(resource))))
    }

    fn new(kind: Kind, name: &str, text: String, original: Original) -> Self {
        Self { kind, name: name.to_owned(), outdated: Vec::new(), text, original }
    }

    fn revision(&self) -> &str {
        match &self.original {
            Original::Device(_) => "",
            Original::Document(resource) => &resource.revision,
        }
    }

    /// Takes the resource as it is now for what is edited; answers with what has become different, line by line.
    pub(super) async fn catch_up(&mut self, connection: &Connection) -> Result<String> {
        let now = Self::fetch(connection, self.kind, &self.name).await?;
        let is_other = |line: &&Line<'_>| line.side != Side::Both && !line.text.contains("  revision: ");
        let shown = |line: &Line<'_>| format!("{}{}\n", line.side.sign(), clean_line(line.text));
        let changes = diff(&self.text, &now.text).iter().filter(is_other).map(shown).collect();
        self.outdated.push(self.revision().to_owned());
        (self.text, self.original) = (now.text, now.original);
        Ok(changes)
    }

    /// Text that was made from an older state, as one that is made from the current one.
    pub(super) fn rebased(&self, text: &str) -> String {
        let named = |revision: &str| format!("  revision: {revision}\n");
        let current = named(self.revision());
        self.outdated.iter().fold(text.to_owned(), |text, old| text.replace(&named(old), &current))
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn warnings(&self) -> &[String] {
        match &self.original {
            Original::Device(_) => &[],
            Original::Document(resource) => &resource.warnings,
        }
    }

    /// Sends what was changed; false if nothing was.
    pub(super) async fn save(&self, connection: &Connection, text: &str) -> Result<bool> {
        let document = read_document(text, self.kind)?;
        match &self.original {
            Original::Device(original) => {
                let device = device_of(&document)?;
                if device.id != original.id {
                    return Err(ClientError::new(
                        ErrorKind::InvalidInput,
                        "device_renamed",
                        "the id of a device (metadata.name) cannot be changed",
                    ));
                }
                let paths = changed_fields(original, &device);
                if paths.is_empty() {
                    return Ok(false);
                }
                let request =
                    UpdateDeviceRequest { device: Some(device), update_mask: Some(FieldMask { paths }) };
                connection.devices().update_device(request).await?;
            }
            Original::Document(original) => {
                if document.value == from_json(&original.json)? {
                    return Ok(false);
                }
                let request = UpdateResourceRequest {
                    kind: self.kind.as_str().to_owned(),
                    json: document.to_json()?,
                    revision: original.revision.clone(),
                };
                let updated = connection.resources().update_resource(request).await;
                let updated =
                    updated.map_err(|status| about_document(status.into(), &document))?.into_inner();
                for warning in updated.warnings.iter().filter(|warning| !original.warnings.contains(warning))
                {
                    output::notice(format!("warning: {warning}"));
                }
            }
        }
        Ok(true)
    }
}

/// Text of another person that cannot steer the terminal.
fn clean_line(text: &str) -> String {
    text.chars().filter(|c| !gatehouse_model::is_unprintable(*c)).collect()
}

/// Names of the fields that differ, as an update mask has them.
fn changed_fields(before: &Device, after: &Device) -> Vec<String> {
    let differences = [
        ("os_type", before.os_type != after.os_type),
        ("asset_tag", before.asset_tag != after.asset_tag),
        ("create_time", before.create_time != after.create_time),
        ("update_time", before.update_time != after.update_time),
        ("enroll_status", before.enroll_status != after.enroll_status),
        ("credential", before.credential != after.credential),
        ("collected_data", before.collected_data != after.collected_data),
        ("source", before.source != after.source),
        ("profile", before.profile != after.profile),
        ("owner", before.owner != after.owner),
    ];
    differences.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_changed_is_sent() {
        let before = Device { enroll_status: 2, owner: "alice".to_owned(), ..Device::default() };
        let after = Device { enroll_status: 1, ..before.clone() };
        assert_eq!(changed_fields(&before, &after), ["enroll_status"]);
        assert!(changed_fields(&before, &before).is_empty());
    }
}
