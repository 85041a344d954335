//! Real certificates and attestations of many makers, which are not part of this repository.
//!
//! `GATEHOUSE_TPM_CORPUS` names their folder; without it these tests say that they skip, unless
//! `GATEHOUSE_REQUIRE_CORPUS=1`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_attestation::{
    AkError, AkPublic, EkCertificate, EkCertificateError, EkKind, QuoteError, SignatureError, boot_state,
    vendor_name, verify_creation, verify_platform,
};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};
use gatehouse_testkit::soft_tpm::{AkKind, AkTemplate, SoftAk};
use serde_json::Value;

/// When the corpus was collected and checked with other tools: 2026-11-22T00:00:00Z.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_secs(1_795_305_600)
}

/// Says what was judged, where the runner of all tests reads it: past the capture of a test's own output.
pub(crate) fn judged(what: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().lock().write_all(format!("judged: {what}\n").as_bytes());
}

static SAID: std::sync::Once = std::sync::Once::new();

pub(crate) fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("GATEHOUSE_TPM_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        let required = std::env::var("GATEHOUSE_REQUIRE_CORPUS").is_ok_and(|value| value == "1");
        assert!(!required, "GATEHOUSE_REQUIRE_CORPUS=1, but GATEHOUSE_TPM_CORPUS is not set");
        SAID.call_once(|| judged("nothing of real TPMs: GATEHOUSE_TPM_CORPUS is not set"));
    }
    folder
}

pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "{}", folder.display());
    found
}

pub(crate) fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap()
}

pub(crate) fn vendor_cas(corpus: &Path) -> Vec<(PathBuf, String)> {
    fs::read_dir(corpus.join("vendor-cas"))
        .unwrap()
        .flat_map(|vendor| files(&vendor.unwrap().path(), "pem"))
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect()
}

#[test]
fn every_makers_ek_certificate_is_read() {
    let Some(corpus) = corpus() else { return };
    for path in files(&corpus.join("ek-certs"), "der") {
        let der = fs::read(&path).unwrap();
        let parsed = EkCertificate::parse(&der);
        // Certificates for attestation keys lie beside those for endorsement keys.
        if name(&path).contains("sign-AK") {
            assert_eq!(parsed.unwrap_err(), EkCertificateError::KeyUsage, "{}", path.display());
            continue;
        }
        let certificate = parsed.unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
        assert_eq!(certificate.der(), der);
        let kind = match name(&path) {
            name if name.contains("p256") => EkKind::P256,
            name if name.contains("p384") => EkKind::P384,
            _ => EkKind::Rsa2048,
        };
        assert_eq!(certificate.ek().kind(), kind, "{}", path.display());
        assert!(!certificate.issuer().is_empty() && !certificate.serial().is_empty());
        if !name(&path).contains("no-eku") && !name(&path).contains("goog-gce-rsa2048-v3") {
            let manufacturer = certificate.tpm().manufacturer.as_deref().unwrap();
            assert!(vendor_name(manufacturer).is_some(), "{}: {manufacturer}", path.display());
        }
    }
}

struct Vector(Value);

impl Vector {
    fn text(&self, key: &str) -> Option<&str> {
        self.0[key].as_str()
    }

    fn hex(&self, key: &str) -> Option<Vec<u8>> {
        self.text(key).map(|text| hex::decode(text).unwrap())
    }

    fn name(&self) -> &str {
        self.text("name").unwrap()
    }

    fn is(&self, attest_type: &str) -> bool {
        self.0["attest"]["type"] == attest_type
    }

    fn nonce(&self) -> Vec<u8> {
        hex::decode(self.0["attest"]["extraData"].as_str().unwrap()).unwrap()
    }

    /// The key as it came, or as the public area of an RSA key with the attributes of an attestation key.
    fn public(&self) -> Option<Vec<u8>> {
        let bare = || {
            let pem = self.text("ak_public_pem")?;
            let der = x509_parser::pem::parse_x509_pem(pem.as_bytes()).unwrap().1.contents;
            assert_eq!(der.len(), 294, "{}: not RSA-2048", self.name());
            Some(SoftAk::rsa_public(&AkTemplate::new(AkKind::Rsa2048), &der[33..289]))
        };
        self.hex("ak_tpmt_public_hex").or_else(bare)
    }

    fn signature(&self) -> Option<Vec<u8>> {
        let wrapped = || {
            let hash = if self.text("sig_scheme")? == "rsassa-sha1" { 4 } else { 0x0b };
            Some([&[0, 0x14, 0, hash, 1, 0], self.hex("signature_raw_hex")?.as_slice()].concat())
        };
        self.hex("signature_tpmt_hex").or_else(wrapped)
    }

    fn platform(&self) -> Option<PlatformParameters> {
        let mut pcrs = Vec::new();
        let banks: BTreeMap<String, BTreeMap<String, String>> =
            serde_json::from_value(self.0["pcrs"].clone()).unwrap_or_default();
        for (bank, values) in banks {
            let digest_alg =
                [("sha1", 3), ("sha256", 5), ("sha384", 6)].iter().find(|known| known.0 == bank)?.1;
            for (index, digest) in values {
                pcrs.push(Pcr {
                    index: index.parse().unwrap(),
                    digest: hex::decode(digest).unwrap(),
                    digest_alg,
                });
            }
        }
        let quote = Quote { quote: self.hex("attest_hex")?, signature: self.signature()? };
        Some(PlatformParameters { quotes: vec![quote], pcrs, event_log: Vec::new() })
    }

    fn covers_firmware(&self) -> bool {
        let selections = self.0["attest"]["pcrSelect"].as_array().unwrap();
        let all = |selection: &Value| {
            let selected = selection[1].as_array().unwrap();
            (0..8).all(|index| selected.iter().any(|pcr| pcr == index))
        };
        !selections.is_empty() && selections.iter().all(all)
    }
}

