//! Certificates of CAs that makers leave in the TPM beside the EK certificate (TCG EK Credential Profile, section
//! 2.2.1.5.2), for chips whose intermediates are published nowhere else.

use std::ops::RangeInclusive;

use crate::tpm::{Tpm, TpmError};

const INDICES: RangeInclusive<u32> = 0x01c0_0100..=0x01c0_01ff;
/// Most indices that are read, and most bytes of them together; the server takes no more.
const MAX_INDICES: usize = 64;
const MAX_BYTES: usize = 64 * 1024;

/// What the indices hold, in their order; those that may not be read or hold nothing are left out. What is in them is for
/// the server to judge.
pub(crate) fn read(tpm: &Tpm) -> Result<Vec<Vec<u8>>, TpmError> {
    let mut found = Vec::new();
    let mut left = MAX_BYTES;
    for index in tpm.nv_indices(INDICES)? {
        let Some(content) = tpm.nv_read(index)? else { continue };
        if content.iter().all(|byte| *byte == 0 || *byte == 0xff) {
            continue;
        }
        let Some(fewer) = left.checked_sub(content.len()) else { break };
        if found.len() >= MAX_INDICES {
            break;
        }
        left = fewer;
        found.push(content);
    }
    Ok(found)
}
