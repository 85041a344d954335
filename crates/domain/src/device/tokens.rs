use std::sync::Arc;

use gatehouse_model::{CollectedData, DeviceTrustMode, EnrollStatus, Timestamp, clean_label};

use super::DeviceError;
use super::error::AutoEnrollRefusal;
use crate::audit::EventKind;
use crate::authz::{
    Attribution, AuthzError, CreateEnrollToken, Grant, ListDevices, Principal, RevokeEnrollToken,
};
use crate::cluster::Preference;
use crate::entity::{AuditEvent, Device, DeviceProfile, EnrollToken, TokenCursor, TokenFilter, TokenPurpose};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision, SecretToken};

/// Enrolment tokens as objects.
pub struct EnrollTokens {
    pub(super) core: Arc<Core>,
    preference: Preference,
}

/// A token that was just made; shown once.
#[derive(Debug)]
pub struct NewEnrollToken {
    pub id: String,
    pub token: SecretToken,
    pub expires: Timestamp,
}

/// How a token is to be.
#[derive(Clone, Debug, Default)]
pub struct TokenTerms {
    /// An hour from now, unless told otherwise.
    pub expires: Option<Timestamp>,
    /// What it is for, in the admin's words.
    pub note: String,
}

impl From<Option<Timestamp>> for TokenTerms {
    fn from(expires: Option<Timestamp>) -> Self {
        Self { expires, note: String::new() }
    }
}

/// Tokens with the devices they are for, and where the next page begins.
pub type TokenPage = (Vec<(EnrollToken, Device)>, Option<TokenCursor>);

/// Life of a token unless told otherwise, in seconds.
const DEFAULT_SECS: i64 = 3600;
/// Auto-enrolment uses its token within the same login.
const AUTO_ENROLL_SECS: i64 = 300;
const LONGEST_DAYS: i64 = 90;
const MAX_PAGE: i64 = 1000;

impl EnrollTokens {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// Makes a token for a device, enrolled or not: an enrolled one may bind further users' keys.
    ///
    /// # Errors
    /// No such device; an expiry in the past or too far ahead; device trust is off.
    pub async fn create(
        &self,
        grant: &Grant<CreateEnrollToken>,
        device_id: &str,
        terms: TokenTerms,
    ) -> Result<NewEnrollToken, DeviceError> {
        let mut work = self.core.begin().await?;
        if self.preference.effective(work.as_mut()).await?.mode == DeviceTrustMode::Off {
            return Err(DeviceError::Off);
        }
        let device =
            work.device(device_id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(device_id)))?;
        let token = make_admin_token(&self.core, work.as_mut(), &device, grant, terms).await?;
        work.append_event(&token_event(&self.core, grant.by(), &device, &token.id)).await?;
        work.commit().await?;
        Ok(token)
    }

    /// Makes a token for the device that the data describes, for this user only: auto-enrolment. It needs no leave
    /// beyond being logged in, and it is open without a trusted device; what it needs is a registered device that
    /// is nobody else's.
    ///
    /// # Errors
    /// Auto-enrolment is off; the device is not registered, is locked, is another's, or its data does not fit. The
    /// audit log says which.
    pub async fn create_for_auto_enroll(
        &self,
        principal: &Principal,
        data: &CollectedData,
    ) -> Result<NewEnrollToken, DeviceError> {
        let (user, grant) = principal.account()?;
        let mut work = self.core.begin().await?;
        let effective = self.preference.effective(work.as_mut()).await?;
        if effective.mode == DeviceTrustMode::Off {
            return Err(DeviceError::Off);
        }
        if !effective.auto_enroll {
            return Err(DeviceError::AutoEnrollOff);
        }
        // Held until the commit: what is judged here must still be so when the token is made.
        let held = match work.device_by_tag(data.os_type, &data.serial_number.trim().to_lowercase()).await? {
            Some(device) => work.device_and_alarm_for_update(&device.id).await?,
            None => None,
        };
        let judged = match &held {
            None => Err(AutoEnrollRefusal::NotRegistered),
            Some((device, _))
                if work.lock_in_force(None, &[], Some(&device.id), self.core.now()).await?.is_some() =>
            {
                Err(AutoEnrollRefusal::Locked)
            }
            Some((_, Some(_))) => Err(AutoEnrollRefusal::CountersWentBack),
            Some((device, None)) => may_auto_enroll(work.as_mut(), device, data, &user.name).await?,
        };
        let device = held.map(|(device, _)| device);
        if let Err(refusal) = judged {
            drop(work);
            let error = DeviceError::AutoEnroll(refusal);
            let mut event = self.core.event(EventKind::DEVICE_TOKEN_CREATE, grant.by());
            if let Some(device) = &device {
                event = event.about_device(device, "");
            }
            let failed = event.failed(EventKind::DEVICE_TOKEN_CREATE, error.code(), refusal.as_str());
            self.core.append_alone(&failed).await?;
            return Err(error);
        }
        let device = device.ok_or(DeviceError::AutoEnroll(AutoEnrollRefusal::NotRegistered))?;
        work.revoke_enroll_tokens(&device.id, Some(&user.name), self.core.now()).await?;
        let terms = TokenTerms::from(Some(self.core.now().plus_secs(AUTO_ENROLL_SECS)));
        let (purpose, bound) = (TokenPurpose::AutoEnroll, Some(user.name.clone()));
        let token = make_token(&self.core, work.as_mut(), &device, purpose, grant.by(), terms, bound).await?;
        work.append_event(&token_event(&self.core, grant.by(), &device, &token.id)).await?;
        work.commit().await?;
        Ok(token)
    }

    /// Tokens, newest first; those that can no longer be used only where `ended`.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListDevices>,
        device_id: Option<&str>,
        ended: bool,
        before: Option<&TokenCursor>,
        limit: i64,
    ) -> Result<TokenPage, DeviceError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let filter = TokenFilter {
            device_id: device_id.map(str::to_owned),
            active_at: (!ended).then(|| self.core.now()),
        };
        let mut work = self.core.read().await?;
        let tokens = work.enroll_tokens_with_devices(&filter, before, limit).await?;
        let full = i64::try_from(tokens.len()).is_ok_and(|len| len == limit);
        let next = tokens.last().filter(|_| full).map(|(last, _)| TokenCursor::at(last));
        Ok((tokens, next))
    }

    /// The state of a token at this moment.
    #[must_use]
    pub fn state(&self, token: &EnrollToken) -> crate::entity::TokenState {
        token.state(self.core.now())
    }

    /// Revokes a token that has not been spent.
    ///
    /// # Errors
    /// Unknown, spent or revoked.
    pub async fn revoke(&self, grant: &Grant<RevokeEnrollToken>, id: &str) -> Result<(), DeviceError> {
        let mut work = self.core.begin().await?;
        let token =
            work.enroll_token(id).await?.ok_or_else(|| DeviceError::TokenNotFound(clean_label(id)))?;
        if !work.revoke_enroll_token(id, self.core.now()).await? {
            return Err(DeviceError::TokenEnded(clean_label(id)));
        }
        let mut event = self.core.event(EventKind::DEVICE_TOKEN_REVOKE, grant.by()).about(id);
        if let Some(device) = work.device(&token.device_id).await? {
            event = event.about_device(&device, "");
        }
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }
}

