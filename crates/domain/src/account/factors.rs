//! Which second factors a user has, which of them the cluster accepts, and taking one.

use gatehouse_model::SecondFactor;
use serde_json::{Value, json};

use super::recovery_code::RecoveryCode;
use super::{AccountError, Accounts};
use crate::Core;
use crate::entity::{Passkey, SecretPurpose};
use crate::ports::{StoreError, UnitOfWork};

/// A user's second factors.
#[derive(Clone, Debug)]
pub(crate) struct Factors {
    policy: SecondFactor,
    /// Those for the server's present address.
    pub(super) passkeys: Vec<Passkey>,
    /// Those for an address that the server had before.
    pub(super) stranded: Vec<Passkey>,
    pub(super) has_authenticator: bool,
    pub(super) recovery_codes: i64,
}

/// How the second factor can be proven now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FactorChoices {
    pub passkey: bool,
    /// A code of an authenticator app.
    pub code: bool,
    pub recovery_code: bool,
    /// There are passkeys, but they are for an address that the server had before.
    pub stranded_passkeys: bool,
}

impl FactorChoices {
    #[must_use]
    pub const fn is_empty(self) -> bool {
        !self.passkey && !self.code && !self.recovery_code
    }
}

impl Factors {
    /// Whether the password alone is not enough for this user.
    pub(super) fn is_required(&self) -> bool {
        self.policy.is_required() || (self.policy == SecondFactor::Optional && self.has_any())
    }

    fn has_any(&self) -> bool {
        self.has_authenticator || !self.passkeys.is_empty() || !self.stranded.is_empty()
    }

    /// Whether a right password leads on to a session: no factor is required, or there is one to prove.
    pub(crate) fn lets_in(&self) -> bool {
        !self.is_required() || !self.choices().is_empty()
    }

    /// Whether there is a second factor that counts here and can be proven.
    pub(crate) fn can_prove_one(&self) -> bool {
        !self.choices().is_empty()
    }

    pub(super) fn choices(&self) -> FactorChoices {
        let passkeys = self.policy.allows_passkeys();
        FactorChoices {
            passkey: passkeys && !self.passkeys.is_empty(),
            code: self.policy.allows_codes() && self.has_authenticator,
            recovery_code: self.policy != SecondFactor::Off && self.recovery_codes > 0,
            stranded_passkeys: passkeys && !self.stranded.is_empty(),
        }
    }

    /// Whether the cluster would let this user in with what is left after losing a passkey or the authenticator.
    pub(super) fn suffice_without(&self, passkey: Option<&str>, authenticator: bool) -> bool {
        let keeps_passkey = self.policy.allows_passkeys()
            && self.passkeys.iter().any(|left| passkey.is_none_or(|lost| left.id != lost));
        let keeps_codes = self.policy.allows_codes() && self.has_authenticator && !authenticator;
        keeps_passkey || keeps_codes || !self.policy.is_required()
    }
}

/// What proved that it is the user, beside the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    Password,
    Code,
    RecoveryCode {
        left: i64,
    },
    /// Its name.
    Passkey {
        name: String,
        alone: bool,
    },
}

impl Proof {
    /// For the audit log.
    pub(super) fn details(&self) -> Value {
        match self {
            Self::Password => Value::Null,
            Self::Code => json!({"factor": "otp"}),
            Self::RecoveryCode { left } => json!({"factor": "recovery-code", "left": left}),
            Self::Passkey { name, alone: false } => json!({"factor": "passkey", "passkey": name}),
            Self::Passkey { name, alone: true } => json!({"factor": "passkey-alone", "passkey": name}),
        }
    }
}

/// The second factors of a user, as a policy judges them.
pub(crate) async fn factors_of(
    core: &Core,
    work: &mut dyn UnitOfWork,
    policy: SecondFactor,
    user: &str,
) -> Result<Factors, StoreError> {
    let rp_id = core.passkeys.as_ref().map(|passkeys| passkeys.rp_id());
    let all = work.passkeys(user).await?;
    let (passkeys, stranded) = all.into_iter().partition(|passkey| rp_id == Some(passkey.rp_id.as_str()));
    Ok(Factors {
        policy,
        passkeys,
        stranded,
        has_authenticator: work.sealed_secret(SecretPurpose::Totp, user).await?.is_some(),
        recovery_codes: work.count_recovery_codes(user).await?,
    })
}

