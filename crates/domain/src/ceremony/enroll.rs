mod binding;
mod missing_cas;
mod pending;
mod unknown_ca;

use std::sync::Arc;

use gatehouse_attestation::{ChainError, certificate_chain, make_credential, verify_device_key};
use gatehouse_model::tpm::{AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters};
use gatehouse_model::{AttestationTier, CollectedData, DeviceTrustMode, OsType, clean_label};
use zeroize::Zeroizing;

use super::basis::{Bases, Basis};
use super::judge::{ClaimedTpm, EkVerdict, device_key_anchor};
use super::refusal::Refusal;
use super::{CeremonyError, NONCE_BYTES, check_data, evidence};
use crate::audit::EventKind;
use crate::authz::{Attribution, Principal};
use crate::cluster::Preference;
use crate::device::DeviceView;
use crate::ek::{EkTrust, EkTrusts};
use crate::entity::{CHALLENGE_SECS, Counters, Device, Digest, EkFinding, EnrollToken, Evidence, TokenState};
use crate::{Core, Decision, SecretToken};

/// The enrolment ceremony.
pub struct Enrolment {
    core: Arc<Core>,
    preference: Preference,
    trusts: Arc<EkTrusts>,
    bases: Bases,
}

/// First message of an enrolment.
#[derive(Clone)]
pub struct EnrollInit {
    pub token: String,
    pub credential_id: String,
    pub data: CollectedData,
    pub key: DeviceKey,
}

/// The key that is to be bound.
#[derive(Clone, Debug)]
pub enum DeviceKey {
    Tpm {
        ek: EkMaterial,
        ak: AttestationParameters,
        /// Certificates of CAs that came with it: contents of the TPM's NV indices.
        intermediates: Vec<Vec<u8>>,
    },
    /// SubjectPublicKeyInfo DER of a Secure Enclave key.
    SecureEnclave { public_key_der: Vec<u8> },
}

impl DeviceKey {
    /// DER of each certificate that came with the key.
    pub(super) fn sent(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Tpm { intermediates, .. } => certificate_chain(intermediates),
            Self::SecureEnclave { .. } => Vec::new(),
        }
    }
}

/// What the device has to answer.
#[derive(Clone, Debug)]
pub enum EnrollChallenge {
    Tpm { credential: EncryptedCredential, nonce: [u8; NONCE_BYTES] },
    SecureEnclave { challenge: [u8; NONCE_BYTES] },
}

/// The device's answer.
#[derive(Clone, Debug)]
pub enum EnrollAnswer {
    Tpm { solution: Vec<u8>, platform: PlatformParameters },
    SecureEnclave { signature: Vec<u8> },
}

/// An enrolment whose challenge is out.
pub struct PendingEnrolment {
    token: EnrollToken,
    challenge_id: String,
    device: Device,
    user: String,
    session_id: String,
    by: Attribution,
    init: EnrollInit,
    nonce: [u8; NONCE_BYTES],
    claim: Claim,
    /// What it is judged by.
    basis: Arc<Basis>,
}

enum Claim {
    Tpm { tpm: Box<ClaimedTpm>, secret: Zeroizing<[u8; NONCE_BYTES]> },
    SecureEnclave { anchor: Digest },
}

/// What a token leads to, from one snapshot.
struct Found {
    token: EnrollToken,
    device: Device,
    /// The target of the lock on the device that is in force, if one is.
    lock: Option<String>,
    /// What EK certificates must lead to, if to anything.
    trust: Option<Arc<EkTrust>>,
    /// Whether CAs that are missing are fetched.
    fetch_cas: bool,
    /// What evidence says of all that.
    basis: Arc<Basis>,
}

/// What a finished ceremony has shown.
struct Proven {
    anchor: Digest,
    tier: AttestationTier,
    findings: Vec<EkFinding>,
    counters: Option<Counters>,
    /// All of it holds, but the EK certificate leads to no CA that is allowed.
    unknown_ca: Option<Box<ChainError>>,
}

pub(crate) use binding::{Binding, check_counters};
pub(super) use missing_cas::fetch_missing_cas;

impl Enrolment {
    pub(crate) fn new(core: Arc<Core>, preference: Preference, trusts: Arc<EkTrusts>) -> Self {
        Self { core, preference, trusts, bases: Bases::default() }
    }

