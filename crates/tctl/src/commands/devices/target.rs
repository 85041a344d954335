//! Which device a command is about.

use gatehouse_client::device::{DeviceName, LocalDevice, require_serial};
use gatehouse_client::{ClientError, Home, Result, now};
use gatehouse_model::CollectedData;
use gatehouse_native::Escalation;

use crate::cli::DeviceTarget;
use crate::output;

/// Reads the flags; what is wrong with them is found before anything is dialled.
pub(crate) fn device_name(target: &DeviceTarget) -> Result<DeviceName> {
    if target.current_device {
        let data = current_device()?;
        return Ok(DeviceName::Exact(data.os_type, data.serial_number));
    }
    let set = |flag: &Option<String>| {
        flag.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    match (set(&target.device_id), set(&target.asset_tag)) {
        (Some(id), None) => Ok(DeviceName::Id(id)),
        (None, Some(tag)) => Ok(DeviceName::Tag(tag)),
        (None, None) => Err(ClientError::usage("either --device-id or --asset-tag must be set")),
        (Some(_), Some(_)) => Err(ClientError::usage("only one of --device-id or --asset-tag must be set")),
    }
}

/// What this machine tells of itself, with a usable serial number.
pub(crate) fn current_device() -> Result<CollectedData> {
    let home = Home::from_env()?;
    let data = LocalDevice::collect(&home, Escalation::Always, now(), |line| output::notice(line))?;
    require_serial(&data)?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(id: Option<&str>, tag: Option<&str>) -> Result<DeviceName> {
        device_name(&DeviceTarget {
            device_id: id.map(str::to_owned),
            asset_tag: tag.map(str::to_owned),
            current_device: false,
        })
    }

    #[test]
    fn one_of_the_flags_names_the_device() {
        assert_eq!(read(Some("1"), None).unwrap(), DeviceName::Id("1".to_owned()));
        assert_eq!(read(None, Some("T")).unwrap(), DeviceName::Tag("T".to_owned()));
        assert_eq!(
            read(None, Some(" ")).unwrap_err().message,
            "either --device-id or --asset-tag must be set"
        );
        assert_eq!(
            read(Some("1"), Some("T")).unwrap_err().message,
            "only one of --device-id or --asset-tag must be set"
        );
    }
}
