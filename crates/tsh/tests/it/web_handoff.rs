#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;

use gatehouse_client::Home;
use gatehouse_testkit::program;
use gatehouse_testkit::swtpm::Swtpm;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;

use crate::Scene;

/// What a browser on this machine does, with the cookies of one person: `sign-in <user>` prepares link and code,
/// `open <url>` is `$BROWSER`: it follows the link that tsh opens and tells where it came out.
const BROWSER: &str = r#"#!/bin/sh
PATH=/usr/local/bin:/usr/bin:/bin
cd "$HOME"
ask() {
  curl --silent --show-error --insecure --max-time 20 --cookie "${JAR:-jar}" --cookie-jar "${JAR:-jar}" \
    --user-agent 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' "$@"
}
case $1 in
  sign-in)
    ask --header 'Sec-Fetch-Site: same-origin' --output signed-in \
      --data-urlencode "user=$2" --data-urlencode "password=correct horse battery staple" "https://$PROXY/web/login"
    "$0" page ;;
  page)
    ask --output page "https://$PROXY/web/device/authorize?next=/web/account%3Ffrom=here"
    sed -n 's/.*href="\(gatehouse:[^"]*\)".*/\1/p' page | sed 's/&amp;/\&/g' > link
    sed -n 's/.*tsh device authorize \([A-Z0-9-]*\).*/\1/p' page | head -n 1 > code ;;
  *)
    printf '%s' "$1" > opened
    ask --location --output came-back --write-out 'the browser stands at %{url_effective} (%{http_code})\n' "$1" > stands
    cat stands > done ;;
esac
"#;

/// What the browser says when it has followed the link.
const STANDS: &str = "timeout 30 cat done";
/// A window that writes down what it was asked, and is answered by `$ANSWER`.
const WINDOW: &str = r#"#!/bin/sh
{ printf '%s' "${0##*/}"; printf ' [%s]' "$@"; echo; } >> "$HOME/shown"
echo "${CHOSEN:-yes}"
exit "${ANSWER:-0}"
"#;

fn write_program(scene: &Scene, name: &str, text: &str) {
    program::write(&scene.file(name), text);
}

/// Alice at her enrolled machine, signed in to the console with its browser as well.
fn scene() -> Scene {
    let mut scene = Scene::enrolled();
    write_program(&scene, "browser", BROWSER);
    scene.prepares("mkfifo done", "");
    let browser = scene.file("browser");
    scene.desk.set("BROWSER", browser);
    scene.prepares("./browser sign-in alice", "");
    scene
}

fn new_page(scene: &Scene) {
    scene.prepares("./browser page", "");
}

/// Puts a certificate that expired long ago in the place of the login's.
fn let_expire(scene: &Scene) {
    let identity = Home::new(scene.file("tsh")).load(None).unwrap();
    let pkcs8 = identity.key.to_pkcs8_der().unwrap();
    let key = KeyPair::try_from(&PrivatePkcs8KeyDer::from(pkcs8.to_vec())).unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "alice");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 2);
    let file = scene.file("tsh/keys/localhost/alice-x509.pem");
    fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
}

/// Whether the console calls this browser's session a trusted device's.
fn is_trusted(scene: &Scene) -> bool {
    let page = scene.prepares("curl --silent --insecure --cookie jar https://$PROXY/web/account", "");
    page.stdout.contains("Session authorized with Device Trust")
}

