//! Evidence as files, and judged once more: nothing that was changed passes for what was exported.

use std::collections::BTreeMap;

use gatehouse_attestation::{
    AkPublic, AllowedCas, CasOfEvidence, ChainPolicy, EkPublic, EvidenceBundle, EvidenceError, MANIFEST_NAME,
    Outcome, Replay, TrustBasis,
};
use gatehouse_model::AttestationTier;
use gatehouse_model::tpm::EkMaterial;
use gatehouse_testkit::soft_tpm::{AkKind, CaTemplate, EkKind, Platform, SoftAk, SoftTpm, SoftTpmCa};
use proptest::prelude::*;

use crate::{NONCE, now};

type Files = BTreeMap<String, Vec<u8>>;

/// A device whose maker's intermediate lay in its own memory, enrolled under the maker's root.
fn bundle() -> (EvidenceBundle, SoftTpmCa) {
    let (tpm, ak) = (SoftTpm::with_shared_key(EkKind::P256), SoftAk::generate(AkKind::P256));
    let root = SoftTpmCa::new();
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    let EkMaterial::Certificate(ek_certificate) = intermediate.ek_material(&tpm) else {
        panic!("a certificate")
    };
    let cas = CasOfEvidence {
        at: now(),
        policy: ChainPolicy::default(),
        cas: vec![root.der()],
        vendors: Vec::new(),
    };
    let bundle = EvidenceBundle {
        id: "e1".to_owned(),
        device_id: "d1".to_owned(),
        asset_tag: "PF1".to_owned(),
        user: "alice".to_owned(),
        time: now(),
        verdict: "success".to_owned(),
        tier: AttestationTier::TpmEkcertTrusted,
        findings: Vec::new(),
        credential_id: AkPublic::parse(ak.public()).unwrap().credential_id(),
        nonce: NONCE.to_vec(),
        ek_public: EkPublic::from_spki_der(&tpm.ek_spki()).unwrap().spki_der().to_vec(),
        ek_certificate,
        intermediates: vec![intermediate.der()],
        ak: ak.attestation_parameters(),
        platform: Platform { event_log: vec![1; 40], ..Platform::new(&NONCE) }.sign(&ak),
        device_key: Vec::new(),
        signature: Vec::new(),
        then: Some(cas.clone()),
        now: cas,
    };
    (bundle, root)
}

fn files(bundle: &EvidenceBundle) -> Files {
    bundle.files().into_iter().map(|file| (file.name, file.content)).collect()
}

fn read(files: &Files) -> Result<EvidenceBundle, EvidenceError> {
    EvidenceBundle::read(|name, limit| {
        let content = files.get(name).ok_or("there is no such file")?;
        Ok(content[..content.len().min(limit + 1)].to_vec())
    })
}

fn failed(replay: &Replay) -> Vec<&str> {
    let fails = |outcome: &Outcome| matches!(outcome, Outcome::Fails(_));
    replay.checks.iter().filter(|check| fails(&check.outcome)).map(|check| check.name).collect()
}

#[test]
fn what_is_exported_is_read_and_judged_as_then() {
    let (bundle, _) = bundle();
    let read = read(&files(&bundle)).unwrap();
    assert_eq!(read, bundle);
    for basis in [TrustBasis::Then, TrustBasis::Now] {
        let replay = read.replay(&basis);
        assert!(replay.agrees, "{replay:?}");
        assert_eq!((replay.verdict, replay.tier), ("success", Some(AttestationTier::TpmEkcertTrusted)));
    }
}

#[test]
fn other_cas_give_another_verdict_and_say_which_step_differs() {
    let (bundle, root) = bundle();
    let given = |ca: &SoftTpmCa| {
        let mut cas = AllowedCas::default();
        cas.add(&ca.der()).unwrap();
        TrustBasis::Given { cas, policy: ChainPolicy::default(), at: now() }
    };
    assert!(bundle.replay(&given(&root)).agrees);
    let replay = bundle.replay(&given(&SoftTpmCa::new()));
    assert_eq!((replay.agrees, replay.verdict), (false, "ekcert_untrusted"));
    assert_eq!(failed(&replay), ["ek_certificate", "verdict"]);
    let without_list = EvidenceBundle { now: CasOfEvidence::default(), ..bundle.clone() };
    let replay = without_list.replay(&TrustBasis::Now);
    assert_eq!((replay.agrees, replay.tier), (false, Some(AttestationTier::TpmEkcert)));
    let forgotten = EvidenceBundle { then: None, ..bundle };
    assert_eq!(forgotten.replay(&TrustBasis::Then).verdict, "allow_list_invalid");
}

