//! How a device booted, from the PCR values that its TPM signed and the log that explains them.

use std::collections::BTreeMap;

use gatehouse_model::tpm::PlatformParameters;

use crate::event_log::{
    Bank, BootImage, EV_EFI_ACTION, EV_EFI_BOOT_SERVICES_APPLICATION, EV_IPL, EV_NO_ACTION,
    EV_S_CRTM_VERSION, Event, EventLog, EventLogError, UefiVariable, file_path, utf16,
};

/// EFI_GLOBAL_VARIABLE, 8be4df61-93ca-11d2-aa0d-00e098032b8c, as it is laid out in memory.
const EFI_GLOBAL_VARIABLE: [u8; 16] =
    [0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c];
/// Most parts of kernels that are listed.
const MAX_KERNEL_PARTS: usize = 8;
/// Most images that are listed.
const MAX_IMAGES: usize = 16;
const SECURE_BOOT_PCR: u8 = 7;
const BOOT_LOADER_PCR: u8 = 4;
/// What boot loaders measure: their commands and the kernel's command line, and files that they read.
const COMMANDS_PCR: u8 = 8;
const FILES_PCR: u8 = 9;
const STUB_COMMAND_LINE_PCR: u8 = 12;

/// What is known of a boot. The PCR values are those that a quote covered; everything else is of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootState {
    /// Strongest bank first.
    pub banks: Vec<BankState>,
    pub log: LogState,
    pub secure_boot: SecureBoot,
    /// What the firmware started, in order: boot managers, loaders, shells.
    pub images: Vec<BootImageState>,
    /// What boot loaders logged of the kernel, in order.
    pub kernel: Vec<KernelState>,
    /// As the firmware measured it into PCR 0.
    pub firmware_version: Option<String>,
    /// Measured remarks that weaken the platform: `DMA Protection Disabled`, `UEFI Debug Mode`.
    pub warnings: Vec<String>,
}

/// The PCRs of one bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankState {
    pub bank: Bank,
    pub pcrs: Vec<PcrState>,
}

/// One PCR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PcrState {
    pub index: u8,
    pub value: Vec<u8>,
    /// Whether the log's events give this value; absent where the log does not speak of the PCR.
    pub explained: Option<bool>,
}

/// What came as an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogState {
    NotSent,
    Unreadable(EventLogError),
    /// Of so many events; `agrees` if every PCR that it speaks of and that was quoted has the value it gives, in at least
    /// one bank.
    Read {
        events: usize,
        agrees: bool,
    },
}

/// Whether UEFI Secure Boot was on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecureBoot {
    On,
    Off,
    /// The variable exists and is empty: the firmware has Secure Boot, and it was never set up.
    NotSetUp,
    /// The log does not say.
    NotMeasured,
    /// The log says something, and the signed PCR 7 does not bear it out.
    NotProven,
    /// There is no log that could say.
    Unknown,
}

impl LogState {
    /// Stable word: `not_sent`, `unreadable`, `agrees`, `differs`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Unreadable(_) => "unreadable",
            Self::Read { agrees: true, .. } => "agrees",
            Self::Read { agrees: false, .. } => "differs",
        }
    }
}

impl SecureBoot {
    /// Stable word: `on`, `off`, `not_set_up`, `not_measured`, `not_proven`, `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::NotSetUp => "not_set_up",
            Self::NotMeasured => "not_measured",
            Self::NotProven => "not_proven",
            Self::Unknown => "unknown",
        }
    }
}

/// An image that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootImageState {
    /// Where it was loaded from; the log's word only, as the digest is that of the image.
    pub path: Option<String>,
    /// Its Authenticode digest in the bank that was looked at, and whether PCR 4 bears the log out.
    pub digest: Vec<u8>,
    pub bank: Bank,
    pub proven: bool,
}

/// Something that a boot loader logged of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelState {
    pub part: KernelPart,
    /// The command line, or the path of the file.
    pub text: String,
    pub digest: Vec<u8>,
    pub bank: Bank,
    /// The digest is in the signed PCR; of a file, the path is the log's word nevertheless.
    pub proven: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KernelPart {
    CommandLine,
    File,
}

