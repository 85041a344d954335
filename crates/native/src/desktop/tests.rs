use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use gatehouse_model::LinkScheme;
use gatehouse_testkit::program;
use tempfile::TempDir;

use super::*;

const MEDIA: &str = "x-scheme-handler/gatehouse";

/// A home of its own, with these programs.
struct Home {
    folder: TempDir,
    desktop: Desktop,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let desktop = Desktop {
            data_home: root.join("data"),
            data_dirs: vec![root.join("system")],
            config_home: root.join("config"),
            config_dirs: vec![root.join("etc")],
            names: vec!["sway".to_owned()],
            path: vec![root.join("bin")],
            ..Desktop::default()
        };
        let home = Self { folder, desktop };
        program::write(&home.path("bin/tsh"), "#!/bin/sh\n");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn install(&self) -> Result<Installed, DesktopError> {
        install(&self.desktop, &LinkScheme::default(), &self.path("bin/tsh"))
    }

    fn found(&self) -> Option<PathBuf> {
        find(&self.desktop, &LinkScheme::default()).map(|found| found.file)
    }
}

#[test]
fn a_handler_is_installed_found_and_taken_back() {
    let home = Home::new();
    assert_eq!(home.found(), None);
    let installed = home.install().unwrap();
    assert_eq!(installed.file, home.path("data/applications/gatehouse-tsh.desktop"));
    assert_eq!(installed.by, Registration::List(home.path("config/mimeapps.list")));
    assert_eq!(installed.before, None);
    assert_eq!(home.found(), Some(installed.file.clone()));
    assert_eq!(home.install().unwrap(), installed, "a second time is the same");

    let removed = uninstall(&home.desktop, &LinkScheme::default()).unwrap();
    assert_eq!(removed.files, [installed.file, home.path("config/mimeapps.list")]);
    assert_eq!((removed.now, home.found()), (None, None));
    let again = uninstall(&home.desktop, &LinkScheme::default()).unwrap();
    assert!(again.files.is_empty());
}

#[test]
fn what_was_the_default_before_is_named_and_comes_back() {
    let home = Home::new();
    let list = "[Default Applications]\nx-scheme-handler/gatehouse=other.desktop\nimage/png=viewer.desktop\n";
    home.write("config/mimeapps.list", list);
    home.write("system/applications/other.desktop", "[Desktop Entry]\nExec=/opt/other %u\n");
    let installed = home.install().unwrap();
    assert_eq!(installed.before.as_deref(), Some("other.desktop"));
    assert_eq!(
        home.read("config/mimeapps.list"),
        list.replace("=other.desktop", "=gatehouse-tsh.desktop;other.desktop")
    );
    let removed = uninstall(&home.desktop, &LinkScheme::default()).unwrap();
    assert_eq!(removed.now.as_deref(), Some("other.desktop"));
    assert_eq!(home.read("config/mimeapps.list"), list);
}

#[test]
fn a_packages_entry_counts_without_any_list() {
    let home = Home::new();
    let entry = include_str!("../../../../packaging/gatehouse-tsh.desktop");
    home.write("system/applications/gatehouse-tsh.desktop", entry);
    assert_eq!(home.found(), Some(home.path("system/applications/gatehouse-tsh.desktop")));
    let removed = uninstall(&home.desktop, &LinkScheme::default()).unwrap();
    assert_eq!(removed.now.as_deref(), Some("gatehouse-tsh.desktop"), "what is not the user's own stays");
}

#[test]
fn a_list_of_the_desktop_itself_that_names_another_program_is_said() {
    let home = Home::new();
    home.write(
        "config/sway-mimeapps.list",
        "[Default Applications]\nx-scheme-handler/gatehouse=other.desktop\n",
    );
    home.write("system/applications/other.desktop", "[Desktop Entry]\nExec=/opt/other %u\n");
    let error = home.install().unwrap_err();
    assert_eq!(error.code(), "handler_not_default");
    assert!(error.to_string().ends_with("opened by other.desktop"), "{error}");
}

#[test]
fn xdg_mime_goes_first_and_its_silence_is_no_success() {
    let home = Home::new();
    let tool = |text: &str| program::write(&home.path("bin/xdg-mime"), text);
    tool("#!/bin/sh\nexit 0\n");
    assert!(matches!(home.install().unwrap().by, Registration::List(_)));
    fs::remove_file(home.path("config/mimeapps.list")).unwrap();
    tool(concat!(
        "#!/bin/sh\nmkdir -p \"$XDG_CONFIG_HOME\"\n",
        "printf '[Default Applications]\\n%s=%s\\n' \"$3\" \"$2\" > \"$XDG_CONFIG_HOME/mimeapps.list\"\n"
    ));
    assert_eq!(home.install().unwrap().by, Registration::XdgMime);
    assert!(home.read("config/mimeapps.list").contains(&format!("{MEDIA}=gatehouse-tsh.desktop")));
}

#[test]
fn a_list_behind_a_link_stays_behind_it_and_keeps_its_mode() {
    let home = Home::new();
    home.write("dotfiles/list", "# kept\n");
    fs::set_permissions(home.path("dotfiles/list"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir_all(home.path("config")).unwrap();
    std::os::unix::fs::symlink(home.path("dotfiles/list"), home.path("config/mimeapps.list")).unwrap();
    home.install().unwrap();
    assert!(home.path("config/mimeapps.list").is_symlink());
    assert!(home.read("dotfiles/list").starts_with("# kept\n\n[Default Applications]\n"));
    let mode = fs::metadata(home.path("dotfiles/list")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}

#[test]
fn each_scheme_has_an_entry_of_its_own() {
    let home = Home::new();
    home.install().unwrap();
    let corp: LinkScheme = "corp".parse().unwrap();
    let installed = install(&home.desktop, &corp, &home.path("bin/tsh")).unwrap();
    assert_eq!(installed.file, home.path("data/applications/gatehouse-tsh-corp.desktop"));
    uninstall(&home.desktop, &corp).unwrap();
    assert!(home.found().is_some() && find(&home.desktop, &corp).is_none());
}

#[test]
fn the_environment_is_read_as_the_specification_says() {
    let read = |pairs: &[(&str, &str)]| {
        Desktop::of(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
    };
    assert!(matches!(read(&[]), Err(DesktopError::NoHome)));
    let desktop = read(&[
        ("HOME", "/home/a"),
        ("XDG_CONFIG_HOME", "relative"),
        ("XDG_DATA_DIRS", "/x:relative:/y"),
        ("XDG_CURRENT_DESKTOP", "ubuntu:GNOME:../../etc"),
        ("WAYLAND_DISPLAY", "wayland-0"),
    ])
    .unwrap();
    assert_eq!(desktop.config_home, Path::new("/home/a/.config"));
    assert_eq!(desktop.data_home, Path::new("/home/a/.local/share"));
    assert_eq!(desktop.data_dirs, [Path::new("/x"), Path::new("/y")]);
    assert_eq!(desktop.config_dirs, [Path::new("/etc/xdg")]);
    assert_eq!(desktop.names, ["ubuntu", "gnome"]);
    assert!(desktop.has_display && !desktop.is_remote);
}

#[test]
fn the_foreground_is_told_whatever_the_program_is_called() {
    assert!(in_foreground("7 (a) b) S 1 42 42 34816 42 4194304 0"));
    assert!(!in_foreground("7 (tsh) S 1 42 42 34816 43 4194304 0"));
    assert!(!in_foreground("7 (tsh) S 1 42 42 0 -1 4194304 0"));
    assert!(!in_foreground(""));
}
