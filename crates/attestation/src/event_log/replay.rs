//! From events to the PCR values that they would give.

use std::collections::BTreeMap;

use aws_lc_rs::digest;

use super::{EV_EFI_HCRTM_EVENT, EV_NO_ACTION, EventLog};

/// Banks of PCRs whose hash is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Bank {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Bank {
    /// Weakest first.
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// The bank for a number of Go's `crypto.Hash`, as PCR values on the wire name it.
    #[must_use]
    pub fn from_go(number: u64) -> Option<Self> {
        match number {
            3 => Some(Self::Sha1),
            5 => Some(Self::Sha256),
            6 => Some(Self::Sha384),
            7 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// `SHA-256` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Index in [`Self::ALL`].
    pub(super) const fn position(self) -> usize {
        self as usize
    }

    /// TPM_ALG_ID (TCG Algorithm Registry).
    pub(crate) const fn algorithm(self) -> u16 {
        match self {
            Self::Sha1 => 0x04,
            Self::Sha256 => 0x0b,
            Self::Sha384 => 0x0c,
            Self::Sha512 => 0x0d,
        }
    }

    fn hasher(self) -> &'static digest::Algorithm {
        match self {
            // Old logs know nothing else; nobody calls it proof of more than it is.
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    pub(crate) fn digest_len(self) -> usize {
        self.hasher().output_len()
    }

    pub(crate) fn hash(self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = digest::Context::new(self.hasher());
        for part in parts {
            context.update(part);
        }
        context.finish().as_ref().to_vec()
    }
}

impl EventLog<'_> {
    /// The values that the PCRs of a bank have after all events, for the PCRs that the log names. Empty if the log has
    /// no digests of that bank.
    ///
    /// PCRs 17 to 22 begin with a dynamic launch, which no firmware log tells of, and are left out.
    #[must_use]
    pub fn replay(&self, bank: Bank) -> BTreeMap<u8, Vec<u8>> {
        let mut values = BTreeMap::new();
        if !self.has_bank(bank) {
            return values;
        }
        for event in self.events() {
            if event.kind == EV_NO_ACTION || (17..=22).contains(&event.pcr) {
                continue;
            }
            let Some(digest) = event.digest(bank) else { continue };
            let value = values.entry(event.pcr).or_insert_with(|| self.start(event.pcr, bank));
            *value = bank.hash(&[value, digest]);
        }
        values
    }

    /// PCR 0 begins with the locality that started the TPM (TPM 2.0 part 1, section 12.2.3): 4 after an H-CRTM, or
    /// what the log says; the others begin with zeros.
    fn start(&self, pcr: u8, bank: Bank) -> Vec<u8> {
        let mut value = vec![0; bank.digest_len()];
        if pcr == 0
            && let Some(last) = value.last_mut()
        {
            let hcrtm = self.events().iter().any(|event| event.pcr == 0 && event.kind == EV_EFI_HCRTM_EVENT);
            *last = if hcrtm { 4 } else { self.startup_locality().unwrap_or(0) };
        }
        value
    }
}
