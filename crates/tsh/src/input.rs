//! What a person types: from the terminal without echo, else line by line from standard input.

use std::io::{BufRead, IsTerminal, Read};

use gatehouse_client::{ClientError, Result, SecondFactorPrompt};
use gatehouse_model::ErrorKind;

use crate::output;

/// Longest line that is read, in bytes.
const MAX_LINE: u64 = 4096;

/// Reads secrets.
pub(crate) struct Prompt;

impl Prompt {
    /// Asks for a secret.
    pub(crate) fn secret(&self, question: &str) -> Result<String> {
        if std::io::stdin().is_terminal() {
            return rpassword::prompt_password(format!("{question} ")).map_err(|error| {
                ClientError::new(
                    ErrorKind::InvalidInput,
                    "input",
                    format!("cannot read the terminal: {error}"),
                )
            });
        }
        self.text(question)
    }

    /// Asks for what everybody may see.
    pub(crate) fn text(&self, question: &str) -> Result<String> {
        output::question(&format!("{question} "));
        let line = read_line(question);
        if !std::io::stdin().is_terminal() {
            // A terminal would have shown the end of the line.
            output::notice("");
        }
        line
    }

    /// Asks for a one-time code; the spaces that apps show in it are dropped.
    pub(crate) fn code(&self) -> Result<String> {
        let code = self.secret("Enter an OTP code from a device:")?;
        Ok(code.chars().filter(|c| !c.is_whitespace()).collect())
    }
}

/// Asks who is logged in to prove that it is them, for what is about to be done.
pub(crate) struct Proof(&'static str);

impl Proof {
    /// `what` begins the sentence that says why.
    pub(crate) fn of(what: &'static str) -> Self {
        Self(what)
    }
}

impl SecondFactorPrompt for Proof {
    fn otp_code(&mut self) -> Result<String> {
        output::notice(format!("{} needs a fresh second factor.", self.0));
        Prompt.code()
    }

    fn password(&mut self) -> Result<String> {
        output::notice(format!("{} needs your password once more.", self.0));
        Prompt.secret("Enter your password:")
    }
}

fn read_line(question: &str) -> Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().take(MAX_LINE).read_line(&mut line).map_err(|error| {
        ClientError::new(ErrorKind::InvalidInput, "input", format!("cannot read standard input: {error}"))
    })?;
    if line.is_empty() {
        return Err(ClientError::new(
            ErrorKind::InvalidInput,
            "input",
            format!("standard input ended before an answer to \"{question}\""),
        )
        .with_hint("type the answers, or give one on each line of standard input"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
