use gatehouse_client::{ClientError, DeviceResource, Result, now};
use gatehouse_model::{AssetTag, OsType};
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust::{CreateDeviceRequest, Device};
use serde::Serialize;

use super::enroll::make_token;
use super::target::current_device;
use super::token_block::TokenView;
use crate::cli::{AddArgs, ServerArgs};
use crate::connect::connect;
use crate::failure::Outcome;
use crate::output;

/// What was made, for scripts.
#[derive(Serialize)]
struct AddView {
    device: DeviceResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    enroll_token: Option<TokenView>,
}

/// Registers a device, with a token for its enrolment if that is wanted.
pub(crate) async fn run(server: &ServerArgs, args: AddArgs) -> Outcome {
    let (os, tag) = if args.current_device {
        let data = current_device()?;
        (data.os_type, data.serial_number)
    } else {
        let (os, tag) = new_device(args.os.as_deref(), args.asset_tag.as_deref())?;
        (os, tag.into())
    };
    if args.enroll_ttl.is_some() && !args.enroll {
        return Err(ClientError::usage("--enroll-ttl is of use with --enroll only").into());
    }
    if args.note.is_some() && !args.enroll {
        return Err(ClientError::usage("--note is of use with --enroll only").into());
    }
    let expires = args.enroll_ttl.map(|ttl| timestamp(now().plus_secs(ttl)));
    let request = CreateDeviceRequest {
        device: Some(Device { os_type: os.number(), asset_tag: tag, ..Device::default() }),
        create_enroll_token: args.enroll && args.note.is_none(),
        create_as_resource: false,
        enroll_token_expire_time: expires.filter(|_| args.note.is_none()),
    };
    let connection = connect(server).await?;
    let mut device = connection.devices().create_device(request).await?.into_inner();
    if args.note.is_some() {
        let token = make_token(&connection, device.id.clone(), expires, args.note).await?;
        device.enroll_token = Some(token);
    }
    let enroll_token = match device.enroll_token.take() {
        Some(token) => Some(TokenView::new(&device.asset_tag, token)?),
        None if args.enroll => {
            return Err(ClientError::unexpected("the server sent no enrollment token").into());
        }
        None => None,
    };
    let mut text = format!("Device {}/{os} added to the inventory\n", device.asset_tag);
    if let Some(token) = &enroll_token {
        text.push_str(&token.text(now()));
    }
    output::data(args.format.format(), &AddView { device: device.into(), enroll_token }, || text)?;
    Ok(0)
}

/// Reads the flags that describe a new device.
fn new_device(os: Option<&str>, tag: Option<&str>) -> Result<(OsType, AssetTag)> {
    let given = |text: Option<&str>| text.map(str::to_owned).filter(|text| !text.trim().is_empty());
    let missing = |flags: &str| ClientError::usage(format!("required {flags} not provided"));
    let (os, tag) = match (given(os), given(tag)) {
        (Some(os), Some(tag)) => (os, tag),
        (None, None) => return Err(missing("flags [--os --asset-tag]")),
        (None, Some(_)) => return Err(missing("flag --os")),
        (Some(_), None) => return Err(missing("flag --asset-tag")),
    };
    let os = os.parse().map_err(|error| {
        ClientError::usage(format!("invalid --os: {error}")).with_hint("use linux, macos or windows")
    })?;
    let tag = AssetTag::try_from(tag).map_err(|error| {
        ClientError::usage(format!("invalid --asset-tag: {error}"))
            .with_hint("run `tsh device asset-tag` on the device to see its serial number")
    })?;
    Ok((os, tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_flags_are_named() {
        let message = |os, tag| new_device(os, tag).unwrap_err().message;
        assert_eq!(message(None, None), "required flags [--os --asset-tag] not provided");
        assert_eq!(message(None, Some("T")), "required flag --os not provided");
        assert_eq!(message(Some("linux"), None), "required flag --asset-tag not provided");
        assert_eq!(message(Some("beos"), Some("T")), "invalid --os: unknown os type \"beos\"");
        assert!(message(Some("linux"), Some("None")).contains("factory placeholder"));
        assert_eq!(new_device(Some("macOS"), Some("T1")).unwrap().0, OsType::Macos);
    }
}
