//! What is different between two boots of a device.
//!
//! Only what a TPM signed makes a difference: where the PCRs that a boot decides are the same, the boots are, whatever
//! their logs say. The logs then explain, as far as the signed PCRs bear them out.

use std::collections::BTreeMap;

use gatehouse_model::OsType;
use gatehouse_model::tpm::PlatformParameters;

use crate::boot_state::{BootState, KernelPart, boot_state};
use crate::event_log::Bank;

/// The PCRs that are the same whenever the same things are booted. Left out are those that grow while a system runs (10:
/// IMA; 15 and 16), those of a late launch (17 to 22), and on Windows 12 and 13, which hold a counter of boots.
#[must_use]
pub const fn boot_pcrs(os: OsType) -> &'static [u8] {
    match os {
        OsType::Windows => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14],
        _ => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14],
    }
}

/// What a PCR holds (PC Client Platform Firmware Profile, section 3.3.4; Linux TPM PCR Registry).
#[must_use]
pub const fn pcr_meaning(index: u8) -> &'static str {
    match index {
        0 => "firmware",
        1 => "firmware settings",
        2 => "firmware of plugged-in devices",
        3 => "settings of plugged-in devices",
        4 => "boot loader",
        5 => "boot loader settings and partition table",
        6 => "maker's own",
        7 => "Secure Boot policy",
        8 => "boot loader commands and kernel command line",
        9 => "files that the boot loader read",
        11 => "kernel image",
        12 => "kernel command line and credentials",
        13 => "system extensions",
        14 => "keys of the boot loader's own",
        _ => "not decided by the boot",
    }
}

/// What kind of thing is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BootChangeKind {
    SecureBoot,
    FirmwareVersion,
    BootLoader,
    Kernel,
    Warning,
    /// A value that was signed; the others are what the logs say of such values.
    Pcr(u8),
    /// A PCR bank is signed no more, so that what only it measured cannot be compared.
    Banks,
}

impl BootChangeKind {
    /// Stable word for logs, JSON and tests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SecureBoot => "secure_boot",
            Self::FirmwareVersion => "firmware_version",
            Self::BootLoader => "boot_loader",
            Self::Kernel => "kernel",
            Self::Warning => "warning",
            Self::Pcr(_) => "pcr",
            Self::Banks => "banks",
        }
    }
}

/// A difference. Texts are for people, and safe to print; empty where there is nothing on that side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootChange {
    pub kind: BootChangeKind,
    pub before: String,
    pub after: String,
}

/// The differences between two attested boots, the clearest first; none if they are the same.
#[must_use]
pub fn boot_changes(os: OsType, before: &PlatformParameters, after: &PlatformParameters) -> Vec<BootChange> {
    let (quoted_before, quoted_after) = (quoted(before), quoted(after));
    let mut signed = Vec::new();
    if quoted_before.keys().any(|bank| !quoted_after.contains_key(bank)) {
        let (before, after) = (names(&quoted_before), names(&quoted_after));
        signed.push(BootChange { kind: BootChangeKind::Banks, before, after });
    }
    let common = quoted_before.iter().rev();
    let common: Vec<_> =
        common.filter_map(|(bank, before)| Some((before, quoted_after.get(bank)?))).collect();
    signed.extend(boot_pcrs(os).iter().filter_map(|index| other_value(&common, *index)));
    if signed.is_empty() {
        return signed;
    }
    let mut changes = explained(&boot_state(before), &boot_state(after));
    changes.extend(signed);
    changes
}

/// Not every loader measures into every bank: a PCR is the same only if it is in each bank.
fn other_value(banks: &[(&Values<'_>, &Values<'_>)], index: u8) -> Option<BootChange> {
    let (before, after) = banks.iter().find(|(before, after)| before.get(&index) != after.get(&index))?;
    let text = |values: &Values<'_>| values.get(&index).map(hex::encode).unwrap_or_default();
    Some(BootChange { kind: BootChangeKind::Pcr(index), before: text(before), after: text(after) })
}

/// The values of a bank by the PCRs' numbers.
type Values<'a> = BTreeMap<u8, &'a [u8]>;
type Quoted<'a> = BTreeMap<Bank, Values<'a>>;

fn quoted(platform: &PlatformParameters) -> Quoted<'_> {
    let mut banks: Quoted<'_> = BTreeMap::new();
    for pcr in &platform.pcrs {
        if let (Some(bank), Ok(index)) = (Bank::from_go(pcr.digest_alg), u8::try_from(pcr.index)) {
            banks.entry(bank).or_default().insert(index, &pcr.digest);
        }
    }
    banks
}

fn names(banks: &Quoted<'_>) -> String {
    banks.keys().map(|bank| bank.name()).collect::<Vec<_>>().join(", ")
}

/// What the logs say to it, where the signed PCRs bear them out.
fn explained(before: &BootState, after: &BootState) -> Vec<BootChange> {
    let mut changes = Vec::new();
    let mut differ = |kind, before: String, after: String| {
        if before != after {
            changes.push(BootChange { kind, before, after });
        }
    };
    let words = |state: &BootState| state.secure_boot.as_str().replace('_', " ");
    differ(BootChangeKind::SecureBoot, words(before), words(after));
    let version = |state: &BootState| state.firmware_version.clone().unwrap_or_default();
    differ(BootChangeKind::FirmwareVersion, version(before), version(after));
    for (kind, list) in [
        (BootChangeKind::BootLoader, loaders as fn(&BootState) -> Vec<String>),
        (BootChangeKind::Kernel, kernels),
        (BootChangeKind::Warning, |state| state.warnings.clone()),
    ] {
        let (old, new) = (list(before), list(after));
        // Pairs by place: the second loader of before beside that of now.
        let (gone, come): (Vec<_>, Vec<_>) = (missing(&old, &new), missing(&new, &old));
        for place in 0..gone.len().max(come.len()) {
            let at = |list: &[String]| list.get(place).cloned().unwrap_or_default();
            differ(kind, at(&gone), at(&come));
        }
    }
    changes
}

fn missing(of: &[String], from: &[String]) -> Vec<String> {
    of.iter().filter(|entry| !from.contains(entry)).cloned().collect()
}

fn loaders(state: &BootState) -> Vec<String> {
    let shown = state.images.iter().filter(|image| image.proven).map(|image| {
        let path = image.path.as_deref().unwrap_or("an image without a file name");
        format!("{path} ({} {})", image.bank.name(), hex::encode(&image.digest))
    });
    shown.collect()
}

fn kernels(state: &BootState) -> Vec<String> {
    let shown = state.kernel.iter().filter(|kernel| kernel.proven).map(|kernel| match kernel.part {
        KernelPart::CommandLine => kernel.text.clone(),
        KernelPart::File => {
            format!("{} ({} {})", kernel.text, kernel.bank.name(), hex::encode(&kernel.digest))
        }
    });
    shown.collect()
}