/// References and the ports of links, which differ from run to run.
const NAMES: [(&str, &str); 2] = [
    (r"finds more under [0-9a-z-]+", "finds more under [reference]"),
    (r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", "[code]"),
];

#[test]
fn a_link_hands_the_browsers_session_to_the_device_and_back() {
    let scene = scene();
    assert!(!is_trusted(&scene));
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types(STANDS);
    assert!(is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_code_takes_the_place_of_the_link_and_ends_in_this_machines_browser() {
    let scene = scene();
    scene.types("tsh device authorize --yes \"$(cat code)\"");
    scene.types(STANDS);
    assert!(is_trusted(&scene));
    scene.types("tsh device authorize --yes \"$(cat code)\"");
    scene.types("tsh device authorize --yes --proxy=gate.example.com \"$(cat code)\"");
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn the_desktop_asks_and_no_is_no() {
    let mut scene = scene();
    let path = scene.prepares("dirname \"$(command -v tsh)\"", "").stdout.trim().to_owned();
    for window in ["zenity", "kdialog"] {
        write_program(&scene, &format!("{window}-only/{window}"), WINDOW);
        scene.desk.set("WITH", format!("{}:{path}", scene.file(&format!("{window}-only")).display()));
        scene.desk.set("ANSWER", "1");
        scene.types("DISPLAY=:7 PATH=$WITH tsh open-link \"$(cat link)\"");
        scene.desk.set("ANSWER", "0");
        if window == "kdialog" {
            // What stands first in its list, and nothing at all.
            for chosen in ["no", " "] {
                let line = format!("DISPLAY=:7 CHOSEN='{chosen}' PATH=$WITH tsh open-link \"$(cat link)\"");
                assert!(scene.quietly(&line, "").stderr.contains("code: declined"), "{chosen}");
            }
        }
        scene.types("WAYLAND_DISPLAY=wayland-0 PATH=$WITH tsh open-link \"$(cat link)\"");
        scene.types(STANDS);
        // What is refused is told where the question would have been.
        scene.types("DISPLAY=:7 PATH=$WITH tsh open-link \"$(cat link)\"");
        scene.types("cat shown; rm shown");
        scene.prepares("rm jar", "");
        scene.prepares("./browser sign-in alice", "");
    }
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn the_terminal_asks_and_only_yes_is_yes() {
    let scene = scene();
    let typed = |answer: &str| {
        let ran = scene.quietly(
            &format!("printf '{answer}\\n' | script -E never -qec 'tsh open-link \"$(cat link)\"' /dev/null"),
            "",
        );
        let shown = ran.stdout.replace('\r', "");
        format!("{shown}[exit {:?}]\n", ran.code)
    };
    let mut told = String::new();
    for answer in ["n", "", "yes please"] {
        told.push_str(&typed(answer));
    }
    let yes = typed("y");
    let home = scene.prepares(STANDS, "");
    assert!(home.stdout.contains("/web/account?from=here (200)"), "{}", home.stdout);
    let address = scene.server.address();
    let mut settings = insta::Settings::clone_current();
    settings.set_filters(vec![NAMES[0]]);
    settings.bind(|| insta::assert_snapshot!(format!("{told}{yes}").replace(&address, "localhost:[port]")));
}

#[test]
fn where_nothing_can_ask_the_answer_is_no() {
    let scene = scene();
    scene.types("tsh open-link \"$(cat link)\"");
    scene.types("DISPLAY=:7 PATH=$(dirname \"$(command -v tsh)\") tsh open-link \"$(cat link)\"");
    // A browser in the background of a terminal lends it to nobody.
    scene.types("tsh open-link \"$(cat link)\" </dev/null 2>&1 | head -n 1");
    // Nor is a window that does not come up.
    write_program(&scene, "broken/zenity", "#!/bin/sh\nkill -ABRT $$\n");
    scene
        .types("DISPLAY=:7 PATH=$HOME/broken:$(dirname \"$(command -v tsh)\") tsh open-link \"$(cat link)\"");
    scene.types("BROWSER= tsh open-link --yes \"$(cat link)\"");
    scene.types("BROWSER=/nonexistent tsh open-link --yes \"$(cat link)\"");
    assert!(!is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_link_counts_once() {
    let scene = scene();
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types(STANDS);
    scene.types("tsh open-link --yes \"$(cat link)\"");
    // Nor does the way back, in another browser least of all.
    scene.types("JAR=stranger ./browser \"$(cat opened)\" & timeout 30 cat done | sed 's/?.*(/ (/'");
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn in_another_browser_nothing_is_spent() {
    let mut scene = scene();
    scene.desk.set("JAR", "stranger");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types("timeout 30 cat done | sed 's/?.*(/ (/'");
    assert!(!is_trusted(&scene));
    scene.desk.set("JAR", "jar");
    scene.types("./browser \"$(cat opened)\" & timeout 30 cat done");
    assert!(is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_machine_whose_clock_is_ten_minutes_off_is_no_worse_off() {
    for skew in ["+10m", "-10m"] {
        let scene = scene();
        for what in ["open-link --yes \"$(cat link)\"", "device authorize --yes \"$(cat code)\""] {
            // The wrapper `faketime` would wait for the browser, too.
            let wrong = "LD_PRELOAD='/usr/$LIB/faketime/libfaketime.so.1' FAKETIME_DONT_FAKE_MONOTONIC=1";
            scene.prepares(&format!("{wrong} FAKETIME={skew} tsh {what}"), "");
            scene.prepares(STANDS, "");
            assert!(is_trusted(&scene), "{skew} {what}");
            scene.prepares("rm jar", "");
            scene.prepares("./browser sign-in alice", "");
        }
    }
}

/// As with a clock that is ten minutes ahead, by which a certificate has expired that is good there.
#[test]
fn an_expired_certificate_needs_no_second_login_but_a_code_does() {
    let scene = scene();
    let_expire(&scene);
    scene.types("tsh status | tail -n 3");
    scene.types("tsh device authorize --yes \"$(cat code)\"");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types(STANDS);
    assert!(is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

/// As with a clock that is ten minutes behind, by which a certificate looks good here that is none there.
#[test]
fn a_login_that_the_server_no_longer_knows_needs_no_second_one() {
    let scene = scene();
    let ended = scene.prepares("tctl sessions ls --user=alice --format=json", "");
    let sessions: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    for session in sessions.as_array().unwrap() {
        if session["kind"] != "web" {
            scene.prepares(&format!("tctl sessions rm {}", session["id"].as_str().unwrap()), "");
        }
    }
    scene.types("tsh device ls");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types(STANDS);
    assert!(is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn what_the_server_refuses_is_told_with_code_and_reference() {
    let scene = scene();
    let id =
        scene.prepares("tctl devices lock --asset-tag=C00AA0AAAA0A --message=lost", "").word_after("name \"");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.prepares(&format!("tctl rm lock/{id}"), "");
    new_page(&scene);
    scene.types("sed -i 's/token=[^&]*/token=QmFzZTY0LXVybC1zYWZlLXRva2VuLW9mLTI1Ni1iaXRz/' link; tsh open-link --yes \"$(cat link)\"");
    new_page(&scene);
    scene.prepares("tctl devices rm --asset-tag=C00AA0AAAA0A", "");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    assert!(!is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_server_with_another_key_does_not_learn_the_token() {
    let scene = scene();
    scene.prepares("cp tsh/localhost.yaml kept; sed -i 's/sha256:..../sha256:0000/' tsh/localhost.yaml", "");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.prepares("cp kept tsh/localhost.yaml", "");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.prepares(STANDS, "");
    assert!(is_trusted(&scene), "nothing was spent");
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

/// The entry that `tsh install-handler` writes, opened by the desktop's own tool as a browser does it.
#[test]
fn the_desktop_opens_the_link_in_tsh() {
    let mut scene = scene();
    scene.types("tsh install-handler | sed \"s|$(command -v tsh)|[TSH]|\"");
    write_program(&scene, "bin/zenity", WINDOW);
    let path = scene.prepares("echo \"$HOME/bin:$PATH\"", "").stdout.trim().to_owned();
    scene.desk.set("PATH", path);
    scene.desk.set("DISPLAY", ":7");
    scene.types("xdg-open \"$(cat link)\"");
    scene.types(STANDS);
    scene.types("grep -c 'zenity .--question' shown");
    assert!(is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn a_session_of_somebody_else_is_refused_even_if_the_link_names_nobody() {
    let scene = scene();
    // Bob works at this machine as well: only the login says that it is not bob who sits here now.
    scene.adds_user("bob", "access");
    scene.is_logged_in("bob");
    let token = scene.prepares("tctl devices enroll --asset-tag=C00AA0AAAA0A", "").word_after("--token=");
    scene.prepares(&format!("tsh device enroll --token={token}"), "");
    scene.is_logged_in("alice");
    scene.prepares("rm jar", "");
    scene.prepares("./browser sign-in bob", "");
    scene.types("tsh open-link --yes \"$(cat link)\"");
    scene.types("sed -i 's/bob@//' link; tsh open-link --yes \"$(cat link)\"");
    scene.types("tsh device authorize --yes \"$(cat code)\"");
    assert!(!is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}

#[test]
fn another_tpm_or_none_is_told_before_the_question() {
    let mut scene = scene();
    let none = format!("swtpm:path={}", scene.file("no-tpm").display());
    scene.desk.set("NONE", none);
    scene.types("tsh open-link --tpm=$NONE \"$(cat link)\"");
    let other = Swtpm::start();
    scene.desk.plug(&other);
    scene.types("tsh open-link \"$(cat link)\"");
    scene.prepares("rm -r tsh/device", "");
    scene.types("tsh open-link \"$(cat link)\"");
    assert!(!is_trusted(&scene));
    assert_transcript!(scene, [NAMES[0], NAMES[1]]);
}
