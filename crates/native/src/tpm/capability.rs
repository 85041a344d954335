//! What the TPM says about itself, and its PCRs.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use tpm2_protocol::basic::TpmUint32;
use tpm2_protocol::data::{TpmAlgId, TpmCap, TpmPt, TpmlPcrSelection, TpmsPcrSelect, TpmsPcrSelection};
use tpm2_protocol::frame::{
    TpmGetCapabilityCommand, TpmGetCapabilityResponse, TpmPcrReadCommand, TpmPcrReadResponse,
};

use super::{Fields, Tpm, TpmError};

/// PCR values by index, ascending.
pub(crate) type PcrValues = Vec<(u8, Vec<u8>)>;

/// PCRs 0 to 23.
const PCRS: usize = 24;
/// Handles asked for in one answer; a TPM gives fewer if they do not fit.
const HANDLES_AT_ONCE: u32 = 64;
/// TPM2_PCR_Read gives at most this many values at once.
const VALUES_AT_ONCE: usize = 8;

/// TPM_PT properties that the TPM reported, by number.
pub(crate) struct Properties(BTreeMap<u32, u32>);

impl Properties {
    pub(crate) fn get(&self, property: TpmPt) -> Option<u32> {
        self.0.get(&property.value()).copied()
    }

    /// Four characters packed into a number, as makers' names are; anything unprintable is dropped.
    pub(crate) fn text(&self, property: TpmPt) -> String {
        let bytes = self.get(property).unwrap_or_default().to_be_bytes();
        bytes.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte)).collect()
    }
}

/// A PCR bank: a hash algorithm, and which of the PCRs 0 to 23 it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bank {
    pub(crate) hash: u16,
    selected: [u8; 3],
}

impl Bank {
    pub(crate) fn indices(&self) -> Vec<u8> {
        (0..24_u8).filter(|index| self.selected[usize::from(index / 8)] & (1 << (index % 8)) != 0).collect()
    }

    /// The number of Go's `crypto.Hash`, which the wire uses; `None` for algorithms that have none there.
    pub(crate) fn go_hash(&self) -> Option<u64> {
        match TpmAlgId::try_from(self.hash).ok()? {
            TpmAlgId::Sha1 => Some(3),
            TpmAlgId::Sha256 => Some(5),
            TpmAlgId::Sha384 => Some(6),
            TpmAlgId::Sha512 => Some(7),
            _ => None,
        }
    }

    /// `SHA256`, or the algorithm's number.
    pub(crate) fn name(&self) -> String {
        TpmAlgId::try_from(self.hash)
            .map_or_else(|_| format!("0x{:04x}", self.hash), |hash| hash.to_string().replace("TPM_ALG_", ""))
    }

    pub(crate) fn selection(&self) -> Result<TpmlPcrSelection, TpmError> {
        selection(self.hash, self.selected)
    }
}

fn selection(hash: u16, selected: [u8; 3]) -> Result<TpmlPcrSelection, TpmError> {
    let malformed = |_| TpmError::Malformed { what: "a PCR selection".to_owned() };
    let mut list = TpmlPcrSelection::new();
    list.try_push(TpmsPcrSelection {
        hash: TpmAlgId::try_from(hash).map_err(malformed)?,
        pcr_select: TpmsPcrSelect::try_from(selected.as_slice()).map_err(malformed)?,
    })
    .map_err(malformed)?;
    Ok(list)
}

/// TPML_PCR_SELECTION; only the first three bytes of each bitmap count.
fn read_selections(fields: &mut Fields<'_>) -> Result<Vec<Bank>, TpmError> {
    let count = fields.u32()?;
    let mut banks = Vec::new();
    for _ in 0..count {
        let hash = fields.u16()?;
        let size = fields.u8()?;
        let bits = fields.take(usize::from(size))?;
        let mut selected = [0; 3];
        selected.iter_mut().zip(bits).for_each(|(to, from)| *to = *from);
        banks.push(Bank { hash, selected });
    }
    Ok(banks)
}

