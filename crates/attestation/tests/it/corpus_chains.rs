//! The truth tables of the corpus, certificate by certificate: what openssl 3.0 says of each, what we say, and for each
//! difference the rule that it follows from.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gatehouse_attestation::{
    AllowedCas, CaCertificate, ChainPolicy, EkCertificate, EkCertificateError, Intermediates, verify_ca_path,
    verify_ek_path,
};
use gatehouse_model::AttestationTier;

use crate::corpus::{corpus, files, judged, name, now, vendor_cas};

/// Every CA of the corpus, the self-issued ones as allowed.
struct Cas {
    roots: AllowedCas,
    all: Intermediates,
    ders: BTreeMap<String, Vec<u8>>,
}

impl Cas {
    fn read(corpus: &Path) -> Self {
        let mut roots = AllowedCas::default();
        let mut ders = BTreeMap::new();
        for (path, pem) in vendor_cas(corpus) {
            let der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents;
            if name(&path).starts_with("root-") {
                roots.add(&der).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
            ders.insert(path.strip_prefix(corpus).unwrap().display().to_string(), der);
        }
        let all = Intermediates::from_ders(ders.values());
        assert_eq!(all.len(), ders.len());
        Self { roots, all, ders }
    }

    fn allowed(&self, file: &str) -> AllowedCas {
        let mut allowed = AllowedCas::default();
        allowed.add(&self.ders[file]).unwrap();
        allowed
    }
}

/// Rows of a table of the corpus by the names of their columns.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned));
    let head: Vec<String> = lines.next().unwrap().collect();
    lines.map(|line| head.iter().cloned().zip(line).collect()).collect()
}

fn print(what: &str, total: usize, rules: &BTreeMap<&str, usize>) {
    let on_purpose: usize = rules.values().sum();
    judged(&format!("{total} {what}: {} as openssl, {on_purpose} otherwise on purpose", total - on_purpose));
    for (rule, count) in rules {
        judged(&format!("  {count} by the rule: {rule}"));
    }
}

