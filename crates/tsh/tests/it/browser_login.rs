#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;

use gatehouse_testkit::program;

use crate::Scene;

/// A browser with a person in front of it who signs in and presses the button that `$DO` names.
const BROWSER: &str = r#"#!/bin/sh
base=${1%%/web/*}
ask() {
  curl --silent --show-error --insecure --cookie jar --cookie-jar jar --header 'Sec-Fetch-Site: same-origin' "$@"
}
ask --data-urlencode "user=alice" --data-urlencode "password=correct horse battery staple" "$base/web/login"
key=$(ask "$1" | sed -n 's/.*name="form_key" value="\([^"]*\)".*/\1/p')
code=$(sed -n 's/.*Type the code \([A-Z-]*\) there.*/\1/p' told 2>/dev/null)
ask --data "do=$DO" --data "form_key=$key" --data "terminal_code=$code" "$1" > page
to=$(sed -n 's/.*http-equiv="refresh" content="0;url=\([^"]*\)".*/\1/p' page | sed 's/&amp;/\&/g')
[ -z "$to" ] || curl --silent --show-error "$to"
"#;

/// Runs `tsh login` with these flags, and opens the link that it prints in the browser.
const OPENS_THE_LINK: &str = r#"rm -f told; { tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice $FLAGS 2>told; echo "exit $?"; cat told >&2; } &
  until grep -q Type.the.code told 2>/dev/null; do :; done
  ./browser "$(sed -n 's/^  \(https:.*\)/\1/p' told)"; wait"#;

fn scene() -> Scene {
    let mut scene = Scene::new();
    assert!(
        ["/usr/bin/curl", "/bin/curl", "/usr/local/bin/curl"].iter().any(|path| fs::exists(path).unwrap()),
        "curl is missing; install the Debian package `curl`"
    );
    scene.adds_user("alice", "access");
    program::write(&scene.file("browser"), BROWSER);
    scene.desk.set("DO", "approve");
    scene
}

/// The link's id and the code to compare, which differ from run to run.
const NAMES: [(&str, &str); 2] =
    [(r"login\?id=[A-Za-z0-9_-]+", "login?id=[id]"), (r"\b[A-Z]{4}-[A-Z]{4}\b", "[code]")];

#[test]
fn a_browser_on_this_machine_brings_the_login() {
    let mut scene = scene();
    let browser = scene.file("browser");
    scene.desk.set("BROWSER", browser);
    scene.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --auth=browser --ttl=1h");
    scene.types("tsh status");
    scene.types("tsh device ls");
    scene.types(
        "tctl audit ls --type=user.cli_login.approve --format=json | grep -E '\"(user|event|success)\"'",
    );
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_login_that_is_denied_leaves_nothing() {
    let mut scene = scene();
    let browser = scene.file("browser");
    scene.desk.set("BROWSER", browser);
    scene.desk.set("DO", "deny");
    scene.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --browser");
    scene.types("tsh status");
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_browser_on_another_machine_is_waited_for() {
    let mut scene = scene();
    scene.desk.set("FLAGS", "--no-browser");
    scene.types(OPENS_THE_LINK);
    scene.types("tsh status");
    scene.desk.set("DO", "deny");
    scene.types(OPENS_THE_LINK);
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn where_there_is_no_browser_the_link_is_printed() {
    let mut scene = scene();
    scene.desk.set("FLAGS", "--auth=browser");
    scene.desk.set("BROWSER", "/nonexistent/browser");
    scene.types(OPENS_THE_LINK);
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn ways_that_exclude_each_other_are_refused() {
    let scene = Scene::new();
    scene.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --auth=password --no-browser");
    scene.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --browser --no-browser");
    scene.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice --auth=sorcery");
    assert_transcript!(scene);
}
