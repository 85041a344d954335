//! The firmware's event log (TCG PC Client Platform Firmware Profile, section 10): what was measured into which PCR.
//!
//! A log proves nothing by itself: whoever can write to the disk can write a log. It counts as far as its replay gives
//! the PCR values that a TPM has signed, and an event's text counts if its digest is the one that was extended.

mod describe;
mod replay;
mod signature_list;
mod variable;

use crate::quote::MAX_EVENT_LOG_BYTES;

pub use describe::EventFacts;
pub use replay::Bank;
pub use signature_list::SignatureLists;
pub(crate) use variable::{BootImage, UefiVariable, file_path, utf16};

/// Most events of one log that are read.
pub const MAX_EVENTS: usize = 16 * 1024;
/// Most banks of one log (part 2 of the TPM library knows fewer hash algorithms).
const MAX_ALGORITHMS: usize = 16;
const MAX_PCR: u32 = 23;

pub(crate) const EV_NO_ACTION: u32 = 0x03;
pub(crate) const EV_S_CRTM_VERSION: u32 = 0x08;
pub(crate) const EV_IPL: u32 = 0x0d;
pub(crate) const EV_EFI_BOOT_SERVICES_APPLICATION: u32 = 0x8000_0003;
pub(crate) const EV_EFI_ACTION: u32 = 0x8000_0007;
pub(crate) const EV_EFI_HCRTM_EVENT: u32 = 0x8000_0010;

const SPEC_ID: &[u8] = b"Spec ID Event03\0";
const STARTUP_LOCALITY: &[u8] = b"StartupLocality\0";

/// Why bytes are not an event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventLogError {
    #[error("the event log is longer than {MAX_EVENT_LOG_BYTES} bytes")]
    TooLong,
    #[error("the event log does not begin as one does")]
    NoLog,
    #[error("the event log names no hash algorithm, one of impossible size, or too many")]
    Algorithms,
    #[error("the event log holds more than {MAX_EVENTS} events")]
    TooManyEvents,
}

/// A log as it was read; borrows from its bytes.
#[derive(Debug)]
pub struct EventLog<'a> {
    /// TPM_ALG_ID and bytes of a digest.
    algorithms: Vec<(u16, usize)>,
    events: Vec<Event<'a>>,
    startup_locality: Option<u8>,
    unread: usize,
}

/// One event.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) pcr: u8,
    pub(crate) kind: u32,
    /// By [`Bank::position`]. Of banks whose hash is not known here nothing is kept: a log of a megabyte must not become
    /// many in memory.
    digests: [Option<&'a [u8]>; 4],
    pub(crate) data: &'a [u8],
}

impl<'a> Event<'a> {
    /// The digest that was extended into a bank.
    pub(crate) fn digest(&self, bank: Bank) -> Option<&'a [u8]> {
        self.digests.get(bank.position()).copied().flatten()
    }

    /// Whether the bank's digest is that of the event's own data, so that the data is what was measured.
    pub(crate) fn data_is_measured(&self, bank: Bank) -> bool {
        self.digest(bank).is_some_and(|digest| digest == bank.hash(&[self.data]))
    }
}

/// Reads little-endian numbers and byte strings from the front.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(length)?;
        self.0 = tail;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// As many bytes as a number of 32 bits says.
    fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        self.take(length)
    }
}