    /// Judges the first message. The challenge that goes out is counted against the token in a commit of its own
    /// before it is answered.
    ///
    /// # Errors
    /// Any [`CeremonyError`]; refusals of a known device are in its audit trail.
    pub async fn begin(
        &self,
        principal: &Principal,
        init: EnrollInit,
    ) -> Result<(EnrollChallenge, PendingEnrolment), CeremonyError> {
        let (user, grant) = principal.account()?;
        let Found { token, device, lock, trust, fetch_cas, basis } =
            match self.look_up(&init.token, &user.name).await {
                Ok(found) => found,
                Err(Refusal { device, error }) => {
                    self.core
                        .note_refusal(
                            EventKind::DEVICE_ENROLL,
                            grant.by(),
                            device.as_ref(),
                            &init.credential_id,
                            &error,
                        )
                        .await?;
                    return Err(error);
                }
            };
        let mut sent = init.key.sent();
        if fetch_cas && lock.is_none() {
            fetch_missing_cas(&self.core, &init.key, &mut sent, trust.as_deref()).await;
        }
        let begin = || {
            check_data(&device, &init.data)?;
            if let Some(target) = &lock {
                return Err(CeremonyError::Locked(target.clone()));
            }
            self.make_claim(&init, &device, trust.as_deref(), &sent)
        };
        let (claim, challenge, nonce) = match begin() {
            Ok(claimed) => claimed,
            Err(error) => {
                self.core
                    .note_refusal(
                        EventKind::DEVICE_ENROLL,
                        grant.by(),
                        Some(&device),
                        &init.credential_id,
                        &error,
                    )
                    .await?;
                return Err(error);
            }
        };
        let challenge_id = self.core.new_id();
        if let Err(error) = self.open_challenge(&token, &challenge_id).await {
            self.core
                .note_refusal(
                    EventKind::DEVICE_ENROLL,
                    grant.by(),
                    Some(&device),
                    &init.credential_id,
                    &error,
                )
                .await?;
            return Err(error);
        }
        let pending = PendingEnrolment {
            token,
            challenge_id,
            device,
            user: user.name.clone(),
            session_id: user.session_id.clone(),
            by: grant.by().clone(),
            init,
            nonce,
            claim,
            basis,
        };
        Ok((challenge, pending))
    }

