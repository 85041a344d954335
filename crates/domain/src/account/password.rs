use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::AccountError;

/// Password hashing with argon2id (RFC 9106), a few at a time: each takes 19 MiB.
pub(super) struct Passwords {
    slots: Semaphore,
    /// How many may wait for a slot; further ones are turned away, so that a flood of guesses cannot hold up
    /// everybody's login for long.
    waiting: Semaphore,
    /// A hash that no password has: verified for accounts that do not exist, so that they take the same time.
    decoy: tokio::sync::OnceCell<String>,
    decoy_salt: [u8; 16],
}

const CONCURRENT: usize = 2;
const WAITING: usize = 64;
const MIN_CHARS: usize = 10;
const MAX_BYTES: usize = 512;

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    // The parameters OWASP recommends first: 19 MiB, two passes, one lane.
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19 * 1024, 2, 1, None)?))
}

/// What a new password must be.
pub(super) fn check_strength(password: &str, user: &str) -> Result<(), AccountError> {
    if password.len() > MAX_BYTES {
        return Err(AccountError::WeakPassword("the password is longer than 512 bytes"));
    }
    if password.chars().count() < MIN_CHARS {
        return Err(AccountError::WeakPassword("the password is too short: use at least 10 characters"));
    }
    let lower = password.to_lowercase();
    let one_character = lower.chars().all(|c| lower.starts_with(c));
    if one_character || (!user.is_empty() && lower == user.repeat(lower.len() / user.len().max(1))) {
        return Err(AccountError::WeakPassword("the password is too easy to guess"));
    }
    Ok(())
}

impl Passwords {
    pub(super) fn new(decoy_salt: [u8; 16]) -> Self {
        Self {
            slots: Semaphore::new(CONCURRENT),
            waiting: Semaphore::new(WAITING),
            decoy: tokio::sync::OnceCell::new(),
            decoy_salt,
        }
    }

    /// Hashes a password into a PHC string.
    pub(super) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, AccountError> {
        let password = Zeroizing::new(password.to_owned());
        self.run(move || {
            let salt = SaltString::encode_b64(&salt).map_err(|error| error.to_string())?;
            let hasher = argon2().map_err(|error| error.to_string())?;
            let hash = hasher.hash_password(password.as_bytes(), &salt).map_err(|error| error.to_string())?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password fits; without a hash it never does, after the same work.
    pub(super) async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, AccountError> {
        if password.len() > MAX_BYTES {
            return Ok(false);
        }
        let decoy = self.decoy.get_or_try_init(|| self.hash("decoy", self.decoy_salt)).await?;
        let known = hash.is_some();
        let (password, hash) = (Zeroizing::new(password.to_owned()), hash.unwrap_or(decoy).to_owned());
        let fits = self
            .run(move || {
                let parsed = PasswordHash::new(&hash).map_err(|error| error.to_string())?;
                let verifier = argon2().map_err(|error| error.to_string())?;
                Ok(verifier.verify_password(password.as_bytes(), &parsed).is_ok())
            })
            .await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, AccountError> {
        let _place = self.waiting.try_acquire().map_err(|_| AccountError::Busy)?;
        let _slot = self.slots.acquire().await.map_err(|error| AccountError::Hashing(error.to_string()))?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| AccountError::Hashing(error.to_string()))?
            .map_err(AccountError::Hashing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new([1; 16]);
        let hash = passwords.hash("correct horse", [2; 16]).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("decoy", None).await.unwrap());
    }

    #[test]
    fn short_and_obvious_passwords_are_refused() {
        for bad in ["short", "aaaaaaaaaaaa", "alicealice", &"x1".repeat(300)] {
            assert!(check_strength(bad, "alice").is_err(), "{bad}");
        }
        assert!(check_strength("correct horse battery", "alice").is_ok());
    }
}
