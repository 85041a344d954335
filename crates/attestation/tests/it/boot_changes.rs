//! What is different between two boots: only what was signed makes a difference, and logs explain it.

use gatehouse_attestation::{
    Bank, BootChangeKind, EventLog, KernelPart, boot_changes, boot_pcrs, boot_state, pcr_meaning,
};
use gatehouse_model::OsType;
use gatehouse_model::tpm::{Pcr, PlatformParameters};
use gatehouse_testkit::soft_tpm::Platform;

use crate::corpus::corpus;
use crate::{NONCE, ak};

/// A file of the corpus; none where there is no corpus.
fn corpus_file(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(corpus()?.join(name)).unwrap())
}

fn platform() -> PlatformParameters {
    Platform::new(&NONCE).sign(&ak(gatehouse_testkit::soft_tpm::AkKind::P256).0)
}

fn set(platform: &mut PlatformParameters, bank: u64, index: i32, byte: u8) {
    let pcr = platform.pcrs.iter_mut().find(|pcr| pcr.digest_alg == bank && pcr.index == index).unwrap();
    pcr.digest.fill(byte);
}

/// An attestation whose PCRs are those that a log gives.
fn attested(log: &[u8]) -> PlatformParameters {
    let parsed = EventLog::parse(log).unwrap();
    let pcrs = parsed.banks().flat_map(|bank| {
        let go = match bank {
            Bank::Sha1 => 3,
            Bank::Sha256 => 5,
            Bank::Sha384 => 6,
            Bank::Sha512 => 7,
        };
        let pcr =
            move |(index, digest): (u8, Vec<u8>)| Pcr { index: i32::from(index), digest, digest_alg: go };
        parsed.replay(bank).into_iter().map(pcr).collect::<Vec<_>>()
    });
    PlatformParameters { quotes: Vec::new(), pcrs: pcrs.collect(), event_log: log.to_vec() }
}

#[test]
fn the_same_pcrs_are_the_same_boot_whatever_the_logs_say() {
    let before = platform();
    let mut after = before.clone();
    after.event_log = vec![1; 100];
    for index in [10, 15, 16, 17, 23] {
        set(&mut after, 5, index, 9);
    }
    assert_eq!(boot_changes(OsType::Linux, &before, &after), []);
}

#[test]
fn each_pcr_that_a_boot_decides_makes_a_difference() {
    let before = platform();
    for os in [OsType::Linux, OsType::Windows] {
        for index in boot_pcrs(os) {
            let mut after = before.clone();
            set(&mut after, 5, i32::from(*index), 9);
            let changes = boot_changes(os, &before, &after);
            assert_eq!(changes.len(), 1);
            assert_eq!(changes[0].kind, BootChangeKind::Pcr(*index));
            assert_eq!(changes[0].after, "09".repeat(32));
            assert_ne!(pcr_meaning(*index), pcr_meaning(23));
        }
    }
    // On Windows this one counts boots.
    let mut after = before.clone();
    set(&mut after, 5, 12, 9);
    assert_eq!(boot_changes(OsType::Windows, &before, &after), []);
}

#[test]
fn every_bank_counts_and_none_may_be_left_out() {
    let before = platform();
    let mut after = before.clone();
    set(&mut after, 3, 4, 9);
    let kinds = |before: &PlatformParameters, after: &PlatformParameters| {
        boot_changes(OsType::Linux, before, after).into_iter().map(|change| change.kind).collect::<Vec<_>>()
    };
    // Some loaders measure into one bank alone.
    assert_eq!(kinds(&before, &after), [BootChangeKind::Pcr(4)]);
    after.pcrs.retain(|pcr| pcr.digest_alg == 3);
    assert_eq!(kinds(&before, &after), [BootChangeKind::Banks, BootChangeKind::Pcr(4)]);
    // One that was not signed before says nothing about the boot.
    let mut fewer_banks = before.clone();
    fewer_banks.pcrs.retain(|pcr| pcr.digest_alg == 5);
    assert_eq!(kinds(&fewer_banks, &before), []);
    assert_eq!(kinds(&before, &fewer_banks), [BootChangeKind::Banks]);
    let mut sha256 = before.clone();
    sha256.pcrs.retain(|pcr| pcr.digest_alg == 5);
    after.pcrs.iter_mut().for_each(|pcr| pcr.digest_alg = 6);
    let changes = boot_changes(OsType::Linux, &sha256, &after);
    assert_eq!((changes.len(), changes[0].kind), (1, BootChangeKind::Banks));
    // A PCR that is no longer quoted is a difference.
    let mut fewer = before.clone();
    fewer.pcrs.retain(|pcr| pcr.index != 7);
    assert_eq!(boot_changes(OsType::Linux, &before, &fewer)[0].kind, BootChangeKind::Pcr(7));
}

#[test]
fn logs_of_real_machines_explain_what_changed() {
    let Some(before) = corpus_file("attestations/eventlogs/goeventlog-ubuntu-2104-no-dbx.bin") else {
        return;
    };
    let after = corpus_file("attestations/eventlogs/goeventlog-ubuntu-2104-no-secure-boot.bin").unwrap();
    let (before, after) = (attested(&before), attested(&after));
    let state = boot_state(&before);
    let line = state.kernel.iter().find(|kernel| kernel.part == KernelPart::CommandLine).unwrap();
    assert!(line.proven && line.text.starts_with("/boot/vmlinuz-5.11.0-1008-gcp root="), "{line:?}");
    let changes = boot_changes(OsType::Linux, &before, &after);
    assert!(changes.iter().any(|change| change.kind == BootChangeKind::Pcr(7)), "dbx has entries now");
    assert!(changes.iter().all(|change| change.kind != BootChangeKind::SecureBoot), "off as before");
    let signed_boot = corpus_file("attestations/eventlogs/goeventlog-cos-101-amd-sev.bin").unwrap();
    let changes = boot_changes(OsType::Linux, &attested(&signed_boot), &after);
    let secure_boot = changes.iter().find(|change| change.kind == BootChangeKind::SecureBoot).unwrap();
    assert_eq!((secure_boot.before.as_str(), secure_boot.after.as_str()), ("on", "off"));
    // A log that was changed proves nothing any more.
    let mut forged = after.clone();
    let end = forged.event_log.len();
    forged.event_log[end / 2] ^= 1;
    let changes = boot_changes(OsType::Linux, &after, &forged);
    assert_eq!(changes, [], "no PCR has changed");
}

#[test]
fn kernels_that_systemds_stub_starts_are_named() {
    let Some(log) = corpus_file("attestations/eventlogs/tpm2tools-event-sd-boot-fedora37.bin") else {
        return;
    };
    let state = boot_state(&attested(&log));
    let line = state.kernel.iter().find(|kernel| kernel.part == KernelPart::CommandLine).unwrap();
    assert!(line.proven && line.text.contains("console=ttyS0"), "{line:?}");
}
