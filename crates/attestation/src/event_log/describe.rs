//! Events in words. Only digests are measured: type, text and data are what the log says of itself.

use gatehouse_model::counted;

use super::{
    BootImage, EV_EFI_ACTION, EV_EFI_BOOT_SERVICES_APPLICATION, EV_IPL, EV_NO_ACTION, EV_S_CRTM_VERSION,
    Event, EventLog, SignatureLists, UefiVariable, file_path, utf16,
};
use crate::event_log::Bank;

const EV_POST_CODE: u32 = 0x01;
const EV_SEPARATOR: u32 = 0x04;
const EV_ACTION: u32 = 0x05;
const EV_EFI_VARIABLE_DRIVER_CONFIG: u32 = 0x8000_0001;
const EV_EFI_VARIABLE_BOOT: u32 = 0x8000_0002;
const EV_EFI_BOOT_SERVICES_DRIVER: u32 = 0x8000_0004;
const EV_EFI_RUNTIME_SERVICES_DRIVER: u32 = 0x8000_0005;
const EV_EFI_VARIABLE_BOOT2: u32 = 0x8000_000c;
const EV_EFI_VARIABLE_AUTHORITY: u32 = 0x8000_00e0;

/// Most bytes of a text or a value that are shown.
const MAX_SHOWN: usize = 256;

/// An event as a person reads it.
#[derive(Debug, PartialEq, Eq)]
pub struct EventFacts<'a> {
    pub pcr: u8,
    /// The type's number, and its name where it has one (PC Client Platform Firmware Profile, section 10.4.1).
    pub kind: u32,
    pub kind_name: Option<&'static str>,
    pub digests: Vec<(Bank, &'a [u8])>,
    pub data: &'a [u8],
    /// What the data says, safe to print.
    pub text: Option<String>,
    /// Whether the digests are those of the data, so that the data is what was measured.
    pub data_is_measured: bool,
}

impl<'a> EventLog<'a> {
    /// The events in their order.
    pub fn describe(&self) -> impl Iterator<Item = EventFacts<'a>> + '_ {
        self.events().iter().map(|event| EventFacts {
            pcr: event.pcr,
            kind: event.kind,
            kind_name: kind_name(event.kind),
            digests: Bank::ALL.into_iter().filter_map(|bank| Some((bank, event.digest(bank)?))).collect(),
            data: event.data,
            text: text(event),
            data_is_measured: Bank::ALL.into_iter().any(|bank| event.data_is_measured(bank)),
        })
    }

    /// The banks that the log has digests of, weakest first.
    pub fn banks(&self) -> impl Iterator<Item = Bank> + '_ {
        Bank::ALL.into_iter().filter(|bank| self.has_bank(*bank))
    }
}

fn text(event: &Event<'_>) -> Option<String> {
    let said = match event.kind {
        EV_NO_ACTION => no_action(event.data)?,
        EV_SEPARATOR => hex::encode(event.data.get(..event.data.len().min(8))?),
        EV_S_CRTM_VERSION => wide_or_ascii(event.data)?,
        EV_POST_CODE | EV_ACTION | EV_IPL | EV_EFI_ACTION => wide_or_ascii(event.data)?,
        EV_EFI_VARIABLE_DRIVER_CONFIG
        | EV_EFI_VARIABLE_BOOT
        | EV_EFI_VARIABLE_BOOT2
        | EV_EFI_VARIABLE_AUTHORITY => variable(event)?,
        EV_EFI_BOOT_SERVICES_APPLICATION | EV_EFI_BOOT_SERVICES_DRIVER | EV_EFI_RUNTIME_SERVICES_DRIVER => {
            file_path(BootImage::parse(event.data)?.device_path)?
        }
        _ => return None,
    };
    Some(said).filter(|said| !said.is_empty())
}

/// A signature of 16 bytes says which structure it is.
fn no_action(data: &[u8]) -> Option<String> {
    let (signature, rest) = data.split_at_checked(16)?;
    let name = ascii(signature)?;
    Some(match (name.as_str(), rest) {
        ("StartupLocality", [locality, ..]) => format!("{name} {locality}"),
        _ => name,
    })
}

