use gatehouse_model::{AssetTag, ErrorKind, OsType, clean_label};
use gatehouse_proto::devicetrust::{Device, FindDevicesRequest};

use crate::connection::Connection;
use crate::error::{ClientError, Result};

/// How a person names a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceName {
    Id(String),
    Tag(String),
    /// Tag and system, of this very device.
    Exact(OsType, String),
    /// Whichever of id and tag it is.
    IdOrTag(String),
}

impl DeviceName {
    /// The name as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Tag(text) | Self::Exact(_, text) | Self::IdOrTag(text) => text,
        }
    }

    fn fits(&self, device: &Device) -> bool {
        let normalised = |text: &str| {
            AssetTag::try_from(text).map_or_else(|_| text.to_lowercase(), |tag| tag.normalised())
        };
        let tag_fits = |tag: &str| normalised(&device.asset_tag) == normalised(tag);
        let id_fits = |id: &str| device.id.eq_ignore_ascii_case(id.trim());
        match self {
            Self::Id(id) => id_fits(id),
            Self::Tag(tag) => tag_fits(tag),
            Self::Exact(os, tag) => device.os_type == os.number() && tag_fits(tag),
            Self::IdOrTag(text) => id_fits(text) || tag_fits(text),
        }
    }
}

/// Every device of that name.
///
/// # Errors
/// The server refuses.
pub async fn find_all(connection: &Connection, name: &DeviceName) -> Result<Vec<Device>> {
    let request = FindDevicesRequest { id_or_tag: name.text().trim().to_owned() };
    let mut devices = connection.devices().find_devices(request).await?.into_inner().devices;
    devices.retain(|device| name.fits(device));
    Ok(devices)
}

/// The one device of that name.
///
/// # Errors
/// There is none, or there are several (a tag may exist once per operating system).
pub async fn find_one(connection: &Connection, name: &DeviceName) -> Result<Device> {
    only_one(find_all(connection, name).await?, name.text())
}

fn only_one(mut devices: Vec<Device>, text: &str) -> Result<Device> {
    let text = clean_label(text);
    match (devices.pop(), devices.is_empty()) {
        (Some(device), true) => Ok(device),
        (Some(_), false) => Err(ClientError::new(
            ErrorKind::Conflict,
            "ambiguous_device",
            format!(
                "found multiple devices for asset tag \"{text}\", please retry using the device ID instead"
            ),
        )
        .with_hint("`tctl devices ls` shows the IDs")),
        (None, _) => Err(ClientError::new(
            ErrorKind::NotFound,
            "device_not_found",
            format!("device \"{text}\" not found"),
        )
        .with_hint("`tctl devices ls` shows what is registered")),
    }
}

/// `Linux`, `macOS` or `Windows`; a word for what this program does not know.
#[must_use]
pub fn friendly_os(number: i32) -> &'static str {
    OsType::from_number(number).map_or("unknown", OsType::friendly)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, os: OsType, tag: &str) -> Device {
        Device { id: id.to_owned(), os_type: os.number(), asset_tag: tag.to_owned(), ..Device::default() }
    }

    #[test]
    fn names_fit_without_regard_to_case() {
        let it = device("9cdf", OsType::Linux, "C00AA0");
        for name in [
            DeviceName::Id("9CDF".into()),
            DeviceName::Tag("c00aa0".into()),
            DeviceName::Exact(OsType::Linux, "C00AA0".into()),
            DeviceName::IdOrTag("9cdf".into()),
        ] {
            assert!(name.fits(&it), "{name:?}");
        }
        assert!(!DeviceName::Exact(OsType::Windows, "C00AA0".into()).fits(&it));
        assert!(!DeviceName::Tag("9cdf".into()).fits(&it));
    }

    #[test]
    fn none_and_several_have_their_own_words() {
        assert_eq!(only_one(vec![], "X").unwrap_err().message, "device \"X\" not found");
        let both = vec![device("1", OsType::Linux, "X"), device("2", OsType::Windows, "X")];
        assert_eq!(
            only_one(both, "X").unwrap_err().message,
            "found multiple devices for asset tag \"X\", please retry using the device ID instead"
        );
    }
}
