//! One command of the walk: typed, answered, shown and compared with the guide.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::answers::Answers;
use crate::output;
use crate::running::{Heard, Running};
use crate::stage::{PATIENCE, Stage};

/// What a command printed; stdout and stderr, as a terminal shows them.
#[derive(Debug, Clone)]
pub(crate) struct Printed {
    command: String,
    text: String,
}

impl Stage {
    /// Runs a command line of the walk. Words are split at spaces: none of the guide's holds one.
    ///
    /// # Errors
    /// When it fails, hangs or asks what the walk cannot answer, or the walk was interrupted.
    pub(crate) fn types(&self, line: &str) -> Result<Printed> {
        self.interrupts.check()?;
        output::command(line);
        let mut words = line.split(' ');
        let mut command = self.program(words.next().context("an empty command line")?);
        // The guide quotes values for the shell.
        command.args(words.map(|word| word.replace(['\'', '"'], "")));
        let text = converse(&mut command, &self.answers).with_context(|| format!("`{line}`"))?;
        Ok(Printed { command: line.to_owned(), text })
    }
}

/// Runs the command, answers what it asks and shows all of it as a terminal would.
fn converse(command: &mut Command, answers: &Answers) -> Result<String> {
    let mut running = Running::start(command)?;
    let deadline = Instant::now() + PATIENCE;
    let mut transcript = String::new();
    let mut seen = 0;
    let mut answered = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let heard = running.listen(left);
        let text = running.text();
        let new = text.get(seen..).unwrap_or_default();
        output::plain(new);
        transcript.push_str(new);
        seen = text.len();
        match heard {
            Heard::End => break,
            Heard::Silence => bail!("it neither ended nor asked anything in {} s", PATIENCE.as_secs()),
            Heard::More if text.len() > answered => {
                if let Some(answer) = answers.to(&text)? {
                    answered = text.len();
                    // The program itself ends the line of its question.
                    let echo = if answer.echoed { answer.typed.clone() } else { String::new() };
                    output::plain(&echo);
                    transcript.push_str(&echo);
                    running.answer(&answer.typed)?;
                }
            }
            Heard::More => {}
        }
    }
    let status = running.finish(PATIENCE)?;
    if !status.success() {
        bail!("failed ({status})");
    }
    Ok(transcript)
}

impl Printed {
    /// # Errors
    /// When a line like this, but for the case of its letters and the spaces around it, was not printed.
    pub(crate) fn has_line(&self, wanted: &str) -> Result<&Self> {
        let same = |line: &str| line.trim().eq_ignore_ascii_case(wanted);
        self.demand(self.text.lines().any(same), &format!("the line `{wanted}`"))
    }

    /// # Errors
    /// When no line has all of these words.
    pub(crate) fn has_line_with(&self, words: &[&str]) -> Result<&Self> {
        self.demand(self.line_with(words).is_some(), &format!("a line with `{}`", words.join("`, `")))
    }

    /// # Errors
    /// When the text was printed although it should not have been.
    pub(crate) fn lacks(&self, unwanted: &str) -> Result<&Self> {
        self.demand(!self.text.contains(unwanted), &format!("nothing of `{unwanted}`"))
    }

    /// The first line with all of these.
    pub(crate) fn line_with(&self, words: &[&str]) -> Option<&str> {
        self.text.lines().find(|line| words.iter().all(|word| line.contains(word)))
    }

    /// The word that begins so, without that beginning.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn word_after(&self, start: &str) -> Result<&str> {
        let found = self.text.split_whitespace().find_map(|word| word.strip_prefix(start));
        found.with_context(|| format!("`{}` printed nothing that begins with `{start}`", self.command))
    }

    /// The line after the one that begins so.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn line_after(&self, start: &str) -> Result<&str> {
        let found = self.text.lines().skip_while(|line| !line.starts_with(start)).nth(1).map(str::trim);
        found.with_context(|| format!("`{}` printed nothing after `{start}`", self.command))
    }

    fn demand(&self, holds: bool, what: &str) -> Result<&Self> {
        if !holds {
            bail!("`{}` should print {what}; it printed:\n{}", self.command, self.text);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Printed {
        Printed { command: "tctl devices ls".into(), text: text.into() }
    }

    #[test]
    fn differences_from_the_guide_are_errors_that_show_the_output() {
        let list = printed("Asset Tag    OS\n------------ -----\nC00AA0AAAA0A Linux\n");
        assert!(list.has_line_with(&["C00AA0AAAA0A", "Linux"]).is_ok());
        assert!(list.has_line("c00aa0aaaa0a linux").is_ok());
        assert!(list.lacks("macOS").is_ok());
        let error = list.has_line("No devices found").unwrap_err().to_string();
        assert!(error.contains("`tctl devices ls` should print the line `No devices found`"), "{error}");
        assert!(error.contains("C00AA0AAAA0A Linux"), "{error}");
        assert!(list.lacks("Linux").is_err());
    }

    #[test]
    fn words_are_found_by_their_beginning() {
        assert_eq!(printed("run:\n  tsh device enroll --token=abc\n").word_after("--token=").unwrap(), "abc");
        assert!(printed("").word_after("--token=").is_err());
    }

    #[test]
    fn questions_are_answered_and_secrets_not_shown() {
        let script = "printf 'Password: '; read -r word; echo; echo \"${#word} letters\"";
        let text = converse(Command::new("sh").args(["-c", script]), &Answers::new("secret")).unwrap();
        assert_eq!(text, "Password: \n6 letters\n");
    }

    #[test]
    fn a_failing_command_ends_the_walk() {
        let error = converse(Command::new("sh").args(["-c", "exit 1"]), &Answers::new("")).unwrap_err();
        assert!(error.to_string().contains("failed"), "{error}");
    }
}
