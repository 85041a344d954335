use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{self, Output, ParamsString, PasswordHash, Salt, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

use super::AccountError;
use super::turns::Turns;

/// Password hashing with argon2id (RFC 9106), a few at a time: each takes 19 MiB.
pub(super) struct Passwords {
    turns: Turns,
    memory: Memory,
    /// A hash that no password has: verified for accounts that do not exist, so that they take the same time.
    decoy: tokio::sync::OnceCell<String>,
    decoy_salt: [u8; 16],
}

/// Working memory, handed from one hash to the next: given back to the allocator, it would stay with whichever thread
/// had it, 19 MiB each.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<Vec<Block>>>>);

impl Memory {
    /// Argon2id of a password.
    fn digest(
        &self,
        password: &[u8],
        salt: Salt<'_>,
        version: Version,
        params: Params,
        length: usize,
    ) -> Result<Output, password_hash::Error> {
        let mut bytes = [0; 64];
        let salt = salt.decode_b64(&mut bytes)?;
        let mut blocks = self.idle().pop().unwrap_or_default();
        blocks.resize(blocks.len().max(params.block_count()), Block::new());
        let argon2 = Argon2::new(Algorithm::Argon2id, version, params);
        let output = Output::init_with(length, |out| {
            Ok(argon2.hash_password_into_with_memory(password, salt, out, &mut blocks)?)
        });
        // What it holds was made from the password.
        blocks.fill(Block::new());
        self.idle().push(blocks);
        output
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MIN_CHARS: usize = 10;
const MAX_BYTES: usize = 512;

/// The parameters OWASP recommends first: 19 MiB, two passes, one lane.
fn parameters() -> Result<Params, argon2::Error> {
    Params::new(19 * 1024, 2, 1, None)
}

fn make_hash(memory: &Memory, password: &[u8], salt: [u8; 16]) -> Result<String, password_hash::Error> {
    let salt = SaltString::encode_b64(&salt)?;
    let (version, params) = (Version::V0x13, parameters()?);
    let written = ParamsString::try_from(&params)?;
    let output = memory.digest(password, salt.as_salt(), version, params, Params::DEFAULT_OUTPUT_LEN)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(version.into()),
        params: written,
        salt: Some(salt.as_salt()),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Whether the password has this hash. The outputs are compared in constant time.
fn fits(memory: &Memory, password: &[u8], hash: &str) -> Result<bool, password_hash::Error> {
    let parsed = PasswordHash::new(hash)?;
    let (Some(salt), Some(expected)) = (parsed.salt, parsed.hash) else { return Ok(false) };
    if parsed.algorithm != Algorithm::Argon2id.ident() {
        return Ok(false);
    }
    let version = parsed.version.map(Version::try_from).transpose()?.unwrap_or_default();
    let params = Params::try_from(&parsed)?;
    Ok(memory.digest(password, salt, version, params, expected.len())? == expected)
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
            turns: Turns::new(),
            memory: Memory::default(),
            decoy: tokio::sync::OnceCell::new(),
            decoy_salt,
        }
    }

    /// Hashes a password into a PHC string.
    pub(super) async fn hash(&self, password: &str, salt: [u8; 16]) -> Result<String, AccountError> {
        let password = Zeroizing::new(password.to_owned());
        let memory = self.memory.clone();
        self.run(move || make_hash(&memory, password.as_bytes(), salt).map_err(|error| error.to_string()))
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
        let memory = self.memory.clone();
        let work = move || fits(&memory, password.as_bytes(), &hash).map_err(|error| error.to_string());
        let fits = self.run(work).await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, String> + Send + 'static,
    ) -> Result<T, AccountError> {
        let _turn = self.turns.take().await?;
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
