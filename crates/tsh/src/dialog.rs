//! One question, with yes or no or with a number, in a window where there is a desktop, else in the terminal.
//!
//! What others wrote (a browser's name for itself, above all) is shown as it is: no window reads it as markup.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use gatehouse_client::present::printable;
use gatehouse_client::{ClientError, Result};
use gatehouse_model::HandoffCode;
use gatehouse_native::desktop::{Desktop, is_in_foreground};
use tokio::process::Command;

use crate::input::Prompt;
use crate::output;

/// How long a window stays: as long as what it asks about can be authorized.
const PATIENCE: Duration = Duration::from_secs(300);
const TITLE: &str = "Gatehouse";
/// What is to be typed for a browser on another machine.
const NUMBER: &str = "Number that the browser shows (empty: no):";
/// What kdialog prints for the lines of its list.
const KDIALOG_NO: &str = "no";
const KDIALOG_YES: &str = "yes";
/// How often something else than a number may be typed.
const NUMBER_TRIES: usize = 3;

/// Where a person can be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Zenity(PathBuf),
    Kdialog(PathBuf),
    Terminal,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) title: String,
    pub(crate) rows: Vec<(&'static str, String)>,
    pub(crate) warning: Option<String>,
    pub(crate) advice: String,
}

impl Question {
    /// The whole question in lines, for a terminal.
    pub(crate) fn plain(&self) -> String {
        self.lines(self.rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default() + 2)
    }

    /// For a window, whose letters are not all equally wide.
    fn in_window(&self) -> String {
        self.lines(0)
    }

    /// With labels at least this wide.
    fn lines(&self, width: usize) -> String {
        let mut lines = vec![self.title.clone(), String::new()];
        lines.extend(
            self.rows.iter().map(|(label, value)| format!("{:<width$}{value}", format!("{label}: "))),
        );
        for text in self.warning.iter().chain([&self.advice]) {
            lines.extend([String::new(), text.clone()]);
        }
        printable(&lines.join("\n"))
    }

    /// What is authorized unasked.
    pub(crate) fn summary(&self) -> String {
        let rows: Vec<String> =
            self.rows.iter().map(|(label, value)| format!("{} {value}", label.to_lowercase())).collect();
        let warning = self.warning.as_ref().map(|warning| format!("\nnote: {warning}")).unwrap_or_default();
        format!("note: authorizing without a question: {}{warning}", rows.join(", "))
    }
}

impl Asker {
    /// For somebody who looks at the desktop.
    pub(crate) fn for_desktop(desktop: &Desktop) -> Option<Self> {
        Self::window(desktop).or_else(Self::terminal)
    }

    /// For somebody who typed a command.
    pub(crate) fn for_terminal(desktop: &Desktop) -> Option<Self> {
        Self::terminal().or_else(|| Self::window(desktop))
    }

    fn window(desktop: &Desktop) -> Option<Self> {
        if !desktop.has_display {
            return None;
        }
        let zenity = desktop.program("zenity").map(Self::Zenity);
        zenity.or_else(|| desktop.program("kdialog").map(Self::Kdialog))
    }

    fn terminal() -> Option<Self> {
        // A question that is not seen is not asked.
        let is_seen = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        (is_seen && is_in_foreground()).then_some(Self::Terminal)
    }

    /// Asks; whatever is not a clear yes is a no.
    pub(crate) async fn ask(&self, question: &Question) -> Result<bool> {
        let mut command = match self {
            Self::Terminal => {
                output::notice(question.plain());
                let answer = Prompt.text("Authorize? [y/N]")?;
                return Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"));
            }
            Self::Zenity(program) => {
                let mut command = Command::new(program);
                command
                    .args(["--question", "--no-markup", "--default-cancel", "--width=480"])
                    .args(["--ok-label=Authorize", "--cancel-label=Cancel"])
                    .arg(format!("--title={TITLE}"))
                    .arg(format!("--text={}", for_zenity(&question.in_window())));
                command
            }
            Self::Kdialog(program) => {
                // Its windows with yes and no take the enter key for a yes, and that may be meant for the window behind. No
                // letter leads to a line that begins with a sign.
                let mut command = Command::new(program);
                command
                    .args(["--title", TITLE, "--menu"])
                    .arg(for_kdialog(&question.in_window()))
                    .args([KDIALOG_NO, "✗ Do not authorize it", KDIALOG_YES, "✓ Authorize it"])
                    .args(["--default", "✗ Do not authorize it"]);
                return Ok(typed(&mut command).await?.is_some_and(|chosen| chosen.trim() == KDIALOG_YES));
            }
        };
        let Some(status) = wait(&mut command).await else {
            return Err(ClientError::handoff(HandoffCode::Declined, "nobody answered in time"));
        };
        // It says 1 for no, and for a window that was closed. What else it ends with is no answer at all.
        match status.map(|status| status.code()) {
            Ok(Some(0)) => Ok(true),
            Ok(Some(1)) => Ok(false),
            _ => Err(ClientError::handoff(HandoffCode::CannotAsk, "the window could not be shown")),
        }
    }

