use gatehouse_domain::authz::{CreateDevice, CreateEnrollToken};
use gatehouse_domain::device::DeviceView;
use gatehouse_model::{CollectedData, EnrollStatus};

use super::{Moment, page_token};
use crate::moment::moment;
use crate::{ApiError, ConsoleContext};

/// Devices of one page, each with what it told of itself.
const PAGE: i64 = 20;

/// A device of the person who looks.
#[derive(Clone, Debug)]
pub(crate) struct OwnDevice {
    pub(crate) id: String,
    pub(crate) asset_tag: String,
    /// `Linux`, `macOS`, `Windows`.
    pub(crate) os: &'static str,
    pub(crate) is_enrolled: bool,
    /// This session is trusted for it.
    pub(crate) is_at_hand: bool,
    pub(crate) last_authenticated: Option<Moment>,
    pub(crate) users: Vec<String>,
    /// What was collected last, by name, and when.
    pub(crate) collected: Vec<(&'static str, String)>,
    pub(crate) collected_at: Option<Moment>,
    /// How often something was collected and is still kept.
    pub(crate) records: usize,
}

/// A page of own devices.
#[derive(Clone, Debug)]
pub(crate) struct OwnDevices {
    pub(crate) devices: Vec<OwnDevice>,
    /// Token of the next page.
    pub(crate) next: Option<String>,
}

/// How a person enrols the machine at hand.
#[derive(Clone, Debug)]
pub(crate) struct EnrolCommands {
    pub(crate) login: String,
    pub(crate) enrol: String,
    /// An administrator has to make a token first.
    pub(crate) needs_token: bool,
    /// A registered device is enrolled by signing in.
    pub(crate) is_automatic: bool,
}

/// The own devices, also without a trusted one.
///
/// # Errors
/// Nobody is signed in; a damaged token.
pub(crate) async fn own_devices(
    console: &ConsoleContext,
    after: Option<&str>,
) -> Result<OwnDevices, ApiError> {
    let after = after.filter(|token| !token.is_empty()).map(page_token::read).transpose()?;
    let page = console.services.devices.list_own(&console.principal, after.as_ref(), PAGE, true).await;
    let page = page.map_err(|error| console.refuse(error))?;
    let at_hand = console.principal.signed_in().and_then(|user| user.device.as_ref());
    let at_hand = at_hand.map(|device| device.device_id.clone());
    Ok(OwnDevices {
        next: page.next.as_ref().and_then(page_token::write),
        devices: page.devices.into_iter().map(|view| own(view, at_hand.as_deref())).collect(),
    })
}

/// What to type on the machine that is to be enrolled.
///
/// # Errors
/// Storage; nobody is signed in.
pub(crate) async fn enrol_commands(console: &ConsoleContext) -> Result<EnrolCommands, ApiError> {
    let (user, _) = console.principal.account().map_err(|error| console.refuse(error))?;
    let preference = console.services.preference.current().await.map_err(|error| console.refuse(error))?;
    let may_enrol = console.principal.grant::<CreateDevice>().is_ok()
        && console.principal.grant::<CreateEnrollToken>().is_ok();
    let pin = match &*console.tls_pin {
        "" => String::new(),
        pin => format!(" --ca-pin={pin}"),
    };
    Ok(EnrolCommands {
        login: format!("tsh login --proxy={} --user={}{pin}", console.public_address, user.name),
        enrol: if may_enrol {
            "tsh device enroll --current-device".to_owned()
        } else {
            "tsh device enroll --token=<token>".to_owned()
        },
        needs_token: !may_enrol,
        is_automatic: preference.auto_enroll,
    })
}

fn own(view: DeviceView, at_hand: Option<&str>) -> OwnDevice {
    let newest = view.collected.first().map(|record| &record.data);
    OwnDevice {
        is_at_hand: at_hand == Some(view.device.id.as_str()),
        asset_tag: view.device.asset_tag.to_string(),
        os: view.device.os_type.friendly(),
        is_enrolled: view.device.enroll_status == EnrollStatus::Enrolled,
        last_authenticated: view.device.last_authenticated.map(moment),
        users: view.users,
        collected: newest.map(told).unwrap_or_default(),
        collected_at: newest.and_then(|data| data.record_time).map(moment),
        records: view.collected.len(),
        id: view.device.id,
    }
}

/// What a device told of itself, without what it left out.
fn told(data: &CollectedData) -> Vec<(&'static str, String)> {
    let all = [
        ("Serial number", &data.serial_number),
        ("Model", &data.model_identifier),
        ("OS version", &data.os_version),
        ("OS build", &data.os_build),
        ("OS distribution", &data.os_id),
        ("Name of the OS user", &data.os_username),
        ("Login of the OS user", &data.os_login_user),
        ("Asset tag of the chassis", &data.reported_asset_tag),
        ("System serial number", &data.system_serial_number),
        ("Mainboard serial number", &data.base_board_serial_number),
        ("Jamf version", &data.jamf_binary_version),
        ("macOS enrolment profiles", &data.macos_enrollment_profiles),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name, value.clone()))
        .collect()
}