impl Tpm {
    fn capability(&self, cap: TpmCap, property: u32, count: u32) -> Result<Vec<u8>, TpmError> {
        let command = TpmGetCapabilityCommand {
            handles: [],
            cap,
            property: TpmUint32::new(property),
            property_count: TpmUint32::new(count),
        };
        let reply = self.call::<_, TpmGetCapabilityResponse>(&command, &[])?;
        let mut fields = Fields::new(&reply.parameters, "the answer to TPM2_GetCapability");
        // moreData, then the capability's number once more.
        fields.take(1 + 4)?;
        Ok(fields.rest().to_vec())
    }

    /// The fixed and variable properties.
    pub(crate) fn properties(&self) -> Result<Properties, TpmError> {
        let mut found = BTreeMap::new();
        for group in [0x100_u32, 0x200] {
            let answer = self.capability(TpmCap::TpmProperties, group, 64)?;
            let mut fields = Fields::new(&answer, "the TPM's properties");
            for _ in 0..fields.u32()? {
                found.insert(fields.u32()?, fields.u32()?);
            }
        }
        Ok(Properties(found))
    }

    /// The NV indices of a range that exist, ascending.
    pub(crate) fn nv_indices(&self, range: RangeInclusive<u32>) -> Result<Vec<u32>, TpmError> {
        let (mut next, mut found) = (*range.start(), Vec::new());
        // A TPM answers with as many as fit into one message.
        loop {
            let answer = self.capability(TpmCap::Handles, next, HANDLES_AT_ONCE)?;
            let mut fields = Fields::new(&answer, "the TPM's NV indices");
            let count = fields.u32()?;
            let mut last = None;
            for _ in 0..count {
                let index = fields.u32()?;
                if !range.contains(&index) || last.is_some_and(|last| index <= last) {
                    return Ok(found);
                }
                last = Some(index);
                found.push(index);
            }
            match last.and_then(|last| last.checked_add(1)) {
                Some(after) if range.contains(&after) => next = after,
                _ => return Ok(found),
            }
        }
    }

    /// The PCR banks that have PCRs.
    pub(crate) fn active_banks(&self) -> Result<Vec<Bank>, TpmError> {
        let answer = self.capability(TpmCap::Pcrs, 0, 1)?;
        let mut fields = Fields::new(&answer, "the TPM's PCR banks");
        let banks = read_selections(&mut fields)?;
        Ok(banks.into_iter().filter(|bank| bank.selected != [0; 3]).collect())
    }

    /// The values of all PCRs that the bank has, by index.
    pub(crate) fn pcr_values(&self, bank: Bank) -> Result<PcrValues, TpmError> {
        let what = "the answer to TPM2_PCR_Read";
        let mut wanted = bank.indices();
        let mut values = Vec::with_capacity(PCRS);
        while !wanted.is_empty() {
            let mut selected = [0_u8; 3];
            for index in wanted.iter().take(VALUES_AT_ONCE) {
                selected[usize::from(index / 8)] |= 1 << (index % 8);
            }
            let command =
                TpmPcrReadCommand { handles: [], pcr_selection_in: selection(bank.hash, selected)? };
            let reply = self.call::<_, TpmPcrReadResponse>(&command, &[])?;
            let mut fields = Fields::new(&reply.parameters, what);
            fields.u32()?;
            let read: Vec<u8> = read_selections(&mut fields)?.iter().flat_map(Bank::indices).collect();
            let count = fields.u32()?;
            if read.is_empty() || usize::try_from(count) != Ok(read.len()) {
                return Err(TpmError::Malformed { what: what.to_owned() });
            }
            for index in &read {
                values.push((*index, fields.sized()?.to_vec()));
            }
            let before = wanted.len();
            wanted.retain(|index| !read.contains(index));
            if wanted.len() == before {
                return Err(TpmError::Malformed { what: what.to_owned() });
            }
        }
        values.sort_by_key(|(index, _)| *index);
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banks_are_read_and_named() {
        let bytes = [0, 0, 0, 2, 0, 0x0b, 3, 0xff, 0xff, 0xff, 0, 0x04, 3, 0, 0, 0];
        let banks = read_selections(&mut Fields::new(&bytes, "test")).unwrap();
        assert_eq!(banks[0].indices(), (0..24).collect::<Vec<u8>>());
        assert_eq!((banks[0].name().as_str(), banks[0].go_hash()), ("SHA256", Some(5)));
        assert!(banks[1].indices().is_empty());
        assert!(read_selections(&mut Fields::new(&[0xff; 12], "test")).is_err());
    }
}
