//! Policy sessions that satisfy an EK's policy (TCG EK Credential Profile 2.6, annex B.6).

use tpm2_protocol::basic::TpmInt32;
use tpm2_protocol::data::{TpmAlgId, TpmRh, TpmSe, TpmlDigest, TpmtPublic};
use tpm2_protocol::frame::{
    TpmPolicyOrCommand, TpmPolicyOrResponse, TpmPolicySecretCommand, TpmPolicySecretResponse,
    TpmStartAuthSessionCommand, TpmStartAuthSessionResponse,
};

use super::commands::{handle, password};
use super::template::{POLICY_A_SHA256, POLICY_A_SHA384, POLICY_B_SHA384, POLICY_C_SHA384, buffer};
use super::{Loaded, Tpm, TpmError};

impl Tpm {
    /// A policy session in which the EK with this public area may be used.
    pub(crate) fn endorsement_session(&self, ek: &TpmtPublic) -> Result<Loaded<'_>, TpmError> {
        let policy = &ek.auth_policy[..];
        let with_or = match ek.name_alg {
            TpmAlgId::Sha256 if policy == POLICY_A_SHA256 => false,
            TpmAlgId::Sha384 if policy == POLICY_A_SHA384 => false,
            TpmAlgId::Sha384 if policy == POLICY_B_SHA384 => true,
            _ => return Err(TpmError::Malformed { what: "the policy of the endorsement key".to_owned() }),
        };
        let session = self.start_policy_session(ek.name_alg)?;
        self.policy_secret(&session)?;
        if with_or {
            self.policy_or(&session, &[&POLICY_A_SHA384, &POLICY_C_SHA384])?;
        }
        Ok(session)
    }

    fn start_policy_session(&self, hash: TpmAlgId) -> Result<Loaded<'_>, TpmError> {
        let command = TpmStartAuthSessionCommand {
            handles: [handle(TpmRh::Null), handle(TpmRh::Null)],
            // Nothing in this session is keyed with the nonce: it carries no HMAC and encrypts nothing.
            nonce_caller: buffer(&[0; 16], "a nonce")?,
            encrypted_salt: Default::default(),
            session_type: TpmSe::Policy,
            symmetric: Default::default(),
            auth_hash: hash,
        };
        let reply = self.call::<_, TpmStartAuthSessionResponse>(&command, &[])?;
        Ok(Loaded::transient(self, reply.handle.unwrap_or_default()))
    }

    fn policy_secret(&self, session: &Loaded<'_>) -> Result<(), TpmError> {
        let command = TpmPolicySecretCommand {
            handles: [handle(TpmRh::Endorsement), session.handle().into()],
            nonce_tpm: Default::default(),
            cp_hash_a: Default::default(),
            policy_ref: Default::default(),
            expiration: TpmInt32::new(0),
        };
        self.call::<_, TpmPolicySecretResponse>(&command, &[password()]).map(|_| ())
    }

    fn policy_or(&self, session: &Loaded<'_>, branches: &[&[u8]]) -> Result<(), TpmError> {
        let mut list = TpmlDigest::new();
        for branch in branches {
            let digest = buffer(branch, "a policy digest")?;
            list.try_push(digest).map_err(|_| TpmError::Malformed { what: "a policy".to_owned() })?;
        }
        let command = TpmPolicyOrCommand { handles: [session.handle().into()], p_hash_list: list };
        self.call::<_, TpmPolicyOrResponse>(&command, &[]).map(|_| ())
    }
}
