//! The cookie of a browser's session: another id at every change of what the session may do, so that an id that leaked
//! before the change is worth nothing after it.

use gatehouse_model::ErrorKind;
use sha2::{Digest as _, Sha256};

use crate::authz::SignedIn;
use crate::entity::{Digest, Role, SessionDevice, SessionKey, User};
use crate::ports::{StoreError, UnitOfWork};
use crate::{Core, Decision, SecretToken};

/// For how long the cookie before is recognised (it is worth nothing, but its holder is told to ask again), in seconds.
pub(crate) const RENEWED_SECS: i64 = 60;

/// A change of rights met another one.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("your session was renewed by another request a moment ago, and nothing was done")]
    Renewed,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Decision for RenewError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Renewed => ErrorKind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Renewed => "session_renewed",
            Self::Store(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Renewed => Some("load the page again and repeat it".to_owned()),
            Self::Store(_) => None,
        }
    }
}

/// What a session may do, in one value: roles and their contents, logins, the trusted device.
pub(crate) fn rights(account: Option<&User>, roles: &[Role], device: Option<&SessionDevice>) -> Digest {
    let mut hash = Sha256::new();
    // Each part with its length, so that no two lists look alike.
    let mut put = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(text.as_bytes());
    };
    if let Some(account) = account {
        account.roles.iter().for_each(|role| put(role));
        put("");
        account.logins.iter().for_each(|login| put(login));
    }
    put("");
    for role in roles {
        put(&role.name);
        put(&role.updated.micros().to_string());
    }
    put("");
    if let Some(device) = device {
        [&device.device_id, &device.asset_tag, &device.credential_id].into_iter().for_each(|part| put(part));
    }
    hash.finalize().into()
}

impl Core {
    /// Gives the session another cookie, within the unit of work that changes what it may do or how it is proven, and
    /// after the change. The edge hands it out by itself; see `Identity::renewed_cookie`. Command lines have none.
    ///
    /// # Errors
    /// [`RenewError::Renewed`] if the request's cookie is no longer the session's: whoever has the new one did not ask
    /// for this change, so the unit of work must be dropped.
    pub(crate) async fn renew_cookie(
        &self,
        work: &mut dyn UnitOfWork,
        user: &SignedIn,
    ) -> Result<Option<SecretToken>, RenewError> {
        let Some(old) = user.current_cookie() else { return Ok(None) };
        let standing = work.standing(SessionKey::Id(&user.session_id)).await?.ok_or(RenewError::Renewed)?;
        let device = standing.trusted_device(self.now());
        let rights = rights(standing.account.as_ref(), &standing.roles, device);
        let cookie = SecretToken::generate_cookie(self.random.as_ref());
        let rotated =
            work.rotate_session_cookie(&user.session_id, &old, &cookie.hash(), &rights, self.now()).await?;
        if !rotated {
            return Err(RenewError::Renewed);
        }
        user.renewed.set(cookie.clone());
        Ok(Some(cookie))
    }
}

#[cfg(test)]
mod tests {
    use gatehouse_model::Timestamp;
    use gatehouse_model::resource::UserKind;

    use super::*;

    #[test]
    fn whatever_is_allowed_makes_a_difference() {
        let roles = crate::authz::preset_roles(Timestamp::from_secs(1));
        let account = |roles: &[&str], logins: &[&str]| User {
            name: "alice".to_owned(),
            kind: UserKind::Human,
            roles: roles.iter().map(ToString::to_string).collect(),
            logins: logins.iter().map(ToString::to_string).collect(),
            password_hash: None,
            totp_last_step: 0,
            created: Timestamp::default(),
            updated: Timestamp::default(),
        };
        let device = SessionDevice {
            device_id: "d".to_owned(),
            asset_tag: "t".to_owned(),
            credential_id: "c".to_owned(),
            since: Timestamp::default(),
            tier: None,
            until: None,
            confirmed_by: None,
        };
        let mut edited = roles[0].clone();
        edited.updated = Timestamp::from_secs(2);
        let all = [
            rights(None, &[], None),
            rights(Some(&account(&["access"], &[])), &roles[..1], None),
            rights(Some(&account(&["access"], &[])), &[], None),
            rights(Some(&account(&[], &["access"])), &[], None),
            rights(Some(&account(&["access", "editor"], &[])), &roles[..2], None),
            rights(Some(&account(&["access"], &[])), &[edited], None),
            rights(Some(&account(&["access"], &["root"])), &roles[..1], None),
            rights(Some(&account(&["access"], &[])), &roles[..1], Some(&device)),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one), "{n}");
        }
    }
}
