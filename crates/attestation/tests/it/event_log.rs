//! Event logs and what they say of a boot: of real machines, and made up by whoever wants to look better.

use std::collections::BTreeMap;
use std::fs;

use gatehouse_attestation::{Bank, EventLog, EventLogError, LogState, SecureBoot, boot_state};
use gatehouse_model::tpm::{Pcr, PlatformParameters};
use proptest::prelude::*;
use serde_json::Value;

use crate::corpus::{corpus, judged};

const SHA256: u16 = 0x0b;
const VARIABLE: u32 = 0x8000_0001;
const ACTION: u32 = 0x8000_0007;
const SEPARATOR: u32 = 4;

fn go_number(bank: Bank) -> u64 {
    (0..8).find(|number| Bank::from_go(*number) == Some(bank)).unwrap()
}

/// A log in the crypto-agile form, of the SHA-256 bank.
#[derive(Clone, Default)]
struct Made(Vec<u8>);

impl Made {
    fn new() -> Self {
        let mut header = b"Spec ID Event03\0".to_vec();
        header.extend([0, 0, 0, 0, 0, 2, 0, 2]);
        header.extend(1_u32.to_le_bytes());
        header.extend(SHA256.to_le_bytes());
        header.extend(32_u16.to_le_bytes());
        header.push(0);
        let mut log = vec![0; 4];
        log.extend(3_u32.to_le_bytes());
        log.extend([0; 20]);
        log.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
        log.extend(header);
        Self(log)
    }

    fn event(mut self, pcr: u32, kind: u32, measured: &[u8], data: &[u8]) -> Self {
        self.0.extend(pcr.to_le_bytes());
        self.0.extend(kind.to_le_bytes());
        self.0.extend(1_u32.to_le_bytes());
        self.0.extend(SHA256.to_le_bytes());
        self.0.extend(sha256(measured));
        self.0.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        self.0.extend(data);
        self
    }

    fn measured(self, pcr: u32, kind: u32, data: &[u8]) -> Self {
        self.event(pcr, kind, data, data)
    }

    /// As if a TPM had signed what the log gives.
    fn quoted(self) -> PlatformParameters {
        let values = EventLog::parse(&self.0).unwrap().replay(Bank::Sha256);
        PlatformParameters { quotes: Vec::new(), pcrs: pcrs(Bank::Sha256, values), event_log: self.0 }
    }
}

fn sha256(data: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref().try_into().unwrap()
}

fn pcrs(bank: Bank, values: BTreeMap<u8, Vec<u8>>) -> Vec<Pcr> {
    let digest_alg = go_number(bank);
    values.into_iter().map(|(index, digest)| Pcr { index: i32::from(index), digest, digest_alg }).collect()
}

fn secure_boot_variable(value: &[u8]) -> Vec<u8> {
    let mut data = hex::decode("61dfe48bca93d211aa0d00e098032b8c").unwrap();
    data.extend(10_u64.to_le_bytes());
    data.extend(u64::try_from(value.len()).unwrap().to_le_bytes());
    data.extend("SecureBoot".encode_utf16().flat_map(u16::to_le_bytes));
    data.extend(value);
    data
}

#[test]
fn the_variable_says_whether_secure_boot_was_on() {
    for (value, expected) in [
        (&[1_u8][..], SecureBoot::On),
        (&[0], SecureBoot::Off),
        (&[], SecureBoot::NotSetUp),
        (&[2], SecureBoot::NotProven),
        (&[1, 1], SecureBoot::NotProven),
    ] {
        let log =
            Made::new().measured(7, VARIABLE, &secure_boot_variable(value)).measured(7, SEPARATOR, &[0; 4]);
        assert_eq!(boot_state(&log.quoted()).secure_boot, expected, "{value:?}");
    }
    let silent = Made::new().measured(7, SEPARATOR, &[0; 4]);
    assert_eq!(boot_state(&silent.quoted()).secure_boot, SecureBoot::NotMeasured);
}

