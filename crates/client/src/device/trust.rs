use gatehouse_model::{CollectedData, ErrorKind};

use super::authenticate::authenticate;
use super::auto_enroll::auto_enrol;
use super::enroll::{EnrolmentToken, enrol};
use super::key::{DeviceKey, KeyStatus};
use super::lookup::friendly_os;
use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::home::{Home, Identity};
use crate::session::Session;

/// Whether a login is bound to this device.
pub enum Trust {
    /// The certificates name the device.
    Trusted(TrustedDeviceName),
    /// They do not, and why.
    Untrusted(ClientError),
}

/// What to call the device that a login is bound to.
pub struct TrustedDeviceName {
    pub asset_tag: String,
    /// `Linux`, `macOS`, `Windows`.
    pub os: &'static str,
    /// Set if the device was enrolled on the way: what became of its key.
    pub auto_enrolled: Option<KeyStatus>,
}

/// How a cluster lets a login enrol its device by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnrolmentWays {
    /// A device that is registered.
    pub auto_enroll: bool,
    /// A device whose TPM was announced.
    pub ship_ahead: bool,
}

impl EnrolmentWays {
    const fn any(self) -> bool {
        self.auto_enroll || self.ship_ahead
    }
}

/// Authenticates this device for a fresh login and stores the certificates that name it; where that fails and the
/// cluster allows it, enrols the device first. Gives the login as it is afterwards: a failure leaves it usable.
///
/// # Errors
/// The new certificates cannot be stored.
pub async fn establish_trust(
    home: &Home,
    session: Session,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    ways: EnrolmentWays,
) -> Result<(Identity, Trust)> {
    let Session { identity, connection } = session;
    let first = match key.load() {
        Ok(()) => authenticate(&connection, key, data, &identity.ssh_line).await,
        Err(error) => Err(error),
    };
    let mut enrolled = None;
    let result = match first {
        Err(original) if ways.any() && may_help(&original) => {
            match enrol_first(&connection, key, data, ways).await {
                Ok(done) => {
                    enrolled = Some(done);
                    authenticate(&connection, key, data, &identity.ssh_line).await
                }
                // The device is known by now, and waits: that it was not before says nothing more.
                Err(error) if waits_for_an_administrator(&error) => Err(error),
                Err(error) => Err(both(original, error)),
            }
        }
        other => other,
    };
    let certificates = match result {
        Ok(certificates) => certificates,
        Err(error) => return Ok((identity, Trust::Untrusted(error))),
    };
    let identity = home.save_certificates(identity, &certificates)?;
    let trust = match &identity.x509.device {
        Some(device) => Trust::Trusted(TrustedDeviceName {
            asset_tag: device.asset_tag.clone(),
            os: friendly_os(data.os_type.number()),
            auto_enrolled: enrolled,
        }),
        None => Trust::Untrusted(ClientError::unexpected(
            "the server accepted the device but sent certificates that do not name it",
        )),
    };
    Ok((identity, trust))
}

/// Whether enrolling could mend the failure: not where the server does not do that, and not where an administrator has
/// to decide first.
fn may_help(original: &ClientError) -> bool {
    original.kind != ErrorKind::Unimplemented
        && ![
            "counters_went_back",
            "boot_drift",
            "boot_refused",
            "locked",
            "device_locked",
            "already_trusted",
            "device_trust_off",
        ]
        .contains(&original.code.as_str())
}

fn waits_for_an_administrator(error: &ClientError) -> bool {
    ["awaiting_review", "other_review", "review_refused"].contains(&error.code.as_str())
}

async fn enrol_first(
    connection: &Connection,
    key: &mut dyn DeviceKey,
    data: &CollectedData,
    ways: EnrolmentWays,
) -> Result<KeyStatus> {
    let status = key.load_or_create()?;
    let auto = if ways.auto_enroll { auto_enrol(connection, key, data).await.err() } else { None };
    if ways.auto_enroll && auto.is_none() {
        return Ok(status);
    }
    if ways.ship_ahead {
        match (enrol(connection, key, data, &EnrolmentToken::announced()).await, auto) {
            (Ok(_), _) => {}
            // That nobody announced it says less than why a registered device was refused.
            (Err(error), Some(auto)) if error.code == "not_announced" => return Err(auto),
            (Err(error), _) => return Err(error),
        }
    } else if let Some(auto) = auto {
        return Err(auto);
    }
    Ok(status)
}

/// Both failures in one: the second alone would hide what the first says about this device.
fn both(original: ClientError, auto: ClientError) -> ClientError {
    ClientError {
        message: format!("{}; auto-enrollment failed: {}", original.message, auto.message),
        hint: auto.hint.or(original.hint),
        request_id: auto.request_id.or(original.request_id),
        ..original
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_auto_enrolment_is_told_with_its_cause() {
        let auto =
            ClientError::new(ErrorKind::NotFound, "device_not_found", "not registered").with_hint("register");
        let original = ClientError::new(
            ErrorKind::NotFound,
            "device_key_not_found",
            "device key not found, was the device enrolled?",
        );
        let error = both(original, auto);
        assert_eq!(
            error.message,
            "device key not found, was the device enrolled?; auto-enrollment failed: not registered"
        );
        assert_eq!(error.hint.as_deref(), Some("register"));
    }
}
