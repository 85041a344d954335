//! One stylesheet of many.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Later rules win over earlier ones, so what everything builds on comes first.
const FIRST: [&str; 2] = ["tokens.css", "base.css"];

/// All `.css` files of the folder in one text: tokens, base, then the others by name.
///
/// # Errors
/// When a file cannot be read as UTF-8.
pub(crate) fn concatenated(folder: &Path) -> Result<String> {
    let mut names = Vec::new();
    // Git keeps no empty folders: none means no stylesheets.
    if folder.is_dir() {
        for entry in fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".css") {
                names.push(name);
            }
        }
    }
    let place = |name: &str| FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len());
    names.sort_by(|a, b| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));

    let mut text = String::new();
    for name in names {
        let path = folder.join(&name);
        text.push_str(&fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?);
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everything_builds_on_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["button.css", "base.css", "tokens.css", "alert.css", "notes.txt"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        assert_eq!(concatenated(folder.path()).unwrap(), "tokens.css\nbase.css\nalert.css\nbutton.css\n");
    }

    #[test]
    fn no_folder_is_no_style() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(concatenated(&folder.path().join("none")).unwrap(), "");
    }
}