#[test]
fn every_file_that_is_changed_removed_or_cut_is_named() {
    let (bundle, _) = bundle();
    let good = files(&bundle);
    for name in good.keys().filter(|name| *name != MANIFEST_NAME) {
        let mut changed = good.clone();
        changed.get_mut(name).unwrap()[3] ^= 1;
        assert_eq!(read(&changed), Err(EvidenceError::Digest(name.clone())));
        changed.get_mut(name).unwrap().pop();
        assert_eq!(read(&changed), Err(EvidenceError::Size(name.clone())));
        changed.remove(name);
        assert_eq!(read(&changed).unwrap_err().code(), "file_unreadable");
    }
}

/// Whoever changes a file mends the manifest as well: then the judgement differs, or nothing that counts has changed.
#[test]
fn changed_files_with_a_mended_manifest_do_not_give_the_verdict() {
    let (bundle, _) = bundle();
    let another = SoftAk::generate(AkKind::P256);
    let other_tpm = SoftTpm::generate(EkKind::P256);
    let cases: Vec<(&str, EvidenceBundle)> = vec![
        ("ak", EvidenceBundle { ak: another.attestation_parameters(), ..bundle.clone() }),
        ("ek", EvidenceBundle { ek_public: other_tpm.ek_spki(), ..bundle.clone() }),
        ("ek_certificate", EvidenceBundle { intermediates: Vec::new(), ..bundle.clone() }),
        ("quotes", EvidenceBundle { nonce: vec![0; 32], ..bundle.clone() }),
        ("quotes", EvidenceBundle { platform: Platform::new(&NONCE).sign(&another), ..bundle.clone() }),
        ("verdict", EvidenceBundle { tier: AttestationTier::TpmEkcert, ..bundle.clone() }),
        ("verdict", EvidenceBundle { verdict: "quote_invalid".to_owned(), ..bundle.clone() }),
    ];
    for (step, changed) in cases {
        let replay = read(&files(&changed)).unwrap().replay(&TrustBasis::Then);
        assert!(!replay.agrees && failed(&replay).contains(&step), "{step}: {replay:?}");
    }
    let mut pcr = bundle.clone();
    pcr.platform.pcrs[3].digest[0] ^= 1;
    assert_eq!(pcr.replay(&TrustBasis::Then).verdict, "quote_invalid");
    // A log is not signed; what it says beside the quotes is in the manifest.
    let mut files = files(&bundle);
    let manifest = String::from_utf8(files[MANIFEST_NAME].clone()).unwrap();
    let lie = manifest.replace("\"event_log\": \"unreadable\"", "\"event_log\": \"agrees\"");
    assert_ne!(lie, manifest);
    files.insert(MANIFEST_NAME.to_owned(), lie.into_bytes());
    assert_eq!(read(&files), Err(EvidenceError::Boot));
}

#[test]
fn a_refusal_is_judged_as_well() {
    let (mut bundle, _) = bundle();
    bundle.platform.quotes[0].signature[10] ^= 1;
    bundle.verdict = "quote_invalid".to_owned();
    assert!(bundle.replay(&TrustBasis::Then).agrees);
}

#[test]
fn names_of_the_manifest_are_of_a_closed_list() {
    let (bundle, _) = bundle();
    let good = files(&bundle);
    let with_name = |name: &str| {
        let mut files = good.clone();
        let manifest = String::from_utf8(good[MANIFEST_NAME].clone()).unwrap();
        let manifest = manifest.replace("\"ek.pem\"", &serde_json::to_string(name).unwrap());
        files.insert(MANIFEST_NAME.to_owned(), manifest.into_bytes());
        files.insert(name.to_owned(), good["ek.pem"].clone());
        read(&files)
    };
    for name in ["../ek.pem", "/etc/passwd", "a/b", "", ".", "quote-8.tpms-attest", "ek.pem\0"] {
        assert_eq!(with_name(name).unwrap_err().code(), "file_unknown", "{name:?}");
    }
    assert_eq!(with_name("ak.pem"), Err(EvidenceError::Duplicate("ak.pem".to_owned())));
}

#[test]
fn no_more_is_asked_for_than_a_file_may_have() {
    let huge = EvidenceBundle::read(|_, limit| {
        assert!(limit <= 16 * 1024 * 1024);
        Ok(vec![b' '; limit + 1])
    });
    assert_eq!(huge.unwrap_err().code(), "file_unreadable");
    let deep = EvidenceBundle::read(|_, _| Ok("[".repeat(100_000).into_bytes()));
    assert_eq!(deep.unwrap_err().code(), "manifest_malformed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a manifest says, it is read or refused; nothing else is asked for than it may name.
    #[test]
    fn a_changed_manifest_never_panics(position: usize, mask in 1_u8.., cut: usize) {
        let (bundle, _) = bundle();
        let mut changed = files(&bundle);
        let manifest = changed.get_mut(MANIFEST_NAME).unwrap();
        let length = manifest.len();
        manifest[position % length] ^= mask;
        if cut % 4 == 0 {
            manifest.truncate(cut % length);
        }
        if let Ok(read) = read(&changed) {
            let _ = read.replay(&TrustBasis::Then);
            let _ = read.replay(&TrustBasis::Now);
        }
    }
}
