//! The judgement of an enrolment once more, step by step, without anybody's server.

use std::collections::BTreeSet;

use gatehouse_model::{AttestationTier, Timestamp};

use super::ACCEPTED_IN_REVIEW;
use super::EvidenceBundle;
use crate::ak::AkPublic;
use crate::boot_state::{LogState, boot_state};
use crate::chain::{AllowedCas, ChainPolicy, Intermediates, verify_ek_path_pinned};
use crate::creation::verify_creation;
use crate::ek::EkPublic;
use crate::ek_cert::EkCertificate;
use crate::known_cas::KnownCas;
use crate::possession::verify_device_key;
use crate::quote::verify_platform;

/// By what the EK certificate is judged.
#[derive(Clone, Debug)]
pub enum TrustBasis {
    /// The CAs, rules and time of the enrolment.
    Then,
    /// Those of the export.
    Now,
    /// Others.
    Given { cas: AllowedCas, policy: ChainPolicy, at: Timestamp },
}

/// What EK certificates must lead to.
struct Anchors {
    cas: AllowedCas,
    /// SHA-256 of the certificates that vendors' names allow.
    pinned: BTreeSet<[u8; 32]>,
    policy: ChainPolicy,
    at: Timestamp,
}

/// How a step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Holds,
    /// With the stable code by which the server refuses for it.
    Fails(&'static str),
    /// It does not apply, or nobody can repeat it.
    Skipped,
}

/// A step of the judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Stable word.
    pub name: &'static str,
    pub outcome: Outcome,
    /// For people.
    pub says: String,
}

/// The judgement, beside what the server had said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// In their order.
    pub checks: Vec<Check>,
    /// `success`, or the code of the first step that fails.
    pub verdict: &'static str,
    /// Absent where a step fails.
    pub tier: Option<AttestationTier>,
    /// Whether verdict and tier are those of then.
    pub agrees: bool,
}

/// What was checked so far.
#[derive(Default)]
struct Steps {
    checks: Vec<Check>,
    failed: Option<&'static str>,
}

impl Steps {
    fn holds(&mut self, name: &'static str, says: impl Into<String>) {
        self.checks.push(Check { name, outcome: Outcome::Holds, says: says.into() });
    }

    fn skip(&mut self, name: &'static str, says: impl Into<String>) {
        self.checks.push(Check { name, outcome: Outcome::Skipped, says: says.into() });
    }

    fn fails(&mut self, name: &'static str, code: &'static str, says: impl Into<String>) {
        self.failed.get_or_insert(code);
        self.checks.push(Check { name, outcome: Outcome::Fails(code), says: says.into() });
    }
}

impl EvidenceBundle {
    /// Judges once more.
    #[must_use]
    pub fn replay(&self, basis: &TrustBasis) -> Replay {
        let mut steps = Steps::default();
        let tier = if self.device_key.is_empty() {
            self.replay_tpm(basis, &mut steps)
        } else {
            self.replay_device_key(&mut steps)
        };
        let verdict = steps.failed.unwrap_or("success");
        let tier = tier.filter(|_| steps.failed.is_none());
        let same_tier = verdict != "success" || tier == Some(self.tier);
        let agrees = verdict == self.verdict && same_tier;
        if !agrees {
            let now = tier.map(|tier| format!(" ({})", tier.as_str())).unwrap_or_default();
            let then =
                if self.verdict == "success" { format!(" ({})", self.tier.as_str()) } else { String::new() };
            steps.checks.push(Check {
                name: "verdict",
                outcome: Outcome::Fails("verdict_differs"),
                says: format!(
                    "then {}{then}, now {verdict}{now}",
                    gatehouse_model::clean_label(&self.verdict)
                ),
            });
        } else {
            steps.holds("verdict", format!("{verdict}, as then"));
        }
        Replay { checks: steps.checks, verdict, tier, agrees }
    }

    fn replay_device_key(&self, steps: &mut Steps) -> Option<AttestationTier> {
        match verify_device_key(&self.device_key, &self.nonce, &self.signature) {
            Ok(()) => steps.holds("device_key", "the key signed the challenge"),
            Err(error) => steps.fails("device_key", "signature_invalid", error.to_string()),
        }
        Some(AttestationTier::BareKey)
    }

    fn replay_tpm(&self, basis: &TrustBasis, steps: &mut Steps) -> Option<AttestationTier> {
        let ak = match AkPublic::parse(&self.ak.public) {
            Ok(ak) => ak,
            Err(error) => {
                steps.fails("ak", "ak_invalid", error.to_string());
                return None;
            }
        };
        if ak.credential_id() == self.credential_id {
            steps.holds(
                "ak",
                "a restricted signing key that cannot leave its TPM; the credential id is its own",
            );
        } else {
            steps.fails("ak", "credential_id_mismatch", "the credential id is not that of the key");
        }
        match verify_creation(&ak, &self.ak) {
            Ok(()) => steps.holds("ak_creation", "made inside of a TPM, says the key itself"),
            Err(error) => steps.fails("ak_creation", "creation_attestation_invalid", error.to_string()),
        }
        let tier = self.replay_ek(basis, steps);
        steps.skip("activation", "the secret was the server's; it is not kept");
        match verify_platform(&ak, &self.nonce, &self.platform) {
            Ok(verdict) => {
                steps.holds("quotes", format!("{} banks, signed over the nonce", verdict.banks.len()))
            }
            Err(error) => steps.fails("quotes", "quote_invalid", error.to_string()),
        }
        let state = boot_state(&self.platform);
        match state.log {
            LogState::Read { events, agrees } => {
                let events = gatehouse_model::counted(events, "event", "events");
                let not = if agrees { "" } else { "not " };
                steps.holds("event_log", format!("{events}, {not}giving the quoted PCRs, as then"));
            }
            LogState::NotSent => steps.skip("event_log", "none was sent"),
            LogState::Unreadable(error) => steps.skip("event_log", error.to_string()),
        }
        tier
    }