impl Accounts {
    pub(super) async fn factors(
        &self,
        work: &mut dyn UnitOfWork,
        policy: SecondFactor,
        user: &str,
    ) -> Result<Factors, AccountError> {
        Ok(factors_of(&self.core, work, policy, user).await?)
    }

    /// Takes a typed code of a user: a one-time code, where the cluster accepts them, or a recovery code.
    pub(super) async fn take_typed_code(
        &self,
        work: &mut dyn UnitOfWork,
        policy: SecondFactor,
        user: &str,
        typed: &str,
    ) -> Result<Option<Proof>, AccountError> {
        if policy == SecondFactor::Off {
            return Ok(None);
        }
        if let Some(code) = RecoveryCode::read(typed) {
            if !work.use_recovery_code(user, &code.hash(user), self.core.now()).await? {
                return Ok(None);
            }
            return Ok(Some(Proof::RecoveryCode { left: work.count_recovery_codes(user).await? }));
        }
        let fits = policy.allows_codes() && self.take_code(work, user, typed).await?;
        Ok(fits.then_some(Proof::Code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(policy: SecondFactor, passkeys: &[&str], has_authenticator: bool) -> Factors {
        let passkey = |id: &&str| Passkey {
            id: (*id).to_owned(),
            user: "alice".to_owned(),
            credential_id: Vec::new(),
            rp_id: "gate.example".to_owned(),
            name: String::new(),
            credential: String::new(),
            counter: 0,
            backup_eligible: false,
            backed_up: false,
            discoverable: true,
            created: Default::default(),
            last_used: None,
        };
        let passkeys = passkeys.iter().map(passkey).collect();
        Factors { policy, passkeys, stranded: Vec::new(), has_authenticator, recovery_codes: 3 }
    }

    #[test]
    fn what_can_be_proven_follows_the_policy() {
        use SecondFactor::{Off, On, Optional, Otp, Webauthn};
        for (policy, passkey, code, recovery) in [
            (Off, false, false, false),
            (Otp, false, true, true),
            (Webauthn, true, false, true),
            (On, true, true, true),
            (Optional, true, true, true),
        ] {
            let choices = factors(policy, &["a"], true).choices();
            assert_eq!(
                (choices.passkey, choices.code, choices.recovery_code),
                (passkey, code, recovery),
                "{policy:?}"
            );
            assert_eq!(factors(policy, &["a"], true).is_required(), policy != Off);
            assert_eq!(factors(policy, &[], false).is_required(), policy.is_required());
        }
    }

    #[test]
    fn a_factor_that_is_required_and_missing_lets_nobody_in() {
        use SecondFactor::{Off, On, Optional, Otp, Webauthn};
        let none = |policy| Factors { recovery_codes: 0, ..factors(policy, &[], false) };
        let app = |policy| Factors { recovery_codes: 0, ..factors(policy, &[], true) };
        let lets_in = |find: &dyn Fn(SecondFactor) -> Factors| {
            [Off, Optional, On, Otp, Webauthn].map(|policy| find(policy).lets_in())
        };
        assert_eq!(lets_in(&none), [true, true, false, false, false]);
        assert_eq!(lets_in(&app), [true, true, true, true, false]);
    }

    #[test]
    fn passkeys_for_another_address_still_count_as_a_factor() {
        let mut moved = factors(SecondFactor::Optional, &["a"], false);
        moved.stranded = std::mem::take(&mut moved.passkeys);
        assert!(moved.is_required(), "or a new address would open the account to the password alone");
        assert!(!moved.choices().passkey);
        assert!(moved.choices().stranded_passkeys);
    }

    #[test]
    fn the_last_factor_stays_where_one_is_required() {
        use SecondFactor::{Off, On, Optional, Otp, Webauthn};
        let one = |policy| factors(policy, &["a"], false);
        assert!(!one(On).suffice_without(Some("a"), false));
        assert!(!one(Webauthn).suffice_without(Some("a"), false));
        assert!(one(Optional).suffice_without(Some("a"), false));
        assert!(one(Off).suffice_without(Some("a"), false));
        assert!(factors(On, &["a", "b"], false).suffice_without(Some("a"), false));
        assert!(factors(On, &["a"], true).suffice_without(Some("a"), false));
        assert!(factors(On, &["a"], true).suffice_without(None, true));
        assert!(!factors(Webauthn, &["a"], true).suffice_without(Some("a"), false), "codes do not count");
        assert!(!factors(Otp, &["a"], true).suffice_without(None, true), "passkeys do not count");
    }
}
