use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::entity::Digest;
use crate::ports::Random;

/// A bearer secret: enrolment tokens and one-time links of 256 bits, ids of cookies. Stored only as its SHA-256.
#[derive(Clone)]
pub struct SecretToken(Zeroizing<String>);

/// Length of a cookie's id.
const COOKIE_BYTES: usize = 16;
/// Longest text that is looked at as a token, in bytes.
const MAX_TEXT: usize = 128;

impl SecretToken {
    /// A fresh token.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        random.fill(bytes.as_mut());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
    }

    /// A fresh id for a browser's cookie: 128 bits, as tower-sessions has them (OWASP ASVS 5.0, 7.2.3).
    #[must_use]
    pub fn generate_cookie(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0_u8; COOKIE_BYTES]);
        random.fill(bytes.as_mut());
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
    }

    /// Reads the cookie that a browser sends; `None` for what none can be.
    #[must_use]
    pub fn read_cookie(text: &str) -> Option<Self> {
        (text.len() <= MAX_TEXT
            && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == COOKIE_BYTES))
        .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// Reads what somebody presents; `None` for what no token can be.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() <= MAX_TEXT && URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32))
            .then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, for the one moment in which it is shown.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretToken { .. }")
    }
}