#[test]
fn every_makers_ca_can_be_allowed() {
    let Some(corpus) = corpus() else { return };
    let cas = vendor_cas(&corpus);
    assert!(cas.len() > 400, "{}", cas.len());
    for (path, pem) in cas {
        AllowedCas::from_pems(&[pem]).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

#[test]
fn ek_certificates_chain_as_their_table_says() {
    let Some(corpus) = corpus() else { return };
    let cas = Cas::read(&corpus);
    let (mut total, mut accepted, mut rules) = (0, 0, BTreeMap::new());
    for row in table(&corpus.join("chains.tsv")) {
        total += 1;
        let file = row["ek_file"].as_str();
        let openssl = row["verifies"] == "yes";
        let leaf = match EkCertificate::parse(&fs::read(corpus.join(file)).unwrap()) {
            Ok(leaf) => leaf,
            Err(error) => {
                assert_eq!(error, EkCertificateError::KeyUsage, "{file}");
                assert!(file.contains("sign-AK") && openssl);
                *rules
                    .entry("a certificate for a signing key is none for an endorsement key")
                    .or_default() += 1;
                continue;
            }
        };
        let judge = |anchors: &AllowedCas, policy: &ChainPolicy| {
            verify_ek_path(&leaf, anchors, &[&cas.all], policy, now())
        };
        let ours = judge(&cas.roots, &ChainPolicy::LENIENT);
        let strict = judge(&cas.roots, &ChainPolicy::default());
        if openssl {
            let path = ours.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert_eq!(path.tier, AttestationTier::TpmEkcertTrusted, "{file}");
            let root = cas.allowed(&row["root_ca_file"]).facts().remove(0);
            assert_eq!((path.anchor.subject, path.anchor.sha256), (root.subject, root.sha256), "{file}");
            let expected = row["openssl_path"].split(" -> ").count();
            assert_eq!(path.intermediates.len() + 1, expected, "{file}");
            assert_eq!(strict.unwrap().tier, AttestationTier::TpmEkcertTrusted, "{file}");
            // An intermediate is an anchor as well as a root is, and then nothing else is needed.
            let listed = cas.allowed(&row["issuing_ca_file"]);
            let path = verify_ek_path(&leaf, &listed, &[], &ChainPolicy::default(), now()).unwrap();
            assert!(path.intermediates.is_empty());
            accepted += 1;
        } else if row["signature_valid"] == "yes" {
            let path = ours.unwrap_or_else(|error| panic!("{file}: {error}"));
            let expected = row["signature_only_path"].split(" -> ").count();
            assert_eq!(path.intermediates.len() + 1, expected, "{file}");
            // These are of TPM 1.2's time.
            assert_eq!(strict.unwrap_err().code(), "sha1_signature", "{file}");
            let rule = if file.contains("slb9635") {
                "issuer and serial number in a key identifier are a hint"
            } else {
                "a key marked RSAES-OAEP is an RSA key"
            };
            *rules.entry(rule).or_default() += 1;
        } else {
            // There are several CAs of swtpm's default name.
            let expected = if file.contains("swtpm") { "bad_signature" } else { "unknown_issuer" };
            let error = ours.unwrap_err();
            assert_eq!(error.code(), expected, "{file}");
            assert!(
                !error.issuer.is_empty() && error.hint().is_some_and(|hint| hint.contains(&error.issuer))
            );
            assert_eq!(strict.unwrap_err().code(), expected, "{file}");
        }
    }
    assert!(total >= 27 && accepted >= 17, "{total} {accepted}");
    print("EK certificates", total, &rules);
}

#[test]
fn cas_chain_as_their_table_says() {
    let Some(corpus) = corpus() else { return };
    let cas = Cas::read(&corpus);
    let (mut total, mut rules, mut sha1) = (0, BTreeMap::new(), 0);
    for row in table(&corpus.join("chains-cas.tsv")) {
        total += 1;
        let file = row["ca_file"].as_str();
        let ca = CaCertificate::parse(&cas.ders[file]).unwrap_or_else(|error| panic!("{file}: {error}"));
        let facts = ca.facts();
        assert_eq!(facts.is_root, row["role"] == "root", "{file}");
        assert!(hex::encode(facts.sha256).starts_with(&file[file.len() - 12..file.len() - 4]), "{file}");
        let (openssl, said) = (row["verifies_to_collected_root"] == "yes", row["openssl_error"].as_str());
        let signer = row["signature_valid_under"].as_str();
        if signer != "-" {
            let issuer = CaCertificate::parse(&cas.ders[signer]).unwrap();
            assert!(issuer.issued(&ca), "{file} by {signer}");
        }
        let ours = verify_ca_path(&ca, &cas.roots, &[&cas.all], &ChainPolicy::LENIENT, now());
        let strict = verify_ca_path(&ca, &cas.roots, &[&cas.all], &ChainPolicy::default(), now());
        if strict.as_ref().is_err_and(|error| error.code() == "sha1_signature") {
            sha1 += 1;
        }
        match ours {
            Ok(_) if openssl => {}
            Ok(_) => {
                let rule = match said {
                    said if said.contains("cannot load") => "a serial number may be padded",
                    said if said.contains("expired") => {
                        "the dates of what is listed, or of an end, are for a policy"
                    }
                    said if said.contains("self-signed") => "a root is itself, whatever its namesakes",
                    _ => "issuer and serial number in a key identifier are a hint",
                };
                *rules.entry(rule).or_default() += 1;
            }
            Err(error) => {
                assert!(!openssl, "{file}: {error}");
                assert_eq!((signer, error.code()), ("-", "unknown_issuer"), "{file}");
            }
        }
    }
    assert!(total >= 443, "{total}");
    print("CA certificates", total, &rules);
    judged(&format!("  {sha1} of them refused with SHA-1 by the default policy"));
}

#[test]
fn certificates_for_attestation_keys_are_none_for_endorsement_keys() {
    let Some(corpus) = corpus() else { return };
    let mut total = 0;
    for row in table(&corpus.join("chains-aik.tsv")) {
        let error =
            EkCertificate::parse(&fs::read(corpus.join(&row["ak_certificate"])).unwrap()).unwrap_err();
        assert!(matches!(error, EkCertificateError::Purpose | EkCertificateError::KeyUsage), "{error:?}");
        total += 1;
    }
    assert!(total >= 5, "{total}");
    judged(&format!("{total} certificates of attestation keys: all refused as EK certificates"));
}

#[test]
fn certificates_are_read_as_they_were_found() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("ek-certs/raw-encodings");
    let known: Vec<Vec<u8>> =
        files(&corpus.join("ek-certs"), "der").iter().map(|path| fs::read(path).unwrap()).collect();
    let found = [files(&folder, "bin"), files(&folder, "json")].concat();
    for path in &found {
        let certificate = EkCertificate::parse(&fs::read(path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert!(certificate.der().len() < usize::try_from(fs::metadata(path).unwrap().len()).unwrap());
        // The padded Nuvoton certificate is there in this form alone.
        let padded_only = name(path).contains("0x11");
        assert_eq!(known.iter().any(|der| der == certificate.der()), !padded_only, "{}", path.display());
    }
    assert!(found.len() >= 4);
    judged(&format!("{} EK certificates as found in NV or in a vendor's answer: all read", found.len()));
}