/// Whether a user's own login may enrol this device by itself, if neither a lock nor a counter alarm is on it.
pub(crate) async fn may_auto_enroll(
    work: &mut dyn UnitOfWork,
    device: &Device,
    data: &CollectedData,
    user: &str,
) -> Result<Result<(), AutoEnrollRefusal>, StoreError> {
    let enrolled = device.enroll_status == EnrollStatus::Enrolled;
    let owned_by_another = device.owner.as_deref().is_some_and(|owner| owner != user);
    if owned_by_another || (enrolled && !work.is_device_user(&device.id, user).await?) {
        return Ok(Err(AutoEnrollRefusal::OwnedByAnother));
    }
    if !device.profile.as_ref().is_none_or(|profile| fits_profile(profile, data)) {
        return Ok(Err(AutoEnrollRefusal::ProfileMismatch));
    }
    Ok(Ok(()))
}

/// Makes a token on an admin's word. One who may only enrol the machine at hand gets a token that serves nobody else
/// and not for long.
pub(crate) async fn make_admin_token(
    core: &Core,
    work: &mut dyn UnitOfWork,
    device: &Device,
    grant: &Grant<CreateEnrollToken>,
    terms: TokenTerms,
) -> Result<NewEnrollToken, DeviceError> {
    if !grant.is_self_enrolment() {
        return make_token(core, work, device, TokenPurpose::Admin, grant.by(), terms, None).await;
    }
    if device.enroll_status == EnrollStatus::Enrolled {
        return Err(AuthzError::DeviceRequired.into());
    }
    let soon = TokenTerms { expires: Some(core.now().plus_secs(AUTO_ENROLL_SECS)), ..terms };
    make_token(core, work, device, TokenPurpose::Admin, grant.by(), soon, Some(grant.by().user.clone())).await
}

/// Makes and stores a token.
async fn make_token(
    core: &Core,
    work: &mut dyn UnitOfWork,
    device: &Device,
    purpose: TokenPurpose,
    by: &Attribution,
    terms: TokenTerms,
    bound_user: Option<String>,
) -> Result<NewEnrollToken, DeviceError> {
    let now = core.now();
    let expires = terms.expires.unwrap_or(now.plus_secs(DEFAULT_SECS));
    if expires <= now {
        return Err(DeviceError::Expiry);
    }
    if expires > now.plus_secs(LONGEST_DAYS * 86_400) {
        return Err(DeviceError::ExpiryTooFar(LONGEST_DAYS));
    }
    let token = SecretToken::generate(core.random.as_ref());
    let row = EnrollToken {
        id: core.new_id(),
        hash: token.hash(),
        device_id: device.id.clone(),
        purpose,
        created_by: by.user.clone(),
        bound_user,
        created: now,
        expires,
        challenges: 0,
        open_challenge: None,
        spent: None,
        revoked: None,
        note: clean_label(&terms.note),
    };
    work.insert_enroll_token(&row).await?;
    Ok(NewEnrollToken { id: row.id, token, expires })
}

pub(crate) fn token_event(core: &Core, by: &Attribution, device: &Device, token_id: &str) -> AuditEvent {
    core.event(EventKind::DEVICE_TOKEN_CREATE, by).about_device(device, "").about(token_id)
}

/// Whether collected data fits what an MDM says, as far as it says anything: model and OS user are stable, versions
/// are not. What the MDM knows, the device must tell.
fn fits_profile(profile: &DeviceProfile, data: &CollectedData) -> bool {
    let same = |ours: &str, theirs: &str| ours.is_empty() || ours.eq_ignore_ascii_case(theirs);
    let user_known = profile.os_usernames.is_empty()
        || [&data.os_login_user, &data.os_username].into_iter().any(|name| {
            !name.is_empty() && profile.os_usernames.iter().any(|known| known.eq_ignore_ascii_case(name))
        });
    same(&profile.model_identifier, &data.model_identifier) && same(&profile.os_id, &data.os_id) && user_known
}