    fn replay_ek(&self, basis: &TrustBasis, steps: &mut Steps) -> Option<AttestationTier> {
        let ek = match EkPublic::from_spki_der(&self.ek_public) {
            Ok(ek) => ek,
            Err(error) => {
                steps.fails("ek", "ek_invalid", error.to_string());
                return None;
            }
        };
        let certificate = match self.ek_certificate.as_slice() {
            [] => None,
            der => match EkCertificate::parse(der) {
                Ok(certificate) if *certificate.ek() == ek => Some(certificate),
                Ok(_) => {
                    steps.fails("ek", "ek_invalid", "the EK is not that of its certificate");
                    return None;
                }
                Err(error) => {
                    steps.fails("ek", "ekcert_invalid", error.to_string());
                    return None;
                }
            },
        };
        steps.holds("ek", format!("{}, SHA-256 {}", ek.kind(), hex::encode(ek.fingerprint())));
        let anchors = match self.anchors(basis) {
            Ok(anchors) => anchors,
            Err(why) => {
                steps.fails("ek_certificate", "allow_list_invalid", why);
                return None;
            }
        };
        let Some(Anchors { cas, pinned, policy, at }) = anchors else {
            let (says, tier) = match certificate {
                Some(_) => ("no CAs were set: not verified", AttestationTier::TpmEkcert),
                None => ("none was sent, and no CAs were set", AttestationTier::TpmEkpub),
            };
            steps.holds("ek_certificate", says);
            return Some(tier);
        };
        let Some(leaf) = certificate else {
            steps.fails("ek_certificate", "ekcert_missing", "none was sent, and CAs are set");
            return None;
        };
        let sent = Intermediates::from_device(&self.intermediates);
        match verify_ek_path_pinned(&leaf, &cas, |sha256| pinned.contains(sha256), &sent, &policy, at) {
            Ok(path) => {
                let mut says = format!("chains to {}", path.anchor.subject);
                for finding in &path.findings {
                    let lowers = if finding.lowers_tier { " (lowers the tier)" } else { "" };
                    says.push_str(&format!("; {}{lowers}", finding.kind));
                }
                steps.holds("ek_certificate", says);
                Some(path.tier)
            }
            // Only where nothing else is wrong than that nobody vouched for it; and only as the judgement of then.
            Err(error) if matches!(basis, TrustBasis::Then) && self.is_accepted_in_review() => {
                steps.skip("ek_certificate", format!("{error}; an administrator accepted it in a review"));
                Some(AttestationTier::TpmEkcert)
            }
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                steps.fails("ek_certificate", "ekcert_untrusted", format!("{error}{hint}"));
                None
            }
        }
    }

    fn is_accepted_in_review(&self) -> bool {
        self.findings.iter().any(|finding| finding == ACCEPTED_IN_REVIEW)
    }

    /// The CAs to judge by; `None` where none are set.
    fn anchors(&self, basis: &TrustBasis) -> Result<Option<Anchors>, String> {
        let kept = match basis {
            TrustBasis::Given { cas, policy, at } => {
                let anchors = Anchors { cas: cas.clone(), pinned: BTreeSet::new(), policy: *policy, at: *at };
                return Ok(Some(anchors).filter(|_| !cas.is_empty()));
            }
            TrustBasis::Now => &self.now,
            TrustBasis::Then => match &self.then {
                Some(then) => then,
                // What nobody had to trust needs no CAs.
                None if self.tier != AttestationTier::TpmEkcertTrusted => return Ok(None),
                None => {
                    return Err(
                        "the CAs of then were not kept: name some, or judge by those of now".to_owned()
                    );
                }
            },
        };
        let mut cas = AllowedCas::default();
        for der in &kept.cas {
            cas.add(der).map_err(|error| format!("a CA of the list cannot be used: {error}"))?;
        }
        let pinned =
            KnownCas::of_this_release().of_vendors(&kept.vendors).map_err(|error| error.to_string())?;
        let pinned: BTreeSet<[u8; 32]> = pinned.into_iter().map(|known| known.sha256).collect();
        let is_set = !cas.is_empty() || !kept.vendors.is_empty();
        Ok(Some(Anchors { cas, pinned, policy: kept.policy, at: kept.at }).filter(|_| is_set))
    }
}
