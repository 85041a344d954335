use gatehouse_client::device::{
    DeviceKey, EnrolmentToken, LocalDevice, LocalOptions, enrol, enrol_current, friendly_os, require_serial,
};
use gatehouse_client::{ClientError, Session, now};
use gatehouse_model::CollectedData;
use gatehouse_native::Escalation;
use gatehouse_proto::devicetrust::Device;
use gatehouse_proto::gatehouse::v1::PingRequest;

use crate::cli::EnrollArgs;
use crate::commands::Context;
use crate::failure::{Failure, Outcome};
use crate::input::Proof;
use crate::output;

/// Enrols this device, with a token or by the user's own rights.
pub(crate) async fn run(context: &Context, args: EnrollArgs) -> Outcome {
    let token = match (&args.token, args.current_device) {
        (Some(token), _) => Some(EnrolmentToken::new(token)?),
        (None, true) => None,
        (None, false) => {
            return Err(ClientError::usage("required flag --token not provided")
                .with_hint("get a token from `tctl devices enroll`, or pass --current-device if you administer devices")
                .into());
        }
    };
    let session = Session::open(&context.home, None, now()).await?;
    let options = LocalOptions { tpm: args.tpm.tpm, ek: args.tpm.ek, event_log: args.tpm.event_log };
    let mut key = LocalDevice::open(&context.home, &options)?;
    if let Some(remark) = key.load_or_create()?.remark() {
        output::notice(format!("note: {remark}"));
    }
    let data = LocalDevice::collect(&context.home, Escalation::Always, now(), |line| output::notice(line))?;
    require_serial(&data)?;
    let Some(token) = token else {
        if let Some(device) = announced(&session, &mut key, &data).await? {
            say(Some(&device), "enrolled")?;
            say_next(&session);
            return Ok(0);
        }
        let mut proof = Proof::of("Enrolling this device");
        let outcome = enrol_current(&session.connection, &mut key, &data, &mut proof).await;
        if let Some(action) = outcome.action() {
            say(outcome.device.as_ref(), action)?;
        }
        if let Some(failure) = outcome.failure {
            return Err(with_way_out(failure).into());
        }
        say_next(&session);
        return Ok(0);
    };
    let device = enrol(&session.connection, &mut key, &data, &token).await?;
    say(Some(&device), "enrolled")?;
    say_next(&session);
    Ok(0)
}

/// Enrols this device by its TPM's announcement, if the server takes such and has one.
async fn announced(
    session: &Session,
    key: &mut LocalDevice,
    data: &CollectedData,
) -> Result<Option<Device>, ClientError> {
    let ping = session.connection.auth().ping(PingRequest {}).await?.into_inner();
    if !ping.device_trust.unwrap_or_default().ship_ahead {
        return Ok(None);
    }
    match enrol(&session.connection, key, data, &EnrolmentToken::announced()).await {
        Ok(device) => Ok(Some(device)),
        // Then it is for whoever administers devices.
        Err(error) if error.code == "not_announced" => Ok(None),
        Err(error) => Err(error),
    }
}

/// The server cannot know that the device at hand may be an enrolled one.
fn with_way_out(error: ClientError) -> ClientError {
    if error.code != "trusted_device_required" {
        return error;
    }
    error.with_hint("if this device is enrolled already, `tsh login` makes the session a trusted one; else ask your device administrator for a token")
}

fn say(device: Option<&Device>, action: &str) -> Result<(), Failure> {
    match device {
        Some(device) => {
            output::line(format!("Device \"{}\"/{} {action}", device.asset_tag, friendly_os(device.os_type)))
        }
        None => output::line(format!("Device {action}")),
    }
}

/// The certificates of this login were made before: they say nothing of the device.
fn say_next(session: &Session) {
    let profile = &session.identity.profile;
    output::notice(format!(
        "hint: fetch new certificates with `tsh logout` and `tsh login --proxy={} --user={}`",
        profile.proxy, profile.user
    ));
}