/// Reads how a device booted from an attestation whose quotes have been verified.
#[must_use]
pub fn boot_state(platform: &PlatformParameters) -> BootState {
    let quoted = quoted(platform);
    let parsed = (!platform.event_log.is_empty()).then(|| EventLog::parse(&platform.event_log));
    let log = match &parsed {
        Some(Ok(log)) => log,
        Some(Err(error)) => return without_log(&quoted, LogState::Unreadable(*error)),
        None => return without_log(&quoted, LogState::NotSent),
    };
    let banks = compared(&quoted, log);
    // The strongest bank that both the quote and the log have; without one, nothing that the log says is proven.
    let shared = banks.iter().find(|state| log.has_bank(state.bank));
    let proven = |index: u8| {
        shared.is_some_and(|state| {
            state.pcrs.iter().any(|pcr| pcr.index == index && pcr.explained == Some(true))
        })
    };
    let bank = shared.map_or(Bank::Sha1, |state| state.bank);
    let agrees = shared.is_some_and(|state| state.pcrs.iter().all(|pcr| pcr.explained != Some(false)));
    BootState {
        log: LogState::Read { events: log.len(), agrees },
        secure_boot: secure_boot(log, bank, proven(SECURE_BOOT_PCR)),
        images: images(log, bank, proven(BOOT_LOADER_PCR)),
        kernel: kernel(log, bank, &proven),
        firmware_version: firmware_version(log, bank).filter(|_| proven(0)),
        warnings: warnings(log, bank, &proven),
        banks,
    }
}

/// By bank, strongest first, the values by index.
fn quoted(platform: &PlatformParameters) -> Vec<(Bank, BTreeMap<u8, &[u8]>)> {
    let mut banks: BTreeMap<Bank, BTreeMap<u8, &[u8]>> = BTreeMap::new();
    for pcr in &platform.pcrs {
        if let (Some(bank), Ok(index)) = (Bank::from_go(pcr.digest_alg), u8::try_from(pcr.index)) {
            banks.entry(bank).or_default().insert(index, &pcr.digest);
        }
    }
    banks.into_iter().rev().collect()
}

fn compared(quoted: &[(Bank, BTreeMap<u8, &[u8]>)], log: &EventLog<'_>) -> Vec<BankState> {
    quoted
        .iter()
        .map(|(bank, values)| {
            let replayed = log.replay(*bank);
            let pcrs = values
                .iter()
                .map(|(index, value)| PcrState {
                    index: *index,
                    value: value.to_vec(),
                    explained: replayed.get(index).map(|expected| expected == value),
                })
                .collect();
            BankState { bank: *bank, pcrs }
        })
        .collect()
}

fn without_log(quoted: &[(Bank, BTreeMap<u8, &[u8]>)], log: LogState) -> BootState {
    let state =
        |(index, value): (&u8, &&[u8])| PcrState { index: *index, value: value.to_vec(), explained: None };
    let banks = quoted
        .iter()
        .map(|(bank, values)| BankState { bank: *bank, pcrs: values.iter().map(state).collect() })
        .collect();
    BootState {
        banks,
        log,
        secure_boot: SecureBoot::Unknown,
        images: Vec::new(),
        kernel: Vec::new(),
        firmware_version: None,
        warnings: Vec::new(),
    }
}

/// The variable is among the first things that the firmware measures into PCR 7 (PC Client Platform Firmware Profile,
/// section 3.3.4.8), before the separator.
///
/// An event's type is not measured, and whoever rules the system that was booted can extend PCR 7 once more. So the types
/// do not count: up to the variable, each event must be what was measured, and the first that is the variable speaks.
fn secure_boot(log: &EventLog<'_>, bank: Bank, proven: bool) -> SecureBoot {
    let measured = |event: &&Event<'_>| event.pcr == SECURE_BOOT_PCR && event.kind != EV_NO_ACTION;
    for event in log.events().iter().filter(measured) {
        let said = UefiVariable::parse(event.data)
            .filter(|variable| variable.guid == EFI_GLOBAL_VARIABLE && variable.name == "SecureBoot");
        let is_separator = matches!(event.data, [0, 0, 0, 0] | [0xff, 0xff, 0xff, 0xff]);
        match said {
            None if is_separator => break,
            None if event.data_is_measured(bank) => {}
            None => return SecureBoot::NotProven,
            Some(_) if !proven || !event.data_is_measured(bank) => return SecureBoot::NotProven,
            Some(variable) => {
                return match variable.data {
                    [1] => SecureBoot::On,
                    [0] => SecureBoot::Off,
                    [] => SecureBoot::NotSetUp,
                    _ => SecureBoot::NotProven,
                };
            }
        }
    }
    SecureBoot::NotMeasured
}

