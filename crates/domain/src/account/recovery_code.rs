//! Recovery codes: 80 random bits each, for the day on which the other factor is lost.

use gatehouse_model::Timestamp;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::AccountError;
use crate::Core;
use crate::entity::Digest;
use crate::ports::UnitOfWork;

/// How many a user gets at once.
pub(super) const CODES: usize = 10;
const BYTES: usize = 10;
const CHARS: usize = 16;
/// RFC 4648, section 6, in lower case: without 0, 1, 8 and 9, which look like letters.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// A code as it is typed: in groups, in any case.
pub(super) struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    fn of(bytes: [u8; BYTES]) -> Self {
        let number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        let char_at = |place: usize| {
            let index = usize::try_from(number >> (5 * (CHARS - 1 - place)) & 31).unwrap_or_default();
            char::from(ALPHABET[index])
        };
        Self(Zeroizing::new((0..CHARS).map(char_at).collect()))
    }

    /// `None` for what no recovery code can be.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > 4 * CHARS {
            return None;
        }
        let code: Zeroizing<String> = Zeroizing::new(
            text.chars()
                .filter(|c| !c.is_whitespace() && *c != '-')
                .map(|c| match c.to_ascii_lowercase() {
                    '0' => 'o',
                    '1' => 'l',
                    other => other,
                })
                .collect(),
        );
        let fits = code.len() == CHARS && code.bytes().all(|byte| ALPHABET.contains(&byte));
        fits.then_some(Self(code))
    }

    /// What is stored; bound to the user.
    pub(super) fn hash(&self, user: &str) -> Digest {
        let mut hash = Sha256::new();
        for part in ["gatehouse recovery code", user, &self.0] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.finalize().into()
    }

    /// In groups of four, for the one moment in which it is shown.
    fn reveal(&self) -> String {
        let chars: Vec<char> = self.0.chars().collect();
        chars.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
    }
}

/// Gives a user new codes in place of all before; answers with the texts, which are nowhere else.
pub(super) async fn replace_recovery_codes(
    core: &Core,
    work: &mut dyn UnitOfWork,
    user: &str,
    now: Timestamp,
) -> Result<Vec<String>, AccountError> {
    let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::of(core.random_bytes())).collect();
    let hashes: Vec<_> = codes.iter().map(|code| code.hash(user)).collect();
    work.put_recovery_codes(user, &hashes, now).await?;
    Ok(codes.iter().map(RecoveryCode::reveal).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = RecoveryCode::of([0xff; BYTES]);
        assert_eq!(code.reveal(), "7777-7777-7777-7777");
        let code = RecoveryCode::of([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23]);
        let shown = code.reveal();
        for typed in [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', ""),
            shown.replace('-', " "),
            format!(" {shown}\n"),
            shown.replace('o', "0").replace('l', "1"),
        ] {
            assert_eq!(RecoveryCode::read(&typed).unwrap().hash("alice"), code.hash("alice"), "{typed}");
        }
        assert_ne!(code.hash("alice"), code.hash("bob"));
    }

    #[test]
    fn what_is_no_code_is_not_taken_for_one() {
        for text in ["", "123456", "7777-7777-7777", "7777-7777-7777-77778", "7777-7777-7777-777é"] {
            assert!(RecoveryCode::read(text).is_none(), "{text}");
        }
        assert!(RecoveryCode::read(&"-".repeat(5000)).is_none());
    }
}
