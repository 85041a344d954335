//! What the user of the walk answers to a program's questions.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use totp_rs::{Algorithm, Secret, TOTP};

/// Seconds that a one-time code stands for (RFC 6238's default).
const STEP: u64 = 30;
/// How long a code is good for at least when it is given.
const LEISURE: Duration = Duration::from_secs(10);

/// The user's password, and the authenticator app that sign-up fills.
#[derive(Debug)]
pub(crate) struct Answers {
    password: String,
    authenticator: RefCell<Option<Authenticator>>,
}

/// Gives codes that the server takes one after another: each step once, later ones only, at most one step before or after
/// the server's own.
#[derive(Debug)]
struct Authenticator {
    secret: Vec<u8>,
    /// The step after the last one used.
    next: u64,
}

/// An answer, and what of it a terminal would show.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) typed: String,
    pub(crate) echoed: bool,
}

impl Answers {
    pub(crate) fn new(password: &str) -> Self {
        Self { password: password.to_owned(), authenticator: RefCell::new(None) }
    }

    /// The answer to the question that `printed` ends in; `None` if it ends in none.
    ///
    /// # Errors
    /// When a code is asked for before any secret was shown, or the question is not one of the walk's.
    pub(crate) fn to(&self, printed: &str) -> Result<Option<Answer>> {
        let question = printed.rsplit('\n').next().unwrap_or_default().trim_end();
        if !question.ends_with(':') {
            return Ok(None);
        }
        let question = question.to_lowercase();
        if question.contains("code") {
            self.learn(printed)?;
            return Ok(Some(Answer { typed: self.code()?, echoed: true }));
        }
        if question.contains("password") {
            return Ok(Some(Answer { typed: self.password.clone(), echoed: false }));
        }
        bail!("the walk has no answer to `{question}`")
    }

    /// The authenticator app's secret in base32, once sign-up has shown it.
    pub(crate) fn secret(&self) -> String {
        let authenticator = self.authenticator.borrow();
        let secret =
            authenticator.as_ref().map(|app| Secret::Raw(app.secret.clone()).to_encoded().to_string());
        secret.unwrap_or_default()
    }

    /// Takes the secret from an `otpauth://` link, as an app does that scans it.
    fn learn(&self, printed: &str) -> Result<()> {
        let secret = printed.split("otpauth://").nth(1).and_then(|link| link.split("secret=").nth(1));
        let Some(secret) = secret else { return Ok(()) };
        let base32: String = secret.chars().take_while(char::is_ascii_alphanumeric).collect();
        let secret =
            Secret::Encoded(base32).to_bytes().ok().context("the otpauth link's secret is not base32")?;
        *self.authenticator.borrow_mut() = Some(Authenticator { secret, next: 0 });
        Ok(())
    }

    fn code(&self) -> Result<String> {
        let mut authenticator = self.authenticator.borrow_mut();
        let authenticator = authenticator.as_mut().context("a code is asked for, but no secret was shown")?;
        let step = authenticator.next.max(step_in(LEISURE)?.saturating_sub(1));
        while step_in(Duration::ZERO)? + 1 < step {
            std::thread::sleep(Duration::from_millis(200));
        }
        authenticator.next = step + 1;
        // The server's own default secret is long enough; a shorter one is still computed as the app would.
        let totp = TOTP::new_unchecked(
            Algorithm::SHA1,
            6,
            1,
            STEP,
            authenticator.secret.clone(),
            None,
            "Gatehouse".to_owned(),
        );
        Ok(totp.generate(step * STEP))
    }
}

#[expect(clippy::disallowed_methods, reason = "stands in for a person's phone")]
fn step_in(time: Duration) -> Result<u64> {
    let then = SystemTime::now() + time;
    Ok(then.duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs() / STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_what_is_asked_at_the_end() {
        let answers = Answers::new("secret");
        assert_eq!(answers.to("Welcome.\n").unwrap(), None);
        assert_eq!(answers.to("Password: set\nmore").unwrap(), None);
        let answer = answers.to("Enter password for Gatehouse user myuser: ").unwrap().unwrap();
        assert_eq!(answer, Answer { typed: "secret".into(), echoed: false });
        assert!(answers.to("Really delete:").is_err());
    }

    #[test]
    fn codes_come_from_the_link_that_was_shown_and_never_twice() {
        let answers = Answers::new("secret");
        assert!(answers.to("Enter a one-time code: ").is_err());
        let shown = "otpauth://totp/Gatehouse:myuser?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Gatehouse\nCode: ";
        let first = answers.to(shown).unwrap().unwrap();
        let second = answers.to("One-time code: ").unwrap().unwrap();
        assert_eq!((first.typed.len(), first.echoed), (6, true));
        assert_ne!(first.typed, second.typed);
    }
}