fn images(log: &EventLog<'_>, bank: Bank, proven: bool) -> Vec<BootImageState> {
    log.events()
        .iter()
        .filter(|event| event.kind == EV_EFI_BOOT_SERVICES_APPLICATION && event.pcr == BOOT_LOADER_PCR)
        .take(MAX_IMAGES)
        .map(|event| BootImageState {
            path: BootImage::parse(event.data).and_then(|image| file_path(image.device_path)),
            digest: event.digest(bank).unwrap_or_default().to_vec(),
            bank,
            proven,
        })
        .collect()
}

/// GRUB logs `kernel_cmdline: …` and measures what follows the colon, and names the files that it reads; systemd's stub
/// measures the command line as it is, in UTF-16.
fn kernel(log: &EventLog<'_>, bank: Bank, proven: &dyn Fn(u8) -> bool) -> Vec<KernelState> {
    let part = |event: &Event<'_>| {
        let digest = event.digest(bank)?;
        let (part, text, measured) = match event.pcr {
            COMMANDS_PCR | STUB_COMMAND_LINE_PCR if matches!(event.data, [first, 0, ..] if first.is_ascii()) => {
                (KernelPart::CommandLine, utf16(event.data), event.data_is_measured(bank))
            }
            COMMANDS_PCR => {
                let said = event.data.strip_prefix(b"kernel_cmdline: ")?;
                let said = said.strip_suffix(&[0]).unwrap_or(said);
                (KernelPart::CommandLine, shown(said)?, bank.hash(&[said]) == digest)
            }
            FILES_PCR => {
                let path = event.data.strip_suffix(&[0]).unwrap_or(event.data);
                let name = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next()?;
                let is_kernel =
                    [&b"vmlinu"[..], b"bzImage", b"linux"].iter().any(|start| name.starts_with(start));
                (KernelPart::File, shown(path).filter(|_| is_kernel)?, true)
            }
            _ => return None,
        };
        let text = text.trim().to_owned();
        let proven = measured && proven(event.pcr);
        (!text.is_empty()).then(|| KernelState { part, text, digest: digest.to_vec(), bank, proven })
    };
    let mut found: Vec<KernelState> = Vec::new();
    for state in log.events().iter().filter(|event| event.kind == EV_IPL).filter_map(part) {
        if found.len() < MAX_KERNEL_PARTS && !found.contains(&state) {
            found.push(state);
        }
    }
    found
}

fn shown(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(gatehouse_model::clean_label)
}

fn firmware_version(log: &EventLog<'_>, bank: Bank) -> Option<String> {
    let event = log.events().iter().find(|event| event.kind == EV_S_CRTM_VERSION && event.pcr == 0)?;
    let text = utf16(event.data);
    let readable = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    (event.data_is_measured(bank) && readable && text.len() > 1).then_some(text)
}

fn warnings(log: &EventLog<'_>, bank: Bank, proven: &dyn Fn(u8) -> bool) -> Vec<String> {
    const REMARKS: [&str; 2] = ["DMA Protection Disabled", "UEFI Debug Mode"];
    let measured = |remark: &str| {
        log.events().iter().any(|event| {
            event.kind == EV_EFI_ACTION
                && event.data.strip_suffix(&[0]).unwrap_or(event.data) == remark.as_bytes()
                && event.data_is_measured(bank)
                && proven(event.pcr)
        })
    };
    REMARKS.into_iter().filter(|remark| measured(remark)).map(str::to_owned).collect()
}
