mod browser;
mod way;

use gatehouse_client::device::{
    EnrolmentWays, LocalDevice, LocalOptions, Trust, TrustedDeviceName, auto_enroll_disabled,
    establish_trust, require_serial,
};
use gatehouse_client::{ClientError, Identity, Login, ProxyAddress, Result, Session, login, now};
use gatehouse_model::{ErrorKind, UserName};
use gatehouse_native::Escalation;
use gatehouse_proto::gatehouse::v1::{PingRequest, PingResponse};

use self::way::Way;
use super::{Context, logout, server};
use crate::cli::LoginArgs;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::status_view::StatusView;

/// Logs in; then authenticates the device and says how that went.
pub(crate) async fn run(context: &Context, args: LoginArgs) -> Outcome {
    let (proxy, user) = whom(context, &args)?;
    let known = context.home.profile(Some(&proxy.profile_name())).ok().flatten();
    let known_pin = known.as_ref().filter(|known| known.proxy == proxy).and_then(|known| known.pin);
    let (connection, pin) = server::connect(&proxy, &args.trust, known_pin).await?;
    let ping = connection.auth().ping(PingRequest {}).await?.into_inner();

    let previous = known.and_then(|known| context.home.identity(known).ok().flatten());

    let way = way::choose(&args.way, &user, &ping.second_factor)?;
    let request = Login { proxy, user, pin, ttl_seconds: args.ttl.unwrap_or_default(), ping: &ping };
    let (identity, device_required) = match way {
        Way::Terminal(credentials) => login(&connection, &context.home, request, credentials).await?,
        Way::Browser => browser::log_in(&connection, &context.home, request, &args.way).await?,
    };
    drop(connection);
    if let Some(previous) = previous {
        end_previous(previous, &identity).await;
    }

    let options = LocalOptions { tpm: args.tpm.tpm, ek: args.tpm.ek, event_log: args.tpm.event_log };
    let (identity, trust) = trust(context, identity, &options, &ping).await?;
    let view = StatusView::new(&identity, now())?;
    output::raw(&view.text(now(), context.offset))?;
    match trust {
        Some(Trust::Trusted(device)) => say_trusted(&device).map(|()| 0),
        Some(Trust::Untrusted(why)) => Ok(say_untrusted(&why, device_required, args.require_device)),
        None => {
            if args.require_device {
                let why = ClientError::new(
                    ErrorKind::FailedPrecondition,
                    "device_trust_off",
                    "device trust is off on this cluster",
                )
                .with_hint("an administrator turns it on with `tctl edit cluster_auth_preference`");
                return Err(why.into());
            }
            output::notice("note: device trust is off on this cluster");
            Ok(0)
        }
    }
}

/// Ends the session whose keys this login has replaced: nobody could use it any more but whoever stole them. If its server
/// cannot be reached, it ends by itself when it expires.
async fn end_previous(mut previous: Identity, identity: &Identity) {
    if previous.profile.proxy == identity.profile.proxy {
        // The key of the server may have been changed since.
        previous.profile.pin = identity.profile.pin;
    }
    let _ = logout::end(previous).await;
}

/// The server and the user: of the flags, else of the last login.
fn whom(context: &Context, args: &LoginArgs) -> Result<(ProxyAddress, UserName)> {
    let missing = |flag: &str| {
        ClientError::usage(format!("required flag --{flag} not provided"))
            .with_hint("run `tsh login --proxy=<host:port> --user=<name>`")
    };
    let name = args.proxy.as_ref().map(ProxyAddress::profile_name);
    // A damaged profile must not keep anybody from logging in anew.
    let last = context.home.profile(name.as_deref()).ok().flatten();
    let proxy = args
        .proxy
        .clone()
        .or_else(|| last.as_ref().map(|last| last.proxy.clone()))
        .ok_or_else(|| missing("proxy"))?;
    let user = args.user.clone().or_else(|| last.map(|last| last.user)).ok_or_else(|| missing("user"))?;
    Ok((proxy, user))
}

/// Authenticates the device. `None` where the cluster has device trust turned off.
async fn trust(
    context: &Context,
    identity: Identity,
    options: &LocalOptions,
    ping: &PingResponse,
) -> std::result::Result<(Identity, Option<Trust>), Failure> {
    let settings = ping.device_trust.clone().unwrap_or_default();
    if settings.disabled {
        return Ok((identity, None));
    }
    let prepared = LocalDevice::open(&context.home, options).and_then(|device| {
        let data =
            LocalDevice::collect(&context.home, Escalation::Maybe, now(), |line| output::notice(line))?;
        require_serial(&data)?;
        Ok((device, data))
    });
    let (mut device, data) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Ok((identity, Some(Trust::Untrusted(why)))),
    };
    let wanted = !auto_enroll_disabled();
    let ways = EnrolmentWays {
        auto_enroll: settings.auto_enroll && wanted,
        ship_ahead: settings.ship_ahead && wanted,
    };
    // The login stays good whatever happens to the device: it is read back from disk if the connection fails.
    let profile = identity.profile.clone();
    let session = match Session::connect(identity, now()).await {
        Ok(session) => session,
        Err(why) => {
            let identity = context.home.load(Some(&profile.proxy.profile_name()))?;
            return Ok((identity, Some(Trust::Untrusted(why))));
        }
    };
    let (identity, trust) = establish_trust(&context.home, session, &mut device, &data, ways).await?;
    Ok((identity, Some(trust)))
}

fn say_trusted(device: &TrustedDeviceName) -> std::result::Result<(), Failure> {
    let name = format!("Device \"{}\"/{}", device.asset_tag, device.os);
    if let Some(key) = &device.auto_enrolled {
        if let Some(remark) = key.remark() {
            output::notice(format!("note: {remark}"));
        }
        output::line(format!("{name} enrolled"))?;
    }
    output::line(format!("{name}: trusted"))
}

/// Says why the session is not trusted, and gives the exit code.
fn say_untrusted(why: &ClientError, device_required: bool, demanded: bool) -> u8 {
    let word = if demanded { "error" } else { "warning" };
    output::notice(format!("{word}: this session is not trusted: {}", why.message));
    if let Some(hint) = &why.hint {
        output::notice(format!("hint: {hint}"));
    }
    if device_required {
        output::notice("note: a trusted device is required of you, so most things will be refused");
    }
    u8::from(demanded)
}
