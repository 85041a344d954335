//! Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 seconds.

use gatehouse_model::Timestamp;
use totp_rs::{Algorithm, TOTP};
use zeroize::Zeroizing;

use super::{AccountError, Accounts};
use crate::entity::SecretPurpose;
use crate::ports::UnitOfWork;

const STEP_SECS: i64 = 30;
/// Steps before and after the current one that are accepted, for clocks that differ.
const SKEW_STEPS: i64 = 1;
/// RFC 4226 recommends 160 bits.
const SECRET_BYTES: usize = 20;

/// The step in which `code` is valid around `now`, if any; every candidate is compared in constant time.
fn matching_step(secret: &[u8], code: &str, now: Timestamp) -> Option<i64> {
    let code = code.trim();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let totp = generator(secret.to_vec())?;
    let current = now.secs().div_euclid(STEP_SECS);
    let mut found = None;
    for step in current - SKEW_STEPS..=current + SKEW_STEPS {
        let Ok(at) = u64::try_from(step * STEP_SECS) else { continue };
        let expected = Zeroizing::new(totp.generate(at));
        if bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), code.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

fn generator(secret: Vec<u8>) -> Option<TOTP> {
    TOTP::new(Algorithm::SHA1, 6, 1, STEP_SECS.unsigned_abs(), secret, None, String::new()).ok()
}

impl Accounts {
    /// Takes a one-time code of a user: right, and later than every code used before.
    pub(super) async fn take_code(
        &self,
        work: &mut dyn UnitOfWork,
        user: &str,
        code: &str,
    ) -> Result<bool, AccountError> {
        let Some(sealed) = work.sealed_secret(SecretPurpose::Totp, user).await? else {
            return Ok(false);
        };
        let secret = self.core.sealer.open(&sealed)?;
        match matching_step(&secret, code, self.core.now()) {
            Some(step) => Ok(work.take_totp_step(user, step).await?),
            None => Ok(false),
        }
    }

    /// The secret that waits behind a link: made when the link is first opened, kept until it is redeemed.
    pub(super) async fn pending_secret(
        &self,
        work: &mut dyn UnitOfWork,
        link_row: &str,
    ) -> Result<Zeroizing<Vec<u8>>, AccountError> {
        if let Some(sealed) = work.sealed_secret(SecretPurpose::Totp, link_row).await? {
            return Ok(self.core.sealer.open(&sealed)?);
        }
        let secret = Zeroizing::new(self.core.random_bytes::<SECRET_BYTES>().to_vec());
        work.put_sealed_secret(&self.core.sealer.seal(SecretPurpose::Totp, link_row, &secret, &[])).await?;
        Ok(secret)
    }

    /// Checks the first code of a new secret; answers with its step.
    pub(super) fn first_code_step(&self, secret: &[u8], code: &str) -> Option<i64> {
        matching_step(secret, code, self.core.now())
    }

    /// (otpauth URL, base32 secret) for an authenticator app.
    pub(super) fn otpauth(&self, secret: &[u8], user: &str) -> Option<(String, String)> {
        // The label of an otpauth URL may not hold a colon.
        let issuer = format!("Gatehouse {}", self.core.cluster_name.replace(':', " "));
        let account = user.replace(':', " ");
        let totp = TOTP::new(
            Algorithm::SHA1,
            6,
            1,
            STEP_SECS.unsigned_abs(),
            secret.to_vec(),
            Some(issuer),
            if account.is_empty() { "admin".to_owned() } else { account },
        )
        .ok()?;
        Some((totp.get_url(), totp.get_secret_base32()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_rfc_6238_matches_its_step() {
        // Appendix B: at 59 s the eight-digit code is 94287082; six digits are its tail.
        let secret = b"12345678901234567890";
        assert_eq!(matching_step(secret, "287082", Timestamp::from_secs(59)), Some(1));
        assert_eq!(matching_step(secret, "287082", Timestamp::from_secs(89)), Some(1));
        assert_eq!(matching_step(secret, "287082", Timestamp::from_secs(120)), None);
        assert_eq!(matching_step(secret, "28708", Timestamp::from_secs(59)), None);
    }
}
