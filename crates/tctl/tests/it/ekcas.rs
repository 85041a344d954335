#![expect(clippy::unwrap_used, reason = "also of the helpers: what is not as it should be ends the test")]

use std::path::Path;

use gatehouse_testkit::soft_tpm::{CaTemplate, EkKind, SoftTpm, SoftTpmCa};

use crate::{Scene, tctl, transcript};

/// What is different in every run.
const FILTERS: [(&str, &str); 3] = [
    (r"[0-9a-f]{64}", "[sha256]"),
    (r"\b[0-9a-f]{16}\b", "[fingerprint]"),
    (r"([0-9a-f]{2}:){19}[0-9a-f]{2}", "[key id]"),
];

fn assert_told(name: &str, told: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    FILTERS.iter().for_each(|(pattern, name)| settings.add_filter(pattern, *name));
    settings.bind(|| insta::assert_snapshot!(name, told));
}

/// A root, a CA below it, and an EK certificate of that one, as files.
fn write_chain(folder: &Path) -> (SoftTpmCa, SoftTpmCa) {
    let root = SoftTpmCa::new();
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    write("root.pem", root.pem().as_bytes());
    write("intermediate.der", &intermediate.der());
    let ek = intermediate.issue(&SoftTpm::with_shared_key(EkKind::P256));
    write("ek.der", &ek);
    write("padded.bin", &[ek.as_slice(), &[0xff; 40]].concat());
    std::fs::create_dir_all(folder.join("cas/deeper")).unwrap();
    write("cas/root.pem", root.pem().as_bytes());
    write("cas/deeper/intermediate.der", &intermediate.der());
    write("cas/readme.txt", b"no certificate");
    (root, intermediate)
}

#[test]
fn an_ek_certificate_is_judged_without_a_server() {
    let home = tempfile::tempdir().unwrap();
    write_chain(home.path());
    let path = |name: &str| home.path().join(name).display().to_string();
    let ca = |name: &str| format!("--ca={}", path(name));
    let at = "--at=2026-06-01T00:00:00Z";
    let told = transcript(
        home.path(),
        &[
            &["ekcas", "check", at, &ca("cas"), &path("ek.der")][..],
            &["ekcas", "check", at, &ca("root.pem"), &path("ek.der")],
            &[
                "ekcas",
                "check",
                at,
                &ca("root.pem"),
                &format!("--intermediate={}", path("intermediate.der")),
                "--format=json",
                &path("padded.bin"),
            ],
            &["ekcas", "check", at, &path("ek.der")],
            &["ekcas", "check", at, &ca("cas"), &path("intermediate.der")],
            &["ekcas", "check", at, &ca("cas"), "--format=json", &path("cas/readme.txt")],
            &["ekcas", "check", "--at=1999-01-01T00:00:00Z", &ca("cas"), &path("ek.der")],
        ],
    );
    assert_told("an_ek_certificate_is_judged_without_a_server", &told);
}

#[test]
fn files_that_are_of_no_use_are_named() {
    let home = tempfile::tempdir().unwrap();
    write_chain(home.path());
    std::fs::create_dir(home.path().join("empty")).unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let ca = |name: &str| format!("--ca={}", path(name));
    let told = transcript(
        home.path(),
        &[
            &["ekcas", "check", &path("missing.der")][..],
            &["ekcas", "check", &ca("missing"), &path("ek.der")],
            &["ekcas", "check", &ca("empty"), &path("ek.der")],
            &["ekcas", "check", &ca("cas/readme.txt"), &path("ek.der")],
            &["ekcas", "check", &ca("ek.der"), &path("ek.der")],
            &["ekcas", "check", "--sha1=perhaps", &path("ek.der")],
            &["ekcas", "import", "--out", &path("out.pem"), "--vendor=acme", &path("cas")],
            &["ekcas", "import", "--out", &path("out.pem"), &path("cas")],
        ],
    );
    assert_told("files_that_are_of_no_use_are_named", &told);
    assert!(!home.path().join("out.pem").exists());
}

