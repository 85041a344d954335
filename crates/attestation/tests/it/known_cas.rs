//! The committed list of known CAs, made from the corpus and compared with it.
//!
//! With `GATEHOUSE_BLESS=1` the list is written anew; lines that it does not have yet get the day in
//! `GATEHOUSE_RECORDED` (`cargo xtask known-cas` sets both).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_attestation::{CaCertificate, EkCertificate, KNOWN_CA_COLUMNS, KnownCas};
use gatehouse_model::Timestamp;

use crate::corpus::{corpus, files, judged, vendor_cas};

const HEAD: &str = "\
# CAs of TPM makers that this project has seen: facts, no certificates. A certificate is pinned if its SHA-256 is here.
# Class: hardware, or virtual for TPMs that are made of software. URL: where a certificate below says it can be fetched.
";

/// Folder of the corpus, name of the vendor, whether its TPMs are made of software.
const VENDORS: [(&str, &str, bool); 14] = [
    ("ALIBABA", "alibaba", true),
    ("AMD", "amd", false),
    ("ATML", "atmel", false),
    ("GOOG", "google", true),
    ("IFX", "infineon", false),
    ("INTC", "intel", false),
    ("MSFT", "microsoft", false),
    ("MSFT-Azure", "azure", true),
    ("MSFT-Pluton", "pluton", false),
    ("NSG", "nsing", false),
    ("NTC", "nuvoton", false),
    ("NTZ", "nationz", false),
    ("QCOM", "qualcomm", false),
    ("STM", "stm", false),
];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("known-cas.tsv")
}

struct Found {
    vendor: &'static str,
    virtual_tpms: bool,
    ca: CaCertificate,
}

fn found(corpus: &Path) -> Vec<Found> {
    let mut found = Vec::new();
    for (path, pem) in vendor_cas(corpus) {
        let folder = path.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
        if folder == "SWTPM-not-a-vendor" {
            continue;
        }
        let (_, vendor, virtual_tpms) = *VENDORS
            .iter()
            .find(|known| known.0 == folder)
            .unwrap_or_else(|| panic!("{folder}: who is that?"));
        let der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents;
        found.push(Found { vendor, virtual_tpms, ca: CaCertificate::parse(&der).unwrap() });
    }
    found
}

/// By the SHA-256 of a CA the place where a certificate that it issued says it can be fetched.
fn urls(corpus: &Path, found: &[Found]) -> BTreeMap<[u8; 32], String> {
    let mut urls = BTreeMap::new();
    let mut note = |issuer: &CaCertificate, url: Option<&str>| {
        if let Some(url) = url.filter(|url| url.starts_with("http") && !url.contains(char::is_whitespace)) {
            // Several may be named: the first in the alphabet, so that it is always the same.
            let entry = urls.entry(issuer.facts().sha256).or_insert_with(|| url.to_owned());
            if url < entry.as_str() {
                url.clone_into(entry);
            }
        }
    };
    let leaves: Vec<EkCertificate> = files(&corpus.join("ek-certs"), "der")
        .iter()
        .filter_map(|path| EkCertificate::parse(&fs::read(path).unwrap()).ok())
        .collect();
    let mut by_name: BTreeMap<String, Vec<&CaCertificate>> = BTreeMap::new();
    for each in found {
        by_name.entry(each.ca.facts().subject).or_default().push(&each.ca);
    }
    for each in found.iter().filter(|each| !each.ca.facts().is_root) {
        for issuer in by_name.get(&each.ca.facts().issuer).into_iter().flatten() {
            if issuer.issued(&each.ca) {
                note(issuer, each.ca.issuer_url());
            }
        }
    }
    for leaf in &leaves {
        for issuer in by_name.get(&leaf.issuer()).into_iter().flatten() {
            if issuer.issued_ek(leaf) {
                note(issuer, leaf.issuer_url());
            }
        }
    }
    urls
}

fn lines(corpus: &Path) -> Vec<String> {
    let recorded: BTreeMap<[u8; 32], &str> =
        KnownCas::of_this_release().iter().map(|known| (known.sha256, known.recorded)).collect();
    let today = std::env::var("GATEHOUSE_RECORDED").unwrap_or_else(|_| "not-recorded".to_owned());
    let found = found(corpus);
    let urls = urls(corpus, &found);
    let mut lines: Vec<String> = found
        .iter()
        .map(|each| {
            let facts = each.ca.facts();
            let date = |secs| Timestamp::from_secs(secs).to_string();
            [
                each.vendor.to_owned(),
                (if each.virtual_tpms { "virtual" } else { "hardware" }).to_owned(),
                (if facts.is_root { "root" } else { "intermediate" }).to_owned(),
                hex::encode(facts.sha256),
                date(facts.not_before),
                date(facts.not_after),
                facts.key,
                facts.signature,
                facts.key_id.unwrap_or_else(|| "-".to_owned()),
                recorded.get(&facts.sha256).copied().unwrap_or(&today).to_owned(),
                urls.get(&facts.sha256).cloned().unwrap_or_else(|| "-".to_owned()),
                facts.subject,
            ]
            .join("\t")
        })
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn the_list_of_known_cas_is_what_the_corpus_has() {
    let Some(corpus) = corpus() else { return };
    let lines = lines(&corpus);
    let text = format!("{HEAD}{}\n{}\n", KNOWN_CA_COLUMNS.join("\t"), lines.join("\n"));
    if std::env::var_os("GATEHOUSE_BLESS").is_some() {
        fs::write(committed(), &text).unwrap();
        return;
    }
    let same = fs::read_to_string(committed()).unwrap() == text;
    assert!(same, "known-cas.tsv is not what the corpus has: cargo xtask known-cas makes it anew");
    judged(&format!("{} pinned CAs: each is the one of that SHA-256 in the corpus", lines.len()));
}
