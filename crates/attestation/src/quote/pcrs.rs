use std::collections::BTreeMap;

use gatehouse_model::tpm::Pcr;
use subtle::ConstantTimeEq;

use super::QuoteError;
use crate::digest::sha256;
use crate::wire::{AlgId, Selection};

/// PCRs of a TPM on a PC client (TCG PC Client Platform TPM Profile, section 4.6).
const PCR_COUNT: u8 = 24;

/// PCRs that every quoted bank must cover: those the firmware measures itself and the boot loader into.
const FIRMWARE_PCRS: std::ops::RangeInclusive<u8> = 0..=7;

const SHA256_BANK: u64 = 5;

/// The numbers of Go's `crypto.Hash`, the TPM's, and the bytes of a digest.
const BANKS: [(u64, AlgId, usize); 4] =
    [(3, AlgId::Sha1, 20), (SHA256_BANK, AlgId::Sha256, 32), (6, AlgId::Sha384, 48), (7, AlgId::Sha512, 64)];

/// The PCR values that came with an attestation, and whether a quote has covered them yet.
pub(super) struct Supplied<'a> {
    values: BTreeMap<(u64, u8), &'a [u8]>,
    covered: BTreeMap<(u64, u8), &'a [u8]>,
}

/// The quoted banks, and index and value of the PCRs of the SHA-256 bank.
pub(super) struct Covered {
    pub(super) banks: Vec<u64>,
    pub(super) sha256: Vec<(u8, Vec<u8>)>,
}

impl<'a> Supplied<'a> {
    pub(super) fn new(pcrs: &'a [Pcr]) -> Result<Self, QuoteError> {
        let mut values = BTreeMap::new();
        for pcr in pcrs {
            let not_covered = QuoteError::PcrNotCovered { index: pcr.index };
            let index = u8::try_from(pcr.index).ok().filter(|index| *index < PCR_COUNT).ok_or(not_covered)?;
            let (bank, _, length) =
                BANKS.iter().find(|(bank, ..)| *bank == pcr.digest_alg).ok_or(QuoteError::UnknownBank)?;
            if pcr.digest.len() != *length {
                return Err(QuoteError::PcrLength(index));
            }
            if values.insert((*bank, index), pcr.digest.as_slice()).is_some() {
                return Err(QuoteError::DuplicatePcr(index));
            }
        }
        Ok(Self { values, covered: BTreeMap::new() })
    }

    /// Takes the values that a quote selects and compares their digest with the quoted one.
    ///
    /// The values are concatenated in the order of the selection, and by index inside of a bank (part 1, section 17.6.2);
    /// the hash is that of the signing scheme, which is SHA-256 for every attestation key.
    pub(super) fn cover(&mut self, selections: &[Selection], digest: &[u8]) -> Result<(), QuoteError> {
        let mut concatenated = Vec::new();
        let mut any = false;
        for selection in selections {
            let selected = indices(&selection.bitmap)?;
            // A TPM clears the selection of a bank that is not active.
            if selected.is_empty() {
                continue;
            }
            any = true;
            let (bank, ..) =
                BANKS.iter().find(|(_, hash, _)| *hash == selection.hash).ok_or(QuoteError::UnknownBank)?;
            if let Some(missing) = FIRMWARE_PCRS.into_iter().find(|index| !selected.contains(index)) {
                return Err(QuoteError::PcrNotQuoted(missing));
            }
            if self.covered.keys().any(|(covered, _)| covered == bank) {
                return Err(QuoteError::DuplicateBank);
            }
            for index in selected {
                let value = self.values.remove(&(*bank, index)).ok_or(QuoteError::PcrMissing(index))?;
                concatenated.extend_from_slice(value);
                self.covered.insert((*bank, index), value);
            }
        }
        if !any {
            return Err(QuoteError::PcrNotQuoted(0));
        }
        if bool::from(sha256(&concatenated).ct_eq(digest)) { Ok(()) } else { Err(QuoteError::PcrDigest) }
    }

    /// What was covered, once nothing uncovered is left.
    pub(super) fn finish(self) -> Result<Covered, QuoteError> {
        if let Some((_, index)) = self.values.keys().next() {
            return Err(QuoteError::PcrNotCovered { index: i32::from(*index) });
        }
        let mut banks: Vec<u64> = self.covered.keys().map(|(bank, _)| *bank).collect();
        banks.dedup();
        let sha256 = self.covered.into_iter().filter(|((bank, _), _)| *bank == SHA256_BANK);
        Ok(Covered { banks, sha256: sha256.map(|((_, index), value)| (index, value.to_vec())).collect() })
    }
}

/// The indices that a bitmap selects, ascending.
fn indices(bitmap: &[u8]) -> Result<Vec<u8>, QuoteError> {
    let mut selected = Vec::new();
    for (position, byte) in bitmap.iter().enumerate() {
        for bit in 0..8_usize {
            if byte & (1 << bit) != 0 {
                let index = position.saturating_mul(8).saturating_add(bit);
                let known = u8::try_from(index).ok().filter(|index| *index < PCR_COUNT);
                selected.push(known.ok_or(QuoteError::NoSuchPcr(index))?);
            }
        }
    }
    Ok(selected)
}