#[test]
fn a_log_that_the_signed_values_do_not_bear_out_proves_nothing() {
    let made =
        || Made::new().measured(7, VARIABLE, &secure_boot_variable(&[1])).measured(0, 8, b"1\0.\x002\0\0\0");
    let good = boot_state(&made().quoted());
    assert_eq!((good.secure_boot, good.firmware_version.as_deref()), (SecureBoot::On, Some("1.2")));
    assert_eq!(good.log, LogState::Read { events: 3, agrees: true });

    let mut other = made().quoted();
    for pcr in &mut other.pcrs {
        pcr.digest[0] ^= 1;
    }
    let state = boot_state(&other);
    assert_eq!((state.secure_boot, state.firmware_version), (SecureBoot::NotProven, None));
    assert_eq!(state.log, LogState::Read { events: 3, agrees: false });

    // Signed, but in a bank that the log does not have.
    let mut elsewhere = made().quoted();
    for pcr in &mut elsewhere.pcrs {
        pcr.digest = vec![0; 20];
        pcr.digest_alg = 3;
    }
    assert_eq!(boot_state(&elsewhere).secure_boot, SecureBoot::NotProven);
}

#[test]
fn a_digest_of_something_else_proves_nothing() {
    let lie = Made::new().event(7, VARIABLE, &secure_boot_variable(&[0]), &secure_boot_variable(&[1]));
    assert_eq!(boot_state(&lie.quoted()).secure_boot, SecureBoot::NotProven);
}

/// The type of an event is not measured, and the booted system can extend PCR 7 itself.
#[test]
fn event_type_confusion_does_not_turn_secure_boot_on() {
    let (off, on) = (secure_boot_variable(&[0]), secure_boot_variable(&[1]));
    let relabelled = Made::new().measured(7, ACTION, &off).measured(7, VARIABLE, &on);
    assert_eq!(boot_state(&relabelled.quoted()).secure_boot, SecureBoot::Off);
    let hidden = Made::new().event(7, ACTION, &off, b"nothing to see").measured(7, VARIABLE, &on);
    assert_eq!(boot_state(&hidden.quoted()).secure_boot, SecureBoot::NotProven);
    let late = Made::new().measured(7, SEPARATOR, &[0; 4]).measured(7, VARIABLE, &on);
    assert_eq!(boot_state(&late.quoted()).secure_boot, SecureBoot::NotMeasured);
    let unmeasured = Made::new().event(7, 3, &on, &on).measured(7, VARIABLE, &off);
    assert_eq!(boot_state(&unmeasured.quoted()).secure_boot, SecureBoot::Off);
}

#[test]
fn without_a_log_there_are_the_pcrs_alone() {
    let quoted = Made::new().measured(7, SEPARATOR, &[0; 4]).quoted();
    let state = boot_state(&PlatformParameters { event_log: Vec::new(), ..quoted.clone() });
    assert_eq!((state.log, state.secure_boot), (LogState::NotSent, SecureBoot::Unknown));
    assert_eq!(state.banks[0].pcrs[0].explained, None);
    let state = boot_state(&PlatformParameters { event_log: b"rubbish".to_vec(), ..quoted });
    assert_eq!(state.log, LogState::Unreadable(EventLogError::NoLog));
}

#[test]
fn sizes_and_counts_are_capped() {
    let too_long = vec![0; gatehouse_attestation::MAX_EVENT_LOG_BYTES + 1];
    assert_eq!(EventLog::parse(&too_long).unwrap_err(), EventLogError::TooLong);
    // Events of no bytes at all: 32 bytes each of the old form.
    assert_eq!(EventLog::parse(&too_long[1..]).unwrap_err(), EventLogError::TooManyEvents);
    let mut header = Made::new().0;
    let count = header.len() - 9;
    header[count] = 17;
    assert_eq!(EventLog::parse(&header).unwrap_err(), EventLogError::Algorithms);
    header[count] = 0;
    assert_eq!(EventLog::parse(&header).unwrap_err(), EventLogError::Algorithms);
}