#[test]
fn the_allow_list_is_kept_with_the_server() {
    let scene = Scene::new();
    let (root, _) = write_chain(scene.home());
    let mut cas = gatehouse_attestation::AllowedCas::default();
    cas.add(&root.der()).unwrap();
    scene.types("tctl ekcas ls");
    scene.types("tctl ekcas add cas --dry-run");
    scene.types("tctl ekcas add cas");
    scene.types("tctl ekcas add root.pem");
    scene.types("tctl ekcas add ek.der");
    scene.types("tctl ekcas ls");
    scene.types("tctl ekcas rm 0000000000");
    scene.types("tctl ekcas rm 00");
    scene.types(&format!("tctl ekcas rm {} --dry-run", hex::encode(cas.facts()[0].sha256)));
    scene.types(&format!("tctl ekcas rm {}", hex::encode(cas.facts()[0].sha256)));
    scene.types("tctl ekcas ls --format=json");
    let mut settings = insta::Settings::clone_current();
    settings.set_filters(gatehouse_testkit::server::FILTERS.to_vec());
    settings.bind(|| assert_told("the_allow_list_is_kept_with_the_server", &scene.transcript()));
}

#[test]
fn events_and_pcrs_of_a_log_are_printed() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let legacy = |pcr: u8, kind: u8, data: &[u8]| {
        let mut event = vec![pcr, 0, 0, 0, kind, 0, 0, 0];
        event.extend([kind; 20]);
        event.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        event.extend(data);
        event
    };
    let log = [
        legacy(0, 3, b"StartupLocality\0\x03"),
        legacy(0, 8, b"1\0.\x002\0\0\0"),
        legacy(4, 5, b"Calling EFI Application"),
        legacy(7, 4, &[0; 4]),
        vec![0xff; 6],
    ];
    std::fs::write(home.path().join("boot.bin"), log.concat()).unwrap();
    std::fs::write(home.path().join("none.bin"), b"no log").unwrap();
    let told = transcript(
        home.path(),
        &[
            &["eventlog", &path("boot.bin")][..],
            &["eventlog", "--format=json", &path("boot.bin")],
            &["eventlog", &path("none.bin")],
        ],
    );
    insta::assert_snapshot!(told);
}

/// The real ones, where they are: what the library's own tests judge one by one goes through the program as well.
#[test]
fn real_certificates_and_logs_are_judged_by_the_program() {
    let home = tempfile::tempdir().unwrap();
    let Some(corpus) = std::env::var_os("GATEHOUSE_TPM_CORPUS").map(std::path::PathBuf::from) else {
        let required = std::env::var("GATEHOUSE_REQUIRE_CORPUS").is_ok_and(|value| value == "1");
        assert!(!required, "GATEHOUSE_REQUIRE_CORPUS=1, but GATEHOUSE_TPM_CORPUS is not set");
        return;
    };
    let path = |name: &str| corpus.join(name).display().to_string();
    let check = |vendor: &str, ek: &str, more: &[&str]| {
        let ca = format!("--ca={}", path(&format!("vendor-cas/{vendor}")));
        let ek = path(&format!("ek-certs/{ek}"));
        let args = [&["ekcas", "check", "--at=2026-11-22T00:00:00Z", &ca, &ek][..], more].concat();
        tctl(home.path(), &args)
    };
    let told = check("IFX", "ifx-slb9670-rsa2048-ca035-keylime.der", &[]);
    assert!(
        told.starts_with("exit: 0") && told.contains("Infineon (IFX)") && told.contains("pinned: infineon"),
        "{told}"
    );
    let told = check("INTC", "raw-encodings/intc-spt-ekop-response.json", &[]);
    assert!(told.starts_with("exit: 0") && told.contains("Intel (INTC)"), "{told}");
    let told = check("STM", "ifx-slb9670-rsa2048-ca035-keylime.der", &[]);
    assert!(
        told.starts_with("exit: 1") && told.contains("unknown_issuer") && told.contains("Known CA"),
        "{told}"
    );
    let old = "ifx-slb9635-tpm12-rsaes-oaep-spki-sha1-no-eku.der";
    assert!(check("IFX", old, &[]).contains("sha1_signature"));
    let told = check("IFX", old, &["--sha1=lower_tier"]);
    assert!(
        told.starts_with("exit: 1") && told.contains("tpm_ekcert (") && told.contains("lowers the tier"),
        "{told}"
    );
    assert!(check("IFX", old, &["--sha1=accept"]).starts_with("exit: 0"));

    let out = home.path().join("pinned.pem").display().to_string();
    let told = tctl(home.path(), &["ekcas", "import", &path("vendor-cas"), "--out", &out]);
    assert!(told.starts_with("exit: 0") && told.contains("infineon      186 pinned"), "{told}");
    let ek = path("ek-certs/stm-st33htph-p256-eccint01-keylime.der");
    let told = tctl(home.path(), &["ekcas", "check", &format!("--ca={out}"), &ek]);
    assert!(told.starts_with("exit: 0"), "{told}");

    let told = tctl(home.path(), &["eventlog", &path("attestations/eventlogs/ibmtss-deb1.bin")]);
    assert!(
        told.starts_with("exit: 0")
            && told.contains("SecureBoot = 1")
            && told.contains("PCRs after these events, SHA-256"),
        "{told}"
    );
}

