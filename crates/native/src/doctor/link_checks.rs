//! Whether a browser on this machine can hand its session to `tsh`, and get it back.

use std::path::Path;

use gatehouse_model::LinkScheme;

use super::Finding;
use crate::desktop::{Desktop, Found, default_entry, find, flag, is_program};

/// What does without links.
const CODE: &str = "`tsh device authorize <code>`";

/// Checks everything that the hand-off from a browser needs of the desktop. Without a desktop there is nothing to mend:
/// there the code of the page takes the place of the link.
#[must_use]
pub fn examine_links(desktop: &Desktop, scheme: &LinkScheme) -> Vec<Finding> {
    vec![handler(desktop, scheme), question(desktop), browser(desktop)]
}

fn handler(desktop: &Desktop, scheme: &LinkScheme) -> Finding {
    const CHECK: &str = "link-handler";
    let install = format!("run `tsh install-handler{}`", flag(scheme));
    let scheme_name = scheme.as_str();
    let Some(found) = find(desktop, scheme) else {
        if !desktop.has_display {
            return Finding::ok(
                CHECK,
                format!(
                    "{scheme_name}:// links are opened by nothing; there is no desktop here, and {CODE} does without"
                ),
            );
        }
        return Finding::warn(CHECK, format!("{scheme_name}:// links are opened by nothing"))
            .with_hint(format!("{install}; until then, {CODE} does without"));
    };
    let file = found.file.display();
    if !found.entry.is_ours() {
        return Finding::warn(
            CHECK,
            format!("{scheme_name}:// links are opened by {}, which is not tsh ({file})", found.name),
        )
        .with_hint(install);
    }
    if found.entry.asks_nobody() {
        return Finding::fail(
            CHECK,
            format!("{file} has --yes: every page could have its session authorized unasked"),
        )
        .with_hint(format!("remove --yes from the line Exec, or {install}"));
    }
    let program = found.entry.program();
    if !starts(desktop, &program) {
        return Finding::fail(CHECK, format!("{file} starts {}, which is not a program", program.display()))
            .with_hint(install);
    }
    if !found.entry.takes_link() {
        return Finding::fail(CHECK, format!("{file} does not hand the link over: its line Exec has no %u"))
            .with_hint(install);
    }
    Finding::ok(CHECK, format!("{scheme_name}:// links are opened by {} ({file})", program.display()))
}

fn starts(desktop: &Desktop, program: &Path) -> bool {
    if program.is_absolute() {
        return is_program(program);
    }
    program.to_str().is_some_and(|name| !name.contains('/') && desktop.program(name).is_some())
}

fn question(desktop: &Desktop) -> Finding {
    const CHECK: &str = "link-question";
    if !desktop.has_display {
        return Finding::ok(CHECK, "asked in the terminal: there is no display");
    }
    for name in ["zenity", "kdialog"] {
        if let Some(program) = desktop.program(name) {
            return Finding::ok(CHECK, format!("asked by {}", program.display()));
        }
    }
    Finding::warn(CHECK, "neither zenity nor kdialog is there to ask whether a session is to be authorized")
        .with_hint(format!("install zenity or kdialog; until then, use {CODE} in a terminal"))
}

fn browser(desktop: &Desktop) -> Finding {
    const CHECK: &str = "link-browser";
    if let Some(browser) = &desktop.browser {
        return Finding::ok(CHECK, format!("BROWSER={} gets the session back", browser.to_string_lossy()));
    }
    let Some(opener) = desktop.program("xdg-open").filter(|_| desktop.has_display) else {
        let finding = if desktop.has_display { Finding::warn } else { Finding::ok };
        return finding(CHECK, "there is nothing to open a page with")
            .with_hint("install xdg-utils, or set BROWSER to the program that you sign in with");
    };
    let finding = Finding::ok(CHECK, format!("{} gets the session back", opener.display()));
    match default_entry(desktop, "x-scheme-handler/https") {
        Some(found) if is_sandboxed(&found) => Finding {
            detail: format!("{}, through {}", finding.detail, found.name),
            ..finding
        }
        .with_hint(format!("this browser runs in a sandbox (snap or Flatpak), which may keep links from opening: {CODE} does without")),
        Some(found) => Finding { detail: format!("{}, through {}", finding.detail, found.name), ..finding },
        None => finding,
    }
}

fn is_sandboxed(found: &Found) -> bool {
    let path = found.file.to_string_lossy();
    path.contains("/snapd/") || path.contains("/flatpak/")
}
