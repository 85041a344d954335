//! Passkeys and security keys through webauthn-rs.

use gatehouse_domain::entity::Passkey;
use gatehouse_domain::ports::{
    ClaimedPasskey, MadePasskey, PasskeyChallenge, PasskeyFault, Passkeys, UsedPasskey,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use webauthn_rs::prelude::{
    Credential, CredentialID, DiscoverableAuthentication, DiscoverableKey, PublicKeyCredential,
    RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication, SecurityKeyRegistration, Url, Uuid,
    Webauthn, WebauthnBuilder, WebauthnError,
};

use crate::config::PublicAddr;

/// Makes challenges and judges answers for the pages of one origin.
#[derive(Debug)]
pub struct WebauthnPasskeys {
    webauthn: Webauthn,
    rp_id: String,
    origin: String,
}

/// What waits for an answer.
#[derive(Serialize, Deserialize)]
enum State {
    New(Box<SecurityKeyRegistration>),
    OneOf(Box<SecurityKeyAuthentication>),
    Any(Box<DiscoverableAuthentication>),
}

impl WebauthnPasskeys {
    /// For the console at this address. `None` where its host is an IP address: WebAuthn binds keys to names (level 3,
    /// section 4, "RP ID").
    #[must_use]
    pub fn new(address: &PublicAddr, cluster_name: &str) -> Option<Self> {
        let origin = Url::parse(&format!("https://{address}")).ok()?;
        let rp_id = origin.domain()?.to_owned();
        let name = format!("Gatehouse {cluster_name}");
        let webauthn = WebauthnBuilder::new(&rp_id, &origin).ok()?.rp_name(&name).build().ok()?;
        // Without the port that goes without saying, as browsers name it.
        let origin = origin.origin().ascii_serialization();
        Some(Self { webauthn, rp_id, origin })
    }
}

impl Passkeys for WebauthnPasskeys {
    fn rp_id(&self) -> &str {
        &self.rp_id
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn ask_for_new(
        &self,
        user: &str,
        handle: &[u8],
        present: &[Passkey],
    ) -> Result<PasskeyChallenge, PasskeyFault> {
        let handle = Uuid::from_slice(handle).map_err(|error| PasskeyFault::Internal(error.to_string()))?;
        let present = present.iter().map(|passkey| CredentialID::from(passkey.credential_id.clone()));
        // The library's flow for a key beside a password: the user is checked where the key can. Its flow for passkeys
        // would turn away every security key without a PIN.
        let (options, state) = self
            .webauthn
            .start_securitykey_registration(handle, user, user, Some(present.collect()), None, None)
            .map_err(internal)?;
        let mut options = json(&options.public_key)?;
        options["authenticatorSelection"]["residentKey"] = "preferred".into();
        // Any kind of authenticator; and no credProtect: a security key without a PIN would never answer again.
        options.as_object_mut().and_then(|options| options.remove("hints"));
        options["extensions"] = serde_json::json!({"credProps": true});
        challenge(&options, &State::New(Box::new(state)))
    }

    fn accept_new(&self, state: &str, answer: &str) -> Result<MadePasskey, PasskeyFault> {
        let State::New(state) = waiting(state)? else { return Err(PasskeyFault::Challenge) };
        let answer: RegisterPublicKeyCredential = read(answer)?;
        let discoverable = answer.extensions.cred_props.as_ref().and_then(|props| props.rk) == Some(true);
        let key = self.webauthn.finish_securitykey_registration(&answer, &state).map_err(fault)?;
        let credential = Credential::from(key);
        Ok(MadePasskey {
            credential_id: credential.cred_id.to_vec(),
            counter: i64::from(credential.counter),
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backup_state,
            discoverable,
            credential: write(&credential)?,
        })
    }

    fn ask_for_one_of(&self, passkeys: &[Passkey]) -> Result<PasskeyChallenge, PasskeyFault> {
        let keys = passkeys.iter().map(stored).map(|credential| credential.map(SecurityKey::from));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        let (options, state) = self.webauthn.start_securitykey_authentication(&keys).map_err(internal)?;
        let mut options = json(&options.public_key)?;
        options.as_object_mut().and_then(|options| options.remove("hints"));
        challenge(&options, &State::OneOf(Box::new(state)))
    }

    fn ask_for_any(&self) -> Result<PasskeyChallenge, PasskeyFault> {
        let (options, state) = self.webauthn.start_discoverable_authentication().map_err(internal)?;
        challenge(&options.public_key, &State::Any(Box::new(state)))
    }

    fn claimed(&self, answer: &str) -> Result<ClaimedPasskey, PasskeyFault> {
        let answer: PublicKeyCredential = read(answer)?;
        Ok(ClaimedPasskey {
            credential_id: answer.get_credential_id().to_vec(),
            handle: answer.get_user_unique_id().map(<[u8]>::to_vec),
        })
    }

    fn accept_use(&self, state: &str, answer: &str, passkey: &Passkey) -> Result<UsedPasskey, PasskeyFault> {
        let answer: PublicKeyCredential = read(answer)?;
        let credential = stored(passkey)?;
        let result = match waiting(state)? {
            State::OneOf(state) => self.webauthn.finish_securitykey_authentication(&answer, &state),
            State::Any(state) => {
                let key = DiscoverableKey::from(webauthn_rs::prelude::Passkey::from(credential.clone()));
                self.webauthn.finish_discoverable_authentication(&answer, *state, &[key])
            }
            State::New(_) => return Err(PasskeyFault::Challenge),
        };
        let result = result.map_err(fault)?;
        let mut key = SecurityKey::from(credential);
        // `None` where the answer came from another key than the one that it named.
        key.update_credential(&result).ok_or_else(|| PasskeyFault::Refused("another key".to_owned()))?;
        let credential = Credential::from(key);
        Ok(UsedPasskey {
            counter: i64::from(credential.counter),
            backup_eligible: credential.backup_eligible,
            backed_up: credential.backup_state,
            credential: write(&credential)?,
        })
    }
}

fn challenge<T: Serialize>(options: &T, state: &State) -> Result<PasskeyChallenge, PasskeyFault> {
    Ok(PasskeyChallenge { options: write(options)?, state: write(state)? })
}

fn stored(passkey: &Passkey) -> Result<Credential, PasskeyFault> {
    serde_json::from_str(&passkey.credential).map_err(|error| PasskeyFault::Internal(error.to_string()))
}

fn waiting(state: &str) -> Result<State, PasskeyFault> {
    serde_json::from_str(state).map_err(|error| PasskeyFault::Internal(error.to_string()))
}

fn read<T: DeserializeOwned>(answer: &str) -> Result<T, PasskeyFault> {
    serde_json::from_str(answer).map_err(|_| PasskeyFault::Malformed)
}

fn json<T: Serialize>(value: &T) -> Result<serde_json::Value, PasskeyFault> {
    serde_json::to_value(value).map_err(|error| PasskeyFault::Internal(error.to_string()))
}

fn write<T: Serialize>(value: &T) -> Result<String, PasskeyFault> {
    serde_json::to_string(value).map_err(|error| PasskeyFault::Internal(error.to_string()))
}

fn internal(error: WebauthnError) -> PasskeyFault {
    PasskeyFault::Internal(error.to_string())
}

fn fault(error: WebauthnError) -> PasskeyFault {
    match error {
        WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash => PasskeyFault::Origin,
        WebauthnError::MismatchedChallenge => PasskeyFault::Challenge,
        WebauthnError::UserNotVerified => PasskeyFault::NotVerified,
        WebauthnError::CredentialPossibleCompromise => PasskeyFault::Cloned,
        WebauthnError::ParseBase64Failure(_)
        | WebauthnError::ParseJSONFailure(_)
        | WebauthnError::ParseCBORFailure(_)
        | WebauthnError::ParseNOMFailure => PasskeyFault::Malformed,
        other => PasskeyFault::Refused(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