#[test]
fn real_logs_replay_as_other_tools_replay_them() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("attestations/eventlogs");
    let expected: BTreeMap<String, Value> =
        serde_json::from_str(&fs::read_to_string(folder.join("EXPECTED.json")).unwrap()).unwrap();
    let (mut logs, mut replayed, mut unreadable) = (0, 0, 0);
    for (name, expected) in expected {
        // Of Intel TDX: measurement registers, which are no PCRs.
        if name.contains("intel-tdx") {
            continue;
        }
        let bytes = fs::read(folder.join(&name)).unwrap();
        logs += 1;
        let Some(events) = expected["events"].as_u64() else {
            unreadable += 1;
            assert_eq!(EventLog::parse(&bytes).unwrap_err(), EventLogError::NoLog, "{name}");
            continue;
        };
        let log = EventLog::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(u64::try_from(log.len()).unwrap(), events, "{name}");
        let padding = expected["trailing_padding"].as_u64().unwrap_or(0);
        if expected["malformed"].is_null() {
            assert_eq!(u64::try_from(log.unread()).unwrap(), padding, "{name}");
        }
        let locality = expected["startup_locality"].as_u64().map(|locality| u8::try_from(locality).unwrap());
        assert_eq!(log.startup_locality(), locality, "{name}");
        let mut platform = PlatformParameters { event_log: bytes.clone(), ..PlatformParameters::default() };
        for (bank, key) in [
            (Bank::Sha1, "sha1"),
            (Bank::Sha256, "sha256"),
            (Bank::Sha384, "sha384"),
            (Bank::Sha512, "sha512"),
        ] {
            let values: BTreeMap<String, String> =
                serde_json::from_value(expected["pcrs"][key].clone()).unwrap_or_default();
            let values: BTreeMap<u8, Vec<u8>> = values
                .into_iter()
                .map(|(index, digest)| (index.parse().unwrap(), hex::decode(digest).unwrap()))
                .collect();
            assert_eq!(log.replay(bank), values, "{name} {key}");
            replayed += values.len();
            platform.pcrs.extend(pcrs(bank, values));
        }
        let state = boot_state(&platform);
        let said = match expected["secureboot"].as_str().unwrap() {
            "on" => SecureBoot::On,
            "off" => SecureBoot::Off,
            "empty variable" => SecureBoot::NotSetUp,
            _ => SecureBoot::NotMeasured,
        };
        assert_eq!(state.secure_boot, said, "{name}");
        assert!(state.images.len() <= 16);
    }
    assert!(replayed > 900, "{replayed}");
    judged(&format!(
        "{logs} event logs: {replayed} PCR values replayed, {unreadable} refused as no logs, all as the table says"
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = boot_state(&PlatformParameters { event_log: bytes.clone(), ..PlatformParameters::default() });
        let mut after_header = Made::new().0;
        after_header.extend(bytes);
        let _ = boot_state(&PlatformParameters { event_log: after_header, ..PlatformParameters::default() });
    }

    #[test]
    fn a_changed_log_never_turns_secure_boot_on(position: usize, mask in 1_u8.., cut: bool) {
        let off = Made::new()
            .measured(7, VARIABLE, &secure_boot_variable(&[0]))
            .measured(7, SEPARATOR, &[0; 4])
            .measured(4, SEPARATOR, &[0; 4]);
        let mut platform = off.quoted();
        let at = position % platform.event_log.len();
        if cut {
            platform.event_log.truncate(at);
        } else {
            platform.event_log[at] ^= mask;
        }
        prop_assert_ne!(boot_state(&platform).secure_boot, SecureBoot::On);
    }
}

/// A small log, for the seeds of the fuzz target.
pub(crate) fn sample() -> Vec<u8> {
    Made::new()
        .measured(0, 8, b"1\0.\x002\0\0\0")
        .measured(7, VARIABLE, &secure_boot_variable(&[1]))
        .measured(7, SEPARATOR, &[0; 4])
        .0
}
