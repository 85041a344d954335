//! Who may do what.
//!
//! A service method takes a [`Grant`] of the capability it needs. Only this module builds one, from a
//! [`Principal`], so that a forgotten check does not compile. The gate of `required` stands here too.

mod capability;
mod presets;
mod principal;

use std::marker::PhantomData;

use gatehouse_model::ErrorKind;

pub use capability::*;
pub use presets::preset_roles;
pub(crate) use principal::Renewed;
pub use principal::{Actor, Attribution, Principal, SignedIn, Trust};

use crate::Decision;

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthzError {
    #[error("not logged in")]
    Anonymous,
    #[error("access denied: none of your roles allows \"{verb}\" on \"{resource}\"")]
    NotAllowed { resource: &'static str, verb: &'static str },
    #[error("access to resource requires a trusted device")]
    DeviceRequired,
    #[error("enrolling the current device asks for a fresh second factor")]
    FreshFactorRequired,
    #[error("this step asks for a fresh second factor")]
    StaleFactor,
    #[error("only the account of a person or bot can do this, not the server's admin socket")]
    AccountRequired,
}

impl Decision for AuthzError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Anonymous => ErrorKind::Unauthenticated,
            Self::NotAllowed { .. } | Self::DeviceRequired => ErrorKind::PermissionDenied,
            Self::FreshFactorRequired | Self::StaleFactor | Self::AccountRequired => {
                ErrorKind::FailedPrecondition
            }
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Anonymous => "not_logged_in",
            Self::NotAllowed { .. } => "not_allowed",
            Self::DeviceRequired => "trusted_device_required",
            Self::FreshFactorRequired | Self::StaleFactor => "second_factor_required",
            Self::AccountRequired => "account_required",
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Anonymous => "log in with `tsh login --proxy=<host:port> --user=<name>`",
            Self::NotAllowed { .. } => "ask an administrator for a role that allows it",
            Self::DeviceRequired => {
                "log in from an enrolled device; `tsh device doctor` says what is missing on this one"
            }
            Self::FreshFactorRequired => {
                "confirm your one-time code, or log in again and retry within 5 minutes"
            }
            Self::StaleFactor => "confirm that it is you, then repeat the step within 5 minutes",
            Self::AccountRequired => "log in with `tsh login` and use that session",
        };
        Some(hint.to_owned())
    }
}

/// Proof that a principal may do what `C` names.
#[derive(Clone, Debug)]
pub struct Grant<C> {
    by: Attribution,
    self_enrolment: bool,
    capability: PhantomData<C>,
}

impl<C> Grant<C> {
    /// Who acts, for the audit log.
    #[must_use]
    pub fn by(&self) -> &Attribution {
        &self.by
    }

    /// Granted only so that the caller can enrol the machine at hand: it reaches no further than that.
    #[must_use]
    pub fn is_self_enrolment(&self) -> bool {
        self.self_enrolment
    }
}

/// How old a second factor may be for steps that ask for a fresh one, in seconds.
pub const FRESH_FACTOR_SECS: i64 = 300;

impl Principal {
    /// Grants a capability.
    ///
    /// # Errors
    /// Nobody is logged in, no role allows it, or the mode asks for a trusted device; the factor of a browser's session
    /// is not fresh enough for it.
    pub fn grant<C: Capability>(&self) -> Result<Grant<C>, AuthzError> {
        let user = match &self.actor {
            Actor::Anonymous => return Err(AuthzError::Anonymous),
            Actor::HostAdmin { .. } => return Ok(self.granted()),
            Actor::User(user) => user,
        };
        if !user.roles.iter().any(|role| role.allows(C::RESOURCE, C::VERB)) {
            return Err(AuthzError::NotAllowed { resource: C::RESOURCE, verb: C::VERB });
        }
        let self_enrolment = self.lacks_required_device();
        if self_enrolment {
            self.check_self_enrolment(user, C::SELF_ENROLMENT)?;
        }
        // Command lines have a short-lived certificate whose key nobody finds by sitting down at a browser.
        if C::STEP_UP && user.cookie_hash.is_some() && !self.has_fresh_factor() {
            return Err(AuthzError::StaleFactor);
        }
        Ok(Grant { self_enrolment, ..self.granted() })
    }

    /// Whether [`Principal::grant`] grants it, at the latest after a fresh factor: for what is offered on a page.
    #[must_use]
    pub fn may<C: Capability>(&self) -> bool {
        matches!(self.grant::<C>(), Ok(_) | Err(AuthzError::StaleFactor))
    }

    /// Grants what every account may do, also without a trusted device: the own account, the own devices, and the
    /// ceremonies that make a device trusted.
    ///
    /// # Errors
    /// Nobody is logged in, or the admin socket asks.
    pub fn account(&self) -> Result<(&SignedIn, Grant<OwnAccount>), AuthzError> {
        match &self.actor {
            Actor::Anonymous => Err(AuthzError::Anonymous),
            Actor::HostAdmin { .. } => Err(AuthzError::AccountRequired),
            Actor::User(user) => Ok((user, self.granted())),
        }
    }

    /// As [`Principal::account`], for steps that ask for a fresh second factor.
    ///
    /// # Errors
    /// As there; the factor was proven too long ago.
    pub fn fresh_account(&self) -> Result<(&SignedIn, Grant<OwnAccount>), AuthzError> {
        let (user, grant) = self.account()?;
        if self.has_fresh_factor() { Ok((user, grant)) } else { Err(AuthzError::StaleFactor) }
    }

    /// Whether the second factor was proven lately.
    #[must_use]
    pub fn has_fresh_factor(&self) -> bool {
        self.signed_in().is_some_and(|user| self.now.secs_since(user.factor_time) < FRESH_FACTOR_SECS)
    }

    /// Whether a mode requires a trusted device that this session lacks.
    #[must_use]
    pub fn lacks_required_device(&self) -> bool {
        match &self.actor {
            Actor::User(user) => user.device_required && user.device.is_none(),
            Actor::Anonymous | Actor::HostAdmin { .. } => false,
        }
    }

    /// `tsh device enroll --current-device` must work for an admin who has no trusted device yet, or nobody could
    /// ever become trusted under `required`: with a fresh second factor, and as long as the user has no other
    /// enrolled device to do it from.
    fn check_self_enrolment(&self, user: &SignedIn, part_of_self_enrolment: bool) -> Result<(), AuthzError> {
        if !part_of_self_enrolment || user.has_enrolled_device {
            return Err(AuthzError::DeviceRequired);
        }
        if self.now.secs_since(user.factor_time) >= FRESH_FACTOR_SECS {
            return Err(AuthzError::FreshFactorRequired);
        }
        Ok(())
    }

    fn granted<C>(&self) -> Grant<C> {
        Grant { by: self.attribution(), self_enrolment: false, capability: PhantomData }
    }
}

#[cfg(test)]
pub(crate) mod tests;