fn variable(event: &Event<'_>) -> Option<String> {
    let variable = UefiVariable::parse(event.data)?;
    let name = &variable.name;
    // What was used of a list is logged as one entry without the list around it.
    let is_list = event.kind == EV_EFI_VARIABLE_DRIVER_CONFIG
        && matches!(name.as_str(), "PK" | "KEK" | "db" | "dbx" | "dbt" | "dbr");
    if is_list {
        return Some(match SignatureLists::parse(variable.data) {
            Some(lists) => {
                let others = match lists.others {
                    0 => String::new(),
                    others => format!(", {}", counted(others, "other", "others")),
                };
                format!(
                    "{name}: {}, {}{others}",
                    counted(lists.certificates.len(), "certificate", "certificates"),
                    counted(lists.sha256.len(), "hash", "hashes")
                )
            }
            None => format!("{name}: not a list of signatures"),
        });
    }
    Some(match variable.data {
        [] => format!("{name} (empty)"),
        [value] => format!("{name} = {value}"),
        longer => format!("{name} ({} bytes)", longer.len()),
    })
}

fn wide_or_ascii(data: &[u8]) -> Option<String> {
    let shown = data.get(..data.len().min(2 * MAX_SHOWN))?;
    match shown {
        [first, 0, ..] if first.is_ascii_graphic() => Some(utf16(shown)),
        _ => ascii(data.get(..data.len().min(MAX_SHOWN))?),
    }
}

/// Text up to the first NUL, if it is text.
fn ascii(data: &[u8]) -> Option<String> {
    let end = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let text = std::str::from_utf8(data.get(..end)?).ok()?;
    (!text.is_empty()).then(|| gatehouse_model::clean_label(text))
}

const fn kind_name(kind: u32) -> Option<&'static str> {
    Some(match kind {
        0x00 => "EV_PREBOOT_CERT",
        0x01 => "EV_POST_CODE",
        0x02 => "EV_UNUSED",
        0x03 => "EV_NO_ACTION",
        0x04 => "EV_SEPARATOR",
        0x05 => "EV_ACTION",
        0x06 => "EV_EVENT_TAG",
        0x07 => "EV_S_CRTM_CONTENTS",
        0x08 => "EV_S_CRTM_VERSION",
        0x09 => "EV_CPU_MICROCODE",
        0x0a => "EV_PLATFORM_CONFIG_FLAGS",
        0x0b => "EV_TABLE_OF_DEVICES",
        0x0c => "EV_COMPACT_HASH",
        0x0d => "EV_IPL",
        0x0e => "EV_IPL_PARTITION_DATA",
        0x0f => "EV_NONHOST_CODE",
        0x10 => "EV_NONHOST_CONFIG",
        0x11 => "EV_NONHOST_INFO",
        0x12 => "EV_OMIT_BOOT_DEVICE_EVENTS",
        0x13 => "EV_POST_CODE2",
        0x8000_0001 => "EV_EFI_VARIABLE_DRIVER_CONFIG",
        0x8000_0002 => "EV_EFI_VARIABLE_BOOT",
        0x8000_0003 => "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004 => "EV_EFI_BOOT_SERVICES_DRIVER",
        0x8000_0005 => "EV_EFI_RUNTIME_SERVICES_DRIVER",
        0x8000_0006 => "EV_EFI_GPT_EVENT",
        0x8000_0007 => "EV_EFI_ACTION",
        0x8000_0008 => "EV_EFI_PLATFORM_FIRMWARE_BLOB",
        0x8000_0009 => "EV_EFI_HANDOFF_TABLES",
        0x8000_000a => "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000b => "EV_EFI_HANDOFF_TABLES2",
        0x8000_000c => "EV_EFI_VARIABLE_BOOT2",
        0x8000_000d => "EV_EFI_GPT_EVENT2",
        0x8000_0010 => "EV_EFI_HCRTM_EVENT",
        0x8000_00e0 => "EV_EFI_VARIABLE_AUTHORITY",
        0x8000_00e1 => "EV_EFI_SPDM_FIRMWARE_BLOB",
        0x8000_00e2 => "EV_EFI_SPDM_FIRMWARE_CONFIG",
        _ => return None,
    })
}