/// A proxy on this machine that knows some files and refuses tunnels; what it was asked for.
fn proxy(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> String {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = Vec::new();
            let mut byte = [0];
            while !asked.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
                asked.push(byte[0]);
            }
            let asked = String::from_utf8(asked).unwrap();
            let mut words = asked.split(' ');
            let said = match (words.next(), words.next()) {
                (Some("GET"), Some(url)) => answer(url),
                _ => None,
            };
            let head = if said.is_some() { "200 OK" } else { "403 Forbidden" };
            let body = said.unwrap_or_default();
            let head =
                format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        }
    });
    address
}

fn fetch(home: &Path, proxy: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tctl"))
        .args(["ekcas", "fetch"])
        .args(args)
        .env_clear()
        .envs([("HOME", home.as_os_str()), ("http_proxy", proxy.as_ref()), ("https_proxy", proxy.as_ref())])
        .output()
        .unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn what_a_proxy_sends_counts_only_if_it_is_pinned() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("fetched.pem");
    let root = SoftTpmCa::new().der();
    let liar = proxy(move |_| Some(root.clone()));
    let (code, told) =
        fetch(home.path(), &liar, &["--vendor=amd", "--vendor=stm", "--out", &out.display().to_string()]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("http://sw-center.st.com/STSAFE/STSAFEEccRootCA02.crt: NOT the pinned"), "{told}");
    // Tunnels are refused by this proxy, and nothing goes around it.
    assert!(
        told.contains("cannot fetch https://ftpm.amd.com/") && told.contains("the proxy answered 403"),
        "{told}"
    );
    assert!(told.contains("0 CAs added to") && !told.contains(": fetched"), "{told}");
}

#[test]
fn pinned_cas_are_fetched_through_a_proxy_and_only_those_that_are_missing() {
    let home = tempfile::tempdir().unwrap();
    let Some(corpus) = std::env::var_os("GATEHOUSE_TPM_CORPUS").map(std::path::PathBuf::from) else { return };
    let mut published = std::collections::BTreeMap::new();
    for known in gatehouse_attestation::KnownCas::of_this_release().iter() {
        if let (Some(url), "stm") = (known.url, known.vendor) {
            let end = format!("{}.pem", &hex::encode(known.sha256)[..8]);
            let folder = std::fs::read_dir(corpus.join("vendor-cas/STM")).unwrap();
            let file =
                folder.map(|entry| entry.unwrap().path()).find(|path| path.to_string_lossy().ends_with(&end));
            published.insert(url, std::fs::read(file.unwrap()).unwrap());
        }
    }
    let count = published.len();
    assert!(count >= 3);
    let maker = proxy(move |url| published.get(url).cloned());
    let out = home.path().join("fetched.pem").display().to_string();
    let (_, told) = fetch(home.path(), &maker, &["--vendor=stm", "--out", &out]);
    assert!(told.matches(": fetched").count() >= 3, "{told}");
    let (_, told) = fetch(home.path(), &maker, &["--vendor=stm", "--out", &out]);
    assert!(told.contains("0 CAs added") && !told.contains(": fetched"), "{told}");
}