fn vectors(corpus: &Path) -> Vec<Vector> {
    let text = fs::read_to_string(corpus.join("attestations/vectors.json")).unwrap();
    serde_json::from_str::<Vec<Value>>(&text).unwrap().into_iter().map(Vector).collect()
}

#[test]
fn quotes_verify_where_they_should() {
    let Some(corpus) = corpus() else { return };
    let (mut accepted, mut refused, mut unsigned) = (0, 0, 0);
    for vector in vectors(&corpus).iter().filter(|vector| vector.is("QUOTE")) {
        let Some(params) = vector.platform() else { continue };
        let (name, nonce) = (vector.name(), vector.nonce());
        let Some(public) = vector.public() else {
            // No key came with these: any key must get as far as the signature and no farther.
            let kind = if vector.text("sig_scheme") == Some("ecdsa-sha256") {
                AkKind::P256
            } else {
                AkKind::Rsa2048
            };
            let error = verify_platform(&crate::ak(kind).1, &nonce, &params).unwrap_err();
            assert!(matches!(error, QuoteError::Signature(_)), "{name}: {error:?}");
            unsigned += 1;
            continue;
        };
        let ak = match AkPublic::parse(&public) {
            Ok(ak) => ak,
            Err(error) => {
                assert_eq!(
                    (error, vector.text("sig_scheme")),
                    (AkError::Scheme("RSASSA"), Some("rsassa-sha1"))
                );
                refused += 1;
                continue;
            }
        };
        let result = verify_platform(&ak, &nonce, &params);
        if vector.covers_firmware() {
            assert_eq!(vector.0["checks"]["signature_valid"], true, "{name}");
            let verdict = result.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(Some(verdict.clock.clock), vector.0["attest"]["clock"].as_u64());
            assert_eq!(Some(u64::from(verdict.clock.reset_count)), vector.0["attest"]["resetCount"].as_u64());
            assert_eq!(verify_platform(&ak, b"another", &params), Err(QuoteError::Nonce));
            let mut changed = params;
            changed.pcrs[0].digest[0] ^= 1;
            assert_eq!(verify_platform(&ak, &nonce, &changed), Err(QuoteError::PcrDigest));
            accepted += 1;
        } else {
            assert!(matches!(result, Err(QuoteError::PcrNotQuoted(_))), "{name}: {result:?}");
            refused += 1;
        }
    }
    assert!(accepted >= 11 && refused >= 2 && unsigned >= 12, "{accepted} {refused} {unsigned}");
    judged(&format!(
        "{} quotes: {accepted} verified, {refused} refused (SHA-1 scheme, PCR 0 to 7 not covered), {unsigned} without their key",
        accepted + refused + unsigned
    ));
}

#[test]
fn attestations_of_other_types_and_schemes_are_refused() {
    let Some(corpus) = corpus() else { return };
    let mut seen = 0;
    for vector in vectors(&corpus).iter().filter(|vector| !vector.is("QUOTE")) {
        seen += 1;
        let name = vector.name();
        let (_, some_ak) = crate::ak(AkKind::Rsa2048);
        let params = vector.platform().unwrap();
        assert_eq!(verify_platform(&some_ak, &vector.nonce(), &params), Err(QuoteError::NotAQuote), "{name}");
        let creation = AttestationParameters {
            public: vector.public().unwrap(),
            create_data: vector.hex("creation_data_hex").unwrap_or_default(),
            create_attestation: vector.hex("attest_hex").unwrap(),
            create_signature: vector.signature().unwrap(),
        };
        let error = verify_creation(&some_ak, &creation).unwrap_err();
        if vector.is("CREATION") {
            assert_eq!(
                error,
                gatehouse_attestation::CreationError::Signature(SignatureError::Scheme),
                "{name}"
            );
            assert_eq!(AkPublic::parse(&creation.public).unwrap_err(), AkError::Scheme("RSASSA"), "{name}");
        } else {
            assert_eq!(error, gatehouse_attestation::CreationError::NotCreation, "{name}");
        }
    }
    assert!(seen >= 6, "{seen}");
}

/// What the quotes say of the logs that came with them: the real negatives among them are negatives here.
#[test]
fn logs_explain_the_quotes_that_they_came_with() {
    let Some(corpus) = corpus() else { return };
    let (mut agree, mut differ) = (0, 0);
    for vector in vectors(&corpus).iter().filter(|vector| vector.is("QUOTE")) {
        let expected = &vector.0["checks"]["eventlog_replay_mismatching_pcrs"];
        let log = corpus.join(format!("attestations/eventlogs/{}.bin", vector.name()));
        let (Some(expected), Ok(event_log)) = (expected.as_object(), fs::read(log)) else { continue };
        let params = PlatformParameters { event_log, ..vector.platform().unwrap() };
        let state = boot_state(&params);
        for (bank, mismatching) in expected {
            let mismatching: Vec<String> = serde_json::from_value(mismatching.clone()).unwrap();
            let bank_state = state
                .banks
                .iter()
                .find(|found| found.bank.name().replace('-', "").eq_ignore_ascii_case(bank))
                .unwrap();
            let ours: Vec<String> = bank_state
                .pcrs
                .iter()
                .filter(|pcr| pcr.explained == Some(false))
                .map(|pcr| pcr.index.to_string())
                .collect();
            assert_eq!(ours, mismatching, "{} {bank}", vector.name());
            if ours.is_empty() { agree += 1 } else { differ += 1 }
        }
    }
    assert!(agree >= 6 && differ >= 4, "{agree} {differ}");
    judged(&format!(
        "{} banks of quotes beside their logs: {agree} explained, {differ} not, as the table says",
        agree + differ
    ));
}