    /// Judges the answer and, if all of it holds, binds the key: everything in one commit, or nothing.
    ///
    /// # Errors
    /// Any [`CeremonyError`]. The token stays usable until its challenges are used up.
    pub async fn finish(
        &self,
        principal: &Principal,
        pending: PendingEnrolment,
        answer: EnrollAnswer,
    ) -> Result<DeviceView, CeremonyError> {
        let (nonce, init) = (&pending.nonce, &pending.init);
        let mut record =
            evidence::blank(&self.core, &pending.device, &pending.user, &init.credential_id, nonce);
        pending.describe(&answer, &mut record);
        let outcome = match self.judge_answer(principal, &pending, &answer) {
            Ok(Proven { unknown_ca: Some(error), anchor, .. }) => {
                return Err(self.ask_for_review(&pending, &anchor, &error, record).await?);
            }
            Ok(proven) => {
                record.tier = proven.tier;
                record.findings.clone_from(&proven.findings);
                self.bind(&pending, &proven, &record).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            record.verdict = error.code().to_owned();
            evidence::trim(&mut record);
            self.close(&pending, error.code(), &error.to_string(), Some(&record)).await?;
        }
        outcome
    }

    /// Gives up a ceremony whose stream died or whose caller lost leave, for a reason with a stable code: the token may
    /// open another challenge at once.
    ///
    /// # Errors
    /// Storage.
    pub async fn abandon(
        &self,
        pending: &PendingEnrolment,
        code: &str,
        reason: &str,
    ) -> Result<(), CeremonyError> {
        self.close(pending, code, reason, None).await
    }

    /// The token's row, its device, and the CAs that EK certificates must chain to; a refusal comes with the device
    /// where that is known.
    async fn look_up(&self, token: &str, user: &str) -> Result<Found, Refusal> {
        let token = SecretToken::read(token).ok_or(CeremonyError::TokenInvalid)?;
        let now = self.core.now();
        let opening = self.core.look().await?.open_enrolment(&token.hash(), now).await?;
        let effective = self.preference.merged(&opening.preference)?;
        if effective.mode == DeviceTrustMode::Off {
            return Err(CeremonyError::Off.into());
        }
        let (row, device) = opening.found.ok_or(CeremonyError::TokenInvalid)?;
        if row.bound_user.as_deref().is_some_and(|bound| bound != user) {
            return Err(Refusal { device: Some(device), error: CeremonyError::TokenInvalid });
        }
        if let Err(error) = check_token_state(&row, now) {
            return Err(Refusal { device: Some(device), error });
        }
        let lock = opening.lock.map(|lock| lock.target_text());
        let trust = match self.trusts.of(&effective) {
            Ok(trust) => trust,
            Err(text) => {
                return Err(Refusal { device: Some(device), error: CeremonyError::AllowedCas(text) });
            }
        };
        let (fetch_cas, basis) = (effective.ekcert_fetch_cas, self.bases.of(&effective));
        Ok(Found { token: row, device, lock, trust, fetch_cas, basis })
    }

    fn make_claim(
        &self,
        init: &EnrollInit,
        device: &Device,
        trust: Option<&EkTrust>,
        sent: &[Vec<u8>],
    ) -> Result<(Claim, EnrollChallenge, [u8; NONCE_BYTES]), CeremonyError> {
        let nonce = self.core.random_bytes::<NONCE_BYTES>();
        match (&init.key, device.os_type) {
            (DeviceKey::Tpm { ek, ak, .. }, OsType::Linux | OsType::Windows) => {
                let tpm = ClaimedTpm::judge(ek, ak, &init.credential_id, trust, sent, self.core.now())?;
                let secret = Zeroizing::new(self.core.random_bytes::<NONCE_BYTES>());
                let credential =
                    make_credential(&tpm.ek, &tpm.ak, &secret, &mut |buffer| self.core.random.fill(buffer))?;
                let challenge = EnrollChallenge::Tpm { credential, nonce };
                Ok((Claim::Tpm { tpm: Box::new(tpm), secret }, challenge, nonce))
            }
            (DeviceKey::SecureEnclave { public_key_der }, OsType::Macos) => {
                let id = &init.credential_id;
                if id.is_empty() || id.len() > 128 || clean_label(id) != *id {
                    return Err(CeremonyError::CredentialId);
                }
                let anchor = device_key_anchor(public_key_der)?;
                Ok((
                    Claim::SecureEnclave { anchor },
                    EnrollChallenge::SecureEnclave { challenge: nonce },
                    nonce,
                ))
            }
            _ => Err(CeremonyError::KeyKind),
        }
    }

    async fn open_challenge(&self, token: &EnrollToken, challenge_id: &str) -> Result<(), CeremonyError> {
        let now = self.core.now();
        let mut work = self.core.act().await?;
        if work.open_challenge(&token.id, challenge_id, now, now.plus_secs(-CHALLENGE_SECS)).await? {
            return Ok(());
        }
        let current = work.enroll_token(&token.id).await?.ok_or(CeremonyError::TokenInvalid)?;
        check_token_state(&current, now)?;
        Err(CeremonyError::TokenBusy)
    }

    fn judge_answer(
        &self,
        principal: &Principal,
        pending: &PendingEnrolment,
        answer: &EnrollAnswer,
    ) -> Result<Proven, CeremonyError> {
        let (user, _) = principal.account()?;
        if user.name != pending.user || user.session_id != pending.session_id {
            return Err(CeremonyError::SessionChanged);
        }
        match (&pending.claim, answer) {
            (Claim::Tpm { tpm, secret }, EnrollAnswer::Tpm { solution, platform }) => {
                let counters = tpm.proves(secret, &pending.nonce, solution, platform)?;
                let (tier, findings, unknown_ca) = match &tpm.verdict {
                    EkVerdict::Judged { tier, findings } => (*tier, findings.clone(), None),
                    EkVerdict::UnknownCa(error) => {
                        (AttestationTier::TpmEkcert, Vec::new(), Some(error.clone()))
                    }
                };
                let anchor = tpm.ek.fingerprint();
                Ok(Proven { anchor, tier, findings, counters: Some(counters), unknown_ca })
            }
            (Claim::SecureEnclave { anchor }, EnrollAnswer::SecureEnclave { signature }) => {
                let DeviceKey::SecureEnclave { public_key_der } = &pending.init.key else {
                    return Err(CeremonyError::KeyKind);
                };
                verify_device_key(public_key_der, &pending.nonce, signature)?;
                Ok(Proven {
                    anchor: *anchor,
                    tier: AttestationTier::BareKey,
                    findings: Vec::new(),
                    counters: None,
                    unknown_ca: None,
                })
            }
            _ => Err(CeremonyError::Missing("challenge response of the kind that was asked for")),
        }
    }

    /// Closes the challenge; a refusal leaves an event, and evidence where there was an answer to judge.
    async fn close(
        &self,
        pending: &PendingEnrolment,
        code: &str,
        reason: &str,
        evidence: Option<&Evidence>,
    ) -> Result<(), CeremonyError> {
        let mut work = self.core.begin().await?;
        work.close_challenge(&pending.token.id, &pending.challenge_id).await?;
        if let Some(record) = evidence {
            pending.basis.keep(work.as_mut()).await?;
            work.insert_evidence(record).await?;
        }
        let event = self
            .core
            .event(EventKind::DEVICE_ENROLL, &pending.by)
            .about_device(&pending.device, &pending.init.credential_id)
            .with_details(serde_json::json!({"evidence": evidence.map(|record| &record.id)}))
            .failed(EventKind::DEVICE_ENROLL, code, reason);
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }
}

fn check_token_state(token: &EnrollToken, now: gatehouse_model::Timestamp) -> Result<(), CeremonyError> {
    match token.state(now) {
        TokenState::Active => Ok(()),
        TokenState::Spent => Err(CeremonyError::TokenSpent),
        TokenState::Revoked => Err(CeremonyError::TokenRevoked),
        TokenState::Expired => Err(CeremonyError::TokenExpired),
        // The last challenge may still be under way: then `spend` decides.
        TokenState::Exhausted => Err(CeremonyError::TokenExhausted),
    }
}
