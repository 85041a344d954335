//! Registering `tsh` for the links of a scheme, and finding who is registered.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gatehouse_model::LinkScheme;

use super::associations::{defaults, with_default, without};
use super::entry::{self, Entry, media_type};
use super::error::DesktopError;
use super::{Desktop, is_plain};
use crate::state::read_capped;

/// Largest list or entry that is read, in bytes.
const CAP: u64 = 1024 * 1024;
const LIST: &str = "mimeapps.list";

/// What was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    pub file: PathBuf,
    pub by: Registration,
    /// Who opened these links before.
    pub before: Option<String>,
}

/// What made it the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registration {
    /// The desktop's own tool.
    XdgMime,
    /// This list was edited.
    List(PathBuf),
}

/// What was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removed {
    pub files: Vec<PathBuf>,
    /// Who opens these links now.
    pub now: Option<String>,
}

/// Who opens the links of a scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Name of the entry's file.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) entry: Entry,
}

/// Registers `program` for the user's own desktop.
///
/// # Errors
/// There is no home, its files cannot be written, or the desktop keeps to another program.
pub fn install(desktop: &Desktop, scheme: &LinkScheme, program: &Path) -> Result<Installed, DesktopError> {
    let text = entry::write(program, scheme)?;
    let name = entry::file_name(scheme);
    let before = find(desktop, scheme).map(|found| found.name).filter(|found| *found != name);
    let folder = desktop.data_home.join("applications");
    let file = folder.join(&name);
    replace(&file, &text)?;
    refresh(desktop, &folder);

    let media_type = media_type(scheme);
    let is_default = || find(desktop, scheme).is_some_and(|found| found.file == file);
    if let Some(xdg_mime) = desktop.program("xdg-mime") {
        run(desktop, Command::new(xdg_mime).args(["default", &name, &media_type]));
        if is_default_by_list(desktop, &media_type, &name) && is_default() {
            return Ok(Installed { file, by: Registration::XdgMime, before });
        }
    }
    let list = desktop.config_home.join(LIST);
    let listed = read(&list)?.unwrap_or_default();
    replace(&list, &with_default(&listed, &media_type, &name))?;
    if is_default() {
        return Ok(Installed { file, by: Registration::List(list), before });
    }
    let by = find(desktop, scheme).map_or_else(|| "nobody".to_owned(), |found| found.name);
    Err(DesktopError::NotTheDefault { scheme: scheme.as_str().to_owned(), by })
}

/// Takes back what [`install`] did for the user; what a package did for everybody stays.
///
/// # Errors
/// There is no home, or its files cannot be written.
pub fn uninstall(desktop: &Desktop, scheme: &LinkScheme) -> Result<Removed, DesktopError> {
    let name = entry::file_name(scheme);
    let media_type = media_type(scheme);
    let mut files = Vec::new();
    for list in user_lists(desktop) {
        let Some(text) = read(&list)? else { continue };
        let kept = without(&text, &media_type, &name);
        if kept != text {
            replace(&list, &kept)?;
            files.push(list);
        }
    }
    let folder = desktop.data_home.join("applications");
    let file = folder.join(&name);
    match fs::remove_file(&file) {
        Ok(()) => files.insert(0, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(source) => return Err(DesktopError::File { action: "remove", path: file, source }),
    }
    refresh(desktop, &folder);
    Ok(Removed { files, now: find(desktop, scheme).map(|found| found.name) })
}

/// Who opens the links of a scheme: the first default that is installed, else our own entry where it is installed.
pub(crate) fn find(desktop: &Desktop, scheme: &LinkScheme) -> Option<Found> {
    let media_type = media_type(scheme);
    let by_default = default_entry(desktop, &media_type);
    by_default.or_else(|| {
        located(desktop, &entry::file_name(scheme)).filter(|found| found.entry.opens(&media_type))
    })
}

/// The first default for a media type that is installed.
pub(crate) fn default_entry(desktop: &Desktop, media_type: &str) -> Option<Found> {
    let lists = user_lists(desktop).into_iter().chain(system_lists(desktop));
    let texts = lists.filter_map(|list| read(&list).ok().flatten());
    texts.flat_map(|text| defaults(&text, media_type)).find_map(|name| located(desktop, &name))
}

fn is_default_by_list(desktop: &Desktop, media_type: &str, name: &str) -> bool {
    default_entry(desktop, media_type).is_some_and(|found| found.name == name)
}

/// The entry of that name, the user's own first.
fn located(desktop: &Desktop, name: &str) -> Option<Found> {
    if !is_plain(name) || !name.ends_with(".desktop") {
        return None;
    }
    let folders = std::iter::once(&desktop.data_home).chain(&desktop.data_dirs);
    let mut files = folders.map(|folder| folder.join("applications").join(name));
    // The most important file hides those of the same name, also where it is of no use.
    let (file, text) = files.find_map(|file| read(&file).ok().flatten().map(|text| (file, text)))?;
    Some(Found { name: name.to_owned(), file, entry: Entry::read(&text)? })
}

/// The lists that the user or the user's desktop writes, most important first.
fn user_lists(desktop: &Desktop) -> Vec<PathBuf> {
    lists(desktop, [desktop.config_home.clone(), desktop.data_home.join("applications")])
}

fn system_lists(desktop: &Desktop) -> Vec<PathBuf> {
    let data = desktop.data_dirs.iter().map(|folder| folder.join("applications"));
    lists(desktop, desktop.config_dirs.iter().cloned().chain(data))
}

fn lists(desktop: &Desktop, folders: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let of_folder = |folder: PathBuf| {
        let mut lists: Vec<PathBuf> =
            desktop.names.iter().map(|name| folder.join(format!("{name}-{LIST}"))).collect();
        lists.push(folder.join(LIST));
        lists
    };
    folders.into_iter().flat_map(of_folder).collect()
}

/// Tells the desktop's cache of the folder; desktops look for themselves as well.
fn refresh(desktop: &Desktop, folder: &Path) {
    if let Some(program) = desktop.program("update-desktop-database") {
        run(desktop, Command::new(program).arg("--quiet").arg(folder));
    }
}

/// Runs a tool of the desktop; whether it did its work is seen in the files.
fn run(desktop: &Desktop, command: &mut Command) {
    let _ = command
        .env("XDG_DATA_HOME", &desktop.data_home)
        .env("XDG_CONFIG_HOME", &desktop.config_home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

fn read(path: &Path) -> Result<Option<String>, DesktopError> {
    let failed = |source| DesktopError::File { action: "read", path: path.to_owned(), source };
    match read_capped(path, CAP) {
        Ok(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Replaces a file whole or not at all. Where it is a link, as keepers of dotfiles make it, the file behind it is replaced;
/// who may read it stays as it was.
fn replace(path: &Path, text: &str) -> Result<(), DesktopError> {
    let failed = |action| move |source| DesktopError::File { action, path: path.to_owned(), source };
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let temporary = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&temporary, &target)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed("write")(error)
    })
}
