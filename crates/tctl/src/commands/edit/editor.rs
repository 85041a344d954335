use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use gatehouse_client::{ClientError, Result};
use gatehouse_model::ErrorKind;
use tempfile::{NamedTempFile, TempPath};

use crate::document::MAX_DOCUMENT_BYTES;

/// A temporary file (0600) and the editor of the person.
pub(super) struct Draft {
    path: TempPath,
    editor: String,
}

impl Draft {
    pub(super) fn new(text: &str) -> Result<Self> {
        let file: NamedTempFile = tempfile::Builder::new()
            .prefix("tctl-")
            .suffix(".yaml")
            .tempfile()
            .map_err(|error| failed("make a temporary file", &error))?;
        let draft =
            Self { path: file.into_temp_path(), editor: choose_editor(|name| std::env::var(name).ok()) };
        draft.write(text)?;
        Ok(draft)
    }

    pub(super) fn write(&self, text: &str) -> Result<()> {
        std::fs::write(&self.path, text).map_err(|error| failed("write the temporary file", &error))
    }

    /// Runs the editor and reads what it leaves.
    pub(super) fn edit(&self) -> Result<String> {
        // The variable may hold a command with arguments, so a shell takes it apart; the path goes beside it.
        let status = Command::new("/bin/sh")
            .arg("-c")
            .arg(format!("{} \"$1\"", self.editor))
            .arg("tctl-edit")
            .arg::<&Path>(&self.path)
            .status()
            .map_err(|error| failed("start the editor", &error))?;
        if !status.success() {
            let message = format!("the editor `{}` failed ({status}); nothing was changed", self.editor);
            return Err(ClientError::new(ErrorKind::FailedPrecondition, "editor", message)
                .with_hint("set EDITOR to an editor that is installed"));
        }
        self.read()
    }

    /// What the file holds.
    pub(super) fn read(&self) -> Result<String> {
        let mut text = String::new();
        std::fs::File::open(&self.path)
            .and_then(|file| file.take(MAX_DOCUMENT_BYTES).read_to_string(&mut text))
            .map_err(|error| failed("read the temporary file", &error))?;
        Ok(text)
    }

    /// Leaves the file where it is, for the person to take the text from.
    pub(super) fn keep(self) -> Result<PathBuf> {
        self.path.keep().map_err(|error| failed("keep the temporary file", &error.error))
    }
}

fn choose_editor(variable: impl Fn(&str) -> Option<String>) -> String {
    ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(variable)
        .find(|editor| !editor.trim().is_empty())
        .unwrap_or_else(|| "vi".to_owned())
}

fn failed(doing: &str, error: &std::io::Error) -> ClientError {
    ClientError::new(ErrorKind::FailedPrecondition, "file", format!("cannot {doing}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn visual_goes_before_editor() {
        let of = |visual: Option<&str>, editor: Option<&str>| {
            choose_editor(|name| if name == "VISUAL" { visual } else { editor }.map(str::to_owned))
        };
        assert_eq!(of(Some("code -w"), Some("nano")), "code -w");
        assert_eq!(of(Some(" "), Some("nano")), "nano");
        assert_eq!(of(None, None), "vi");
    }

    #[test]
    fn the_editor_may_have_arguments() {
        let mut draft = Draft::new("mode: off\n").unwrap();
        draft.editor = "sed -i s/off/required/".to_owned();
        assert_eq!(draft.edit().unwrap(), "mode: required\n");
        draft.editor = "false".to_owned();
        assert!(draft.edit().unwrap_err().message.contains("nothing was changed"));
        let mode = std::fs::metadata(&draft.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
