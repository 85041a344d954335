//! Replays the committed seeds of the fuzz targets through the same functions.
//!
//! With `GATEHOUSE_WRITE_SEEDS=1` the seeds are made anew first.

#[path = "../../../../fuzz/src/entry.rs"]
mod entry;

use std::fs;
use std::path::{Path, PathBuf};

use gatehouse_model::tpm::PlatformParameters;
use gatehouse_testkit::soft_tpm::{AkKind, Bank, EkKind, Platform, SoftAk, SoftTpm, SoftTpmCa};

use crate::{NONCE, ak};

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target)
}

/// Runs `entry` over each seed: those called `good-…` must be accepted, the others refused.
fn replay(target: &str, make: impl FnOnce() -> Vec<(&'static str, Vec<u8>)>, entry: fn(&[u8]) -> bool) {
    let folder = folder(target);
    if std::env::var_os("GATEHOUSE_WRITE_SEEDS").is_some() {
        fs::create_dir_all(&folder).unwrap();
        for (name, bytes) in make() {
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    let mut count = 0;
    for file in fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let good = path.file_name().unwrap().to_str().unwrap().starts_with("good-");
        assert_eq!(entry(&fs::read(&path).unwrap()), good, "{}", path.display());
        count += 1;
    }
    assert!(count >= 3, "no seeds in {}", folder.display());
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [u16::try_from(bytes.len()).unwrap().to_be_bytes().as_slice(), bytes].concat()
}

#[test]
fn ek_certificates() {
    let make = || {
        let ca = SoftTpmCa::new();
        let der = ca.issue(&SoftTpm::with_shared_key(EkKind::P256));
        let header = [&[0x10, 1, 0], sized(&der).as_slice()].concat();
        vec![
            ("good-rsa2048", ca.issue(&SoftTpm::with_shared_key(EkKind::Rsa2048))),
            ("good-p256-padded", [der.as_slice(), &[0xff; 16]].concat()),
            ("good-p256-header", [header, vec![0; 16]].concat()),
            ("bad-ca", ca.der()),
            ("bad-truncated", der[..der.len() / 2].to_vec()),
        ]
    };
    replay("ek_certificate", make, entry::ek_certificate);
}

#[test]
fn attestation_keys() {
    let make = || {
        let input = |ak: &SoftAk| {
            let params = ak.attestation_parameters();
            let parts =
                [&params.public, &params.create_data, &params.create_attestation, &params.create_signature];
            parts.iter().flat_map(|part| sized(part)).collect::<Vec<u8>>()
        };
        let p256 = input(&ak(AkKind::P256).0);
        let mut flipped = p256.clone();
        flipped[100] ^= 0x40;
        vec![
            ("good-rsa2048", input(&ak(AkKind::Rsa2048).0)),
            ("bad-truncated", p256[..150].to_vec()),
            ("bad-flipped", flipped),
            ("good-p256", p256),
        ]
    };
    replay("ak_public", make, entry::ak_public);
}

#[test]
fn platforms() {
    let make = || {
        let input = |ak: &SoftAk, params: &PlatformParameters| {
            let mut out = [sized(ak.public()), sized(&NONCE)].concat();
            out.push(u8::try_from(params.quotes.len()).unwrap());
            for quote in &params.quotes {
                out.extend([sized(&quote.quote), sized(&quote.signature)].concat());
            }
            out.push(u8::try_from(params.pcrs.len()).unwrap());
            for pcr in &params.pcrs {
                out.push(u8::try_from(pcr.index).unwrap());
                out.push(u8::try_from(pcr.digest_alg).unwrap());
                out.extend(sized(&pcr.digest));
            }
            out
        };
        let (p256, _) = ak(AkKind::P256);
        let platform = Platform { banks: vec![Bank::sha256()], ..Platform::new(&NONCE) };
        let good = platform.sign(&p256);
        let mut incomplete = good.clone();
        incomplete.pcrs.pop();
        let rsa = ak(AkKind::Rsa2048).0;
        vec![
            ("good-rsa2048-two-banks", input(&rsa, &Platform::new(&NONCE).sign(&rsa))),
            ("bad-incomplete", input(&p256, &incomplete)),
            ("bad-truncated", input(&p256, &good)[..400].to_vec()),
            ("good-p256", input(&p256, &good)),
        ]
    };
    replay("platform", make, entry::platform);
}

#[test]
fn event_logs() {
    let make = || {
        let log = crate::event_log::sample();
        let mut no_algorithm = log.clone();
        no_algorithm[56] = 0;
        let legacy = [&[7, 0, 0, 0, 4, 0, 0, 0], [1; 20].as_slice(), &[4, 0, 0, 0], &[0; 4]].concat();
        vec![
            ("good-truncated", log[..log.len() - 3].to_vec()),
            ("good-crypto-agile", log),
            ("good-legacy", legacy),
            ("bad-no-algorithm", no_algorithm),
            ("bad-short", vec![0; 31]),
        ]
    };
    replay("event_log", make, entry::event_log);
}
