#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use gatehouse_testkit::program;

use crate::{transcript, tsh};

const ENTRY: &str = ".local/share/applications/gatehouse-tsh.desktop";

#[test]
fn a_handler_is_installed_and_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let runs = [
        &["install-handler"][..],
        &["install-handler"],
        &["install-handler", "--scheme=corp-gate"],
        &["install-handler", "--scheme=https"],
        &["install-handler", "--uninstall"],
        &["install-handler", "--uninstall"],
    ];
    insta::assert_snapshot!(transcript(home.path(), &runs));
    assert!(!home.path().join(ENTRY).exists());
}

#[test]
fn the_entry_asks_and_the_list_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let list = home.path().join(".config/mimeapps.list");
    fs::create_dir_all(list.parent().unwrap()).unwrap();
    let mine = "# mine\n[Default Applications]\ntext/html=firefox.desktop\n\n[Added Associations]\nimage/png=gimp.desktop;\n";
    fs::write(&list, mine).unwrap();
    tsh(home.path(), &["install-handler"]);
    let entry = fs::read_to_string(home.path().join(ENTRY)).unwrap();
    insta::assert_snapshot!(entry.replace(env!("CARGO_BIN_EXE_tsh"), "[TSH]"));
    let expected = mine.replace("text/html", "x-scheme-handler/gatehouse=gatehouse-tsh.desktop\ntext/html");
    assert_eq!(fs::read_to_string(&list).unwrap(), expected);
    tsh(home.path(), &["install-handler", "--uninstall"]);
    assert_eq!(fs::read_to_string(&list).unwrap(), mine);
}

#[test]
fn the_desktops_own_tool_agrees() {
    let home = tempfile::tempdir().unwrap();
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|error| panic!("{program}: {error}; install the Debian package `xdg-utils`"));
        String::from_utf8(output.stdout).unwrap()
    };
    let asked = ["query", "default", "x-scheme-handler/gatehouse"];
    assert_eq!(run("xdg-mime", &asked), "");
    run(env!("CARGO_BIN_EXE_tsh"), &["install-handler"]);
    assert_eq!(run("xdg-mime", &asked).trim(), "gatehouse-tsh.desktop");
    run(env!("CARGO_BIN_EXE_tsh"), &["install-handler", "--uninstall"]);
    assert_eq!(run("xdg-mime", &asked), "");
}

/// The doctor's lines about links, on a machine with a desktop and these programs.
fn doctor(home: &Path, more: &[(&str, &str)]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tsh"))
        .args(["device", "doctor"])
        .env_clear()
        .env("HOME", home)
        .env("PATH", home.join("bin"))
        .env("DISPLAY", ":7")
        .env("XDG_DATA_DIRS", home.join("share"))
        .env("GATEHOUSE_SYSFS", home.join("sys"))
        .env("TCTI", format!("swtpm:path={}", home.join("no-tpm").display()))
        .envs(more.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (_, links) = text.split_once("state-folder").unwrap();
    let (_, links) = links.split_once('\n').unwrap();
    links.replace(&home.display().to_string(), "[HOME]").replace(env!("CARGO_BIN_EXE_tsh"), "[TSH]")
}

#[test]
fn the_doctor_checks_the_way_from_browser_to_tsh_and_back() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let mut told = format!("# nothing is there\n{}", doctor(path, &[]));
    let mut tell =
        |what: &str, more: &[(&str, &str)]| told.push_str(&format!("\n# {what}\n{}", doctor(path, more)));

    let install = || assert!(tsh(path, &["install-handler"]).starts_with("exit: 0"));
    install();
    program::write(&path.join("bin/kdialog"), "#!/bin/sh\n");
    program::write(&path.join("bin/xdg-open"), "#!/bin/sh\n");
    tell("all is there", &[]);
    program::write(&path.join("bin/zenity"), "#!/bin/sh\n");
    fs::create_dir_all(path.join("share/applications")).unwrap();
    fs::write(
        path.join("share/applications/mimeapps.list"),
        "[Default Applications]\nx-scheme-handler/https=ff.desktop\n",
    )
    .unwrap();
    fs::write(path.join("share/applications/ff.desktop"), "[Desktop Entry]\nExec=ff %u\n").unwrap();
    tell("zenity is there as well, and a browser by name", &[]);
    tell("a browser by variable", &[("BROWSER", "/opt/firefox")]);
    let snap = path.join("var/lib/snapd/desktop");
    fs::create_dir_all(snap.join("applications")).unwrap();
    fs::rename(path.join("share/applications/ff.desktop"), snap.join("applications/ff.desktop")).unwrap();
    let dirs = format!("{}:{}", path.join("share").display(), snap.display());
    tell("a browser in a sandbox", &[("XDG_DATA_DIRS", &dirs)]);

    let entry = fs::read_to_string(path.join(ENTRY)).unwrap();
    for (what, from, to) in [
        ("a program that has gone", env!("CARGO_BIN_EXE_tsh"), "/nonexistent/tsh"),
        ("an entry that asks nobody", "open-link", "open-link --yes"),
        ("an entry without the link", " %u", ""),
        ("an entry of something else", "open-link", "something"),
    ] {
        fs::write(path.join(ENTRY), entry.replace(from, to)).unwrap();
        tell(what, &[]);
    }
    insta::assert_snapshot!(told);
}
