//! Desktop entries (Desktop Entry Specification 1.5): the one of `tsh`, written; those of others, read as far as needed.

use std::path::{Path, PathBuf};

use gatehouse_model::LinkScheme;

use super::error::DesktopError;

/// The command of `tsh` that opens links.
const COMMAND: &str = "open-link";
/// What would let any page authorize sessions without a question.
const UNASKED: &str = "--yes";

/// The entry that lets `program` open the links of a scheme. The field code stands alone and after `--`, so that no link
/// can be taken for a flag.
pub(super) fn write(program: &Path, scheme: &LinkScheme) -> Result<String, DesktopError> {
    let plain =
        program.to_str().filter(|path| path.starts_with('/') && !path.contains(|c: char| c.is_control()));
    let path = plain.ok_or_else(|| DesktopError::ProgramPath { path: program.to_owned() })?;
    let scheme_flag = flag(scheme);
    Ok(format!(
        "[Desktop Entry]\n\
         Type=Application\n\
         Version=1.5\n\
         Name=Gatehouse\n\
         Comment=Authorizes a browser session with the TPM of this device\n\
         TryExec={}\n\
         Exec={} {COMMAND}{scheme_flag} -- %u\n\
         Icon=security-high\n\
         Terminal=false\n\
         NoDisplay=true\n\
         StartupNotify=false\n\
         MimeType={};\n",
        escaped(path),
        escaped(&quoted(path)),
        media_type(scheme)
    ))
}

/// Name of the file: one for each scheme.
pub(super) fn file_name(scheme: &LinkScheme) -> String {
    if is_usual(scheme) {
        "gatehouse-tsh.desktop".to_owned()
    } else {
        format!("gatehouse-tsh-{}.desktop", scheme.as_str())
    }
}

/// The media type that stands for a scheme in the lists of a desktop.
pub(super) fn media_type(scheme: &LinkScheme) -> String {
    format!("x-scheme-handler/{}", scheme.as_str())
}

/// The flag of `tsh` for a scheme, with a space before it; nothing for the one that servers have unless told otherwise.
pub(crate) fn flag(scheme: &LinkScheme) -> String {
    if is_usual(scheme) { String::new() } else { format!(" --scheme={}", scheme.as_str()) }
}

fn is_usual(scheme: &LinkScheme) -> bool {
    *scheme == LinkScheme::default()
}

/// What an entry says about opening links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The command line as words, without field codes.
    words: Vec<String>,
    takes_link: bool,
    media_types: Vec<String>,
}

impl Entry {
    /// Reads an entry; `None` if it is none, is hidden, or starts nothing.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut in_group = false;
        let (mut exec, mut media_types, mut hidden) = (None, Vec::new(), false);
        for line in text.lines() {
            let line = line.trim();
            if line.starts_with('[') {
                in_group = line == "[Desktop Entry]";
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| in_group) else { continue };
            match key.trim_end() {
                "Exec" => exec = Some(words(&unescaped(value.trim_start()))),
                "MimeType" => media_types = list(value),
                "Hidden" => hidden = value.trim() == "true",
                _ => {}
            }
        }
        let mut words = exec.filter(|words| !hidden && !words.is_empty())?;
        let count = words.len();
        words.retain(|word| !matches!(word.as_str(), "%u" | "%U" | "%f" | "%F"));
        Some(Self { takes_link: words.len() < count, words, media_types })
    }

    /// The program, as it is written: a path, or a name to be looked up.
    pub(crate) fn program(&self) -> PathBuf {
        self.words.first().map(PathBuf::from).unwrap_or_default()
    }

    /// Whether it runs `tsh open-link`.
    pub(crate) fn is_ours(&self) -> bool {
        self.words.get(1).is_some_and(|word| word == COMMAND)
    }

    /// Whether it authorizes sessions without a question.
    pub(crate) fn asks_nobody(&self) -> bool {
        self.words.iter().any(|word| word == UNASKED)
    }

    pub(crate) fn takes_link(&self) -> bool {
        self.takes_link
    }

    pub(super) fn opens(&self, media_type: &str) -> bool {
        self.media_types.iter().any(|listed| listed == media_type)
    }
}

/// The items of a list, which semicolons end or part.
pub(super) fn list(value: &str) -> Vec<String> {
    value.split(';').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// One argument of a command line ("The Exec key").
fn quoted(word: &str) -> String {
    let doubled = word.replace('%', "%%");
    if !doubled.contains(|c: char| " \t\n\"'\\><~|&;$*?#()`".contains(c)) {
        return doubled;
    }
    let mut out = String::from("\"");
    for c in doubled.chars() {
        if "\"`$\\".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

/// A value of the type string.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\")
}

fn unescaped(value: &str) -> String {
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('s') => out.push(' '),
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}

/// The arguments of a command line.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                quoted = !quoted;
                begun = true;
            }
            '\\' if quoted => word.extend(chars.next()),
            ' ' | '\t' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            other => {
                word.push(other);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words.into_iter().map(|word| word.replace("%%", "%")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_packages_entry_is_the_one_that_is_written() {
        let written = write(Path::new("/usr/bin/tsh"), &LinkScheme::default()).unwrap();
        assert_eq!(written, include_str!("../../../../packaging/gatehouse-tsh.desktop"));
    }

    #[test]
    fn no_link_is_taken_for_a_flag_and_none_goes_unasked() {
        let written = write(Path::new("/opt/my tools/tsh"), &"corp".parse().unwrap()).unwrap();
        assert!(written.contains("Exec=\"/opt/my tools/tsh\" open-link --scheme=corp -- %u\n"), "{written}");
        let entry = Entry::read(&written).unwrap();
        assert!(entry.is_ours() && entry.takes_link() && !entry.asks_nobody());
        assert!(entry.opens("x-scheme-handler/corp") && !entry.opens("x-scheme-handler/gatehouse"));
        let unasked = written.replace(" -- ", " --yes ");
        assert!(Entry::read(&unasked).unwrap().asks_nobody());
    }

    #[test]
    fn paths_that_no_desktop_can_start_are_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        for bad in [&b"tsh"[..], b"/opt/a\nExec=evil", b"/opt/\xff/tsh"] {
            let path = Path::new(std::ffi::OsStr::from_bytes(bad));
            assert!(matches!(write(path, &LinkScheme::default()), Err(DesktopError::ProgramPath { .. })));
        }
    }

    #[test]
    fn entries_that_start_nothing_are_none() {
        for text in [
            "",
            "[Desktop Entry]\nName=x\n",
            "[Other]\nExec=x %u\n",
            "[Desktop Entry]\nExec=x\nHidden=true\n",
        ] {
            assert_eq!(Entry::read(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_path_reads_back(path in "/[^\\x00-\\x1f\\x7f-\\x9f]{1,40}") {
            let written = write(Path::new(&path), &LinkScheme::default()).unwrap();
            let entry = Entry::read(&written).unwrap();
            prop_assert_eq!(entry.program(), PathBuf::from(&path));
            prop_assert!(entry.is_ours() && entry.takes_link());
        }

        #[test]
        fn nothing_that_is_read_panics(text in "(?s).{0,200}") {
            let _ = Entry::read(&text);
        }
    }
}
