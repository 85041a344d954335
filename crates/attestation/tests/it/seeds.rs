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

#[test]
fn public_areas() {
    let make = || {
        let (p256, rsa) = (ak(AkKind::P256).0, ak(AkKind::Rsa2048).0);
        let mut restricted = p256.public().to_vec();
        // TPMA_OBJECT.restricted is bit 16.
        restricted[5] ^= 1;
        vec![
            ("good-p256", p256.public().to_vec()),
            ("good-rsa2048", rsa.public().to_vec()),
            ("bad-not-restricted", restricted),
            ("bad-trailing", [p256.public(), &[0]].concat()),
            ("bad-truncated", rsa.public()[..100].to_vec()),
        ]
    };
    replay("tpmt_public", make, entry::tpmt_public);
}

#[test]
fn statements() {
    let make = || {
        let (soft, _) = ak(AkKind::P256);
        let quote = Platform::new(&NONCE).sign(&soft).quotes.remove(0).quote;
        let creation = soft.attestation_parameters().create_attestation;
        let mut generated = quote.clone();
        generated[0] ^= 1;
        vec![
            ("good-quote", quote.clone()),
            ("good-creation", creation),
            ("bad-magic", generated),
            ("bad-trailing", [quote.as_slice(), &[0]].concat()),
            ("bad-truncated", quote[..60].to_vec()),
        ]
    };
    replay("tpms_attest", make, entry::tpms_attest);
}

#[test]
fn signatures() {
    let make = || {
        let mut seed: &[u8] = include_bytes!("../../../../fuzz/seeds/platform/good-p256");
        let mut take = |count: usize| {
            let (head, tail) = seed.split_at(count);
            seed = tail;
            head.to_vec()
        };
        let length = |bytes: Vec<u8>| usize::from(u16::from_be_bytes([bytes[0], bytes[1]]));
        for _ in 0..2 {
            let count = length(take(2));
            take(count);
        }
        assert_eq!(take(1), [1], "one quote");
        let count = length(take(2));
        take(count);
        let count = length(take(2));
        let good = take(count);
        let zero = |algorithm: u8| [&[0, algorithm, 0, 0x0b, 0, 1, 0, 0, 1, 0][..]].concat();
        vec![
            ("bad-zero", zero(0x18)),
            ("bad-scheme", [&[0, 0x14], &good[2..]].concat()),
            ("bad-hash", [&good[..2], &[0, 4], &good[4..]].concat()),
            ("bad-trailing", [good.as_slice(), &[0]].concat()),
            ("bad-null", vec![0, 0x10]),
            ("good-p256", good),
        ]
    };
    replay("tpmt_signature", make, entry::tpmt_signature);
}

#[test]
fn activations() {
    let make = || {
        let input = |kind: EkKind, ak: &SoftAk| {
            [sized(&SoftTpm::with_shared_key(kind).ek_spki()), sized(ak.public())].concat()
        };
        let (p256, rsa) = (ak(AkKind::P256).0, ak(AkKind::Rsa2048).0);
        let good = input(EkKind::P256, &p256);
        let mut off_curve = good.clone();
        // The last byte of the EK's point, behind its length.
        let end = 1 + usize::from(good[1]);
        off_curve[end] ^= 1;
        vec![
            ("good-rsa2048", input(EkKind::Rsa2048, &rsa)),
            ("good-p384", input(EkKind::P384, &p256)),
            ("bad-off-curve", off_curve),
            ("bad-truncated", good[..good.len() - 1].to_vec()),
            ("good-p256", good),
        ]
    };
    replay("activation", make, entry::activation);
}