    /// Asks for the number of two digits that a browser shows; `None` for whatever is not a clear answer. What has another
    /// shape is asked for again, for a wrong number ends it.
    pub(crate) async fn ask_number(&self, question: &Question) -> Result<Option<String>> {
        if matches!(self, Self::Terminal) {
            output::notice(question.plain());
        }
        for _ in 0..NUMBER_TRIES {
            let answer = match self {
                Self::Terminal => Some(Prompt.text(NUMBER)?),
                Self::Zenity(program) => {
                    let mut command = Command::new(program);
                    command
                        .args(["--entry", "--width=480", "--ok-label=Authorize", "--cancel-label=Cancel"])
                        .arg(format!("--title={TITLE}"))
                        .arg(format!("--text={}", for_zenity_entry(&question_with(question, NUMBER))));
                    typed(&mut command).await?
                }
                Self::Kdialog(program) => {
                    let mut command = Command::new(program);
                    command
                        .args(["--title", TITLE, "--inputbox"])
                        .arg(for_kdialog_entry(&question_with(question, NUMBER)))
                        .arg("");
                    typed(&mut command).await?
                }
            };
            match answer.as_deref().map(str::trim) {
                None | Some("") => return Ok(None),
                Some(number) if is_number(number) => return Ok(Some(number.to_owned())),
                Some(_) => output::notice("The number has two digits."),
            }
        }
        Ok(None)
    }

    /// Shows why it was refused to somebody who sees no terminal.
    pub(crate) async fn tell(&self, error: &ClientError) {
        let lines = output::refusal_lines(error);
        let text = lines.trim_end();
        let mut command = match self {
            Self::Terminal => return,
            Self::Zenity(program) => {
                let mut command = Command::new(program);
                command
                    .args(["--error", "--no-markup", "--width=480"])
                    .arg(format!("--title={TITLE}"))
                    .arg(format!("--text={}", for_zenity(text)));
                command
            }
            Self::Kdialog(program) => {
                let mut command = Command::new(program);
                command.args(["--title", TITLE, "--error"]).arg(for_kdialog(text));
                command
            }
        };
        let _ = wait(&mut command).await;
    }
}

/// The whole question, and what is to be typed.
fn question_with(question: &Question, what: &str) -> String {
    format!("{}\n\n{what}", question.in_window())
}

fn is_number(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What was typed or chosen in a window; `None` for a window that was closed.
async fn typed(command: &mut Command) -> Result<Option<String>> {
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(output) = tokio::time::timeout(PATIENCE, command.output()).await else {
        return Err(ClientError::handoff(HandoffCode::Declined, "nobody answered in time"));
    };
    match output.map(|output| (output.status.code(), output.stdout)) {
        Ok((Some(0), stdout)) => Ok(Some(String::from_utf8_lossy(&stdout).into_owned())),
        Ok((Some(1), _)) => Ok(None),
        _ => Err(ClientError::handoff(HandoffCode::CannotAsk, "the window could not be shown")),
    }
}

/// How the window was closed; `None` if nobody did in time.
async fn wait(command: &mut Command) -> Option<std::io::Result<std::process::ExitStatus>> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    tokio::time::timeout(PATIENCE, command.status()).await.ok()
}

/// Some of its windows read backslashes as in C, in some versions, and a line break in a browser's name could pass for a row
/// of ours: what looks like a backslash and is none means nothing to any.
fn for_zenity(text: &str) -> String {
    text.replace('\\', "\u{2216}")
}

/// Where it asks for a line, it reads marks of access keys.
fn for_zenity_entry(text: &str) -> String {
    for_zenity(text).replace('_', "__")
}

/// kdialog guesses whether a text is HTML: this one is, and nothing of what it says.
fn for_kdialog(text: &str) -> String {
    let mut html = String::from("<qt>");
    for c in text.chars() {
        match c {
            '\n' => html.push_str("<br/>"),
            // kdialog reads backslashes as well.
            '&' | '<' | '>' | '"' | '\'' | '\\' => html.push_str(&format!("&#{};", u32::from(c))),
            c => html.push(c),
        }
    }
    html + "</qt>"
}

/// Where it asks for a line, it reads marks of access keys.
fn for_kdialog_entry(text: &str) -> String {
    for_kdialog(&text.replace('&', "&&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "<b>Fire</b>fox & \\n\\x41 %s `id` $(id) \"'é";

    #[test]
    fn what_a_browser_calls_itself_is_no_markup() {
        let html = for_kdialog(NASTY);
        assert!(!html.contains("<b>") && !html.contains('\\') && !html.contains('"'), "{html}");
        assert!(html.starts_with("<qt>&#60;b&#62;Fire"), "{html}");
        assert_eq!(for_kdialog_entry("a & b"), "<qt>a &#38;&#38; b</qt>");
        assert_eq!(for_zenity("a\\nb"), "a\u{2216}nb");
        assert_eq!(for_zenity_entry("<a>_b"), "<a>__b");
    }

    #[test]
    fn what_steers_a_terminal_is_gone() {
        let question = Question {
            title: "T?".to_owned(),
            rows: vec![("Browser", "Fire\u{1b}[2J\u{202e}fox".to_owned())],
            warning: None,
            advice: "A.".to_owned(),
        };
        assert_eq!(question.plain(), "T?\n\nBrowser: Fire[2Jfox\n\nA.");
    }
}