impl<'a> EventLog<'a> {
    /// Reads a log of either form: TCG_PCR_EVENT throughout (SHA-1 alone), or TCG_PCR_EVENT2 after a header.
    ///
    /// Reading stops at the first thing that is no event: Windows and some firmware leave padding after the last one. What
    /// was read before it counts as far as its replay agrees with signed PCRs.
    ///
    /// # Errors
    /// If the bytes do not begin with an event, or exceed a limit.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, EventLogError> {
        if bytes.len() > MAX_EVENT_LOG_BYTES {
            return Err(EventLogError::TooLong);
        }
        let mut reader = Reader(bytes);
        let first = legacy_event(&mut reader).ok_or(EventLogError::NoLog)?;
        let header =
            first.data.strip_prefix(SPEC_ID).filter(|_| first.kind == EV_NO_ACTION && first.pcr == 0);
        let algorithms = match header {
            Some(rest) => algorithms(rest)?,
            None => vec![(Bank::Sha1.algorithm(), 20)],
        };
        let crypto_agile = header.is_some();
        let mut log = Self { algorithms, events: vec![first], startup_locality: None, unread: 0 };
        loop {
            let before = reader;
            let event = if crypto_agile {
                agile_event(&mut reader, &log.algorithms)
            } else {
                legacy_event(&mut reader)
            };
            let Some(event) = event else {
                log.unread = before.0.len();
                break;
            };
            if log.events.len() >= MAX_EVENTS {
                return Err(EventLogError::TooManyEvents);
            }
            log.events.push(event);
        }
        log.startup_locality = log
            .events
            .iter()
            .filter(|event| event.kind == EV_NO_ACTION)
            .find_map(|event| event.data.strip_prefix(STARTUP_LOCALITY)?.first().copied());
        Ok(log)
    }

    /// How many events were read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Bytes behind the last event.
    #[must_use]
    pub const fn unread(&self) -> usize {
        self.unread
    }

    /// The locality from which the TPM was started, where the log says so.
    #[must_use]
    pub const fn startup_locality(&self) -> Option<u8> {
        self.startup_locality
    }

    pub(crate) fn events(&self) -> &[Event<'a>] {
        &self.events
    }

    pub(crate) fn has_bank(&self, bank: Bank) -> bool {
        self.algorithms.contains(&(bank.algorithm(), bank.digest_len()))
    }
}

/// TCG_EfiSpecIDEvent behind its signature.
fn algorithms(header: &[u8]) -> Result<Vec<(u16, usize)>, EventLogError> {
    let mut reader = Reader(header);
    let mut read = || {
        // Platform class, version (three bytes), size of an UINTN.
        reader.take(8)?;
        let count = usize::try_from(reader.u32()?).ok()?;
        if count == 0 || count > MAX_ALGORITHMS {
            return None;
        }
        let mut found = Vec::with_capacity(count);
        for _ in 0..count {
            let (algorithm, size) = (reader.u16()?, usize::from(reader.u16()?));
            if size == 0 || size > 64 || found.iter().any(|(known, _)| *known == algorithm) {
                return None;
            }
            found.push((algorithm, size));
        }
        Some(found)
    };
    read().ok_or(EventLogError::Algorithms)
}

fn pcr_index(reader: &mut Reader<'_>) -> Option<u8> {
    reader.u32().filter(|pcr| *pcr <= MAX_PCR).and_then(|pcr| u8::try_from(pcr).ok())
}

fn legacy_event<'a>(reader: &mut Reader<'a>) -> Option<Event<'a>> {
    let (pcr, kind) = (pcr_index(reader)?, reader.u32()?);
    let digests = [Some(reader.take(20)?), None, None, None];
    Some(Event { pcr, kind, digests, data: reader.sized()? })
}

fn agile_event<'a>(reader: &mut Reader<'a>, algorithms: &[(u16, usize)]) -> Option<Event<'a>> {
    let (pcr, kind) = (pcr_index(reader)?, reader.u32()?);
    let count = usize::try_from(reader.u32()?).ok().filter(|count| *count <= algorithms.len())?;
    let mut digests = [None; 4];
    let mut seen = 0_u32;
    for _ in 0..count {
        let algorithm = reader.u16()?;
        let position = algorithms.iter().position(|(known, _)| *known == algorithm)?;
        let (_, size) = algorithms.get(position)?;
        let bit = 1_u32.checked_shl(u32::try_from(position).ok()?)?;
        if seen & bit != 0 {
            return None;
        }
        seen |= bit;
        let digest = reader.take(*size)?;
        let bank =
            Bank::ALL.into_iter().find(|bank| (bank.algorithm(), bank.digest_len()) == (algorithm, *size));
        if let Some(place) = bank.and_then(|bank| digests.get_mut(bank.position())) {
            *place = Some(digest);
        }
    }
    Some(Event { pcr, kind, digests, data: reader.sized()? })
}
