use std::collections::BTreeMap;

use gatehouse_model::tpm::{Pcr, PlatformParameters, Quote};

use super::bytes::{sha256, sized};
use super::{ATTEST_QUOTE, Boot, GENERATED, SoftAk};

/// The PCRs of one hash algorithm.
#[derive(Clone, Debug)]
pub struct Bank {
    /// Number of Go's `crypto.Hash`.
    pub digest_alg: u64,
    /// TPM_ALG_ID.
    pub alg: u16,
    pub values: BTreeMap<u8, Vec<u8>>,
}

impl Bank {
    fn new(digest_alg: u64, alg: u16, length: u8) -> Self {
        let value = |index: u8| (0..length).map(|position| index.wrapping_mul(31) ^ position).collect();
        Self { digest_alg, alg, values: (0..24).map(|index| (index, value(index))).collect() }
    }

    #[must_use]
    pub fn sha1() -> Self {
        Self::new(3, 0x0004, 20)
    }

    #[must_use]
    pub fn sha256() -> Self {
        Self::new(5, 0x000b, 32)
    }

    #[must_use]
    pub fn sha384() -> Self {
        Self::new(6, 0x000c, 48)
    }

    /// The values as they travel.
    #[must_use]
    pub fn pcrs(&self) -> Vec<Pcr> {
        let pcr = |(index, digest): (&u8, &Vec<u8>)| Pcr {
            index: i32::from(*index),
            digest: digest.clone(),
            digest_alg: self.digest_alg,
        };
        self.values.iter().map(pcr).collect()
    }
}

/// One quote in the making (TPM2_Quote).
#[derive(Clone, Debug)]
pub struct QuoteTemplate {
    pub magic: u32,
    pub attest_type: u16,
    /// extraData.
    pub nonce: Vec<u8>,
    pub boot: Boot,
    /// TPM_ALG_ID and bitmap of each selection.
    pub selections: Vec<(u16, Vec<u8>)>,
    pub pcr_digest: Vec<u8>,
    /// Bytes after the TPMS_ATTEST.
    pub trailing: Vec<u8>,
}

impl QuoteTemplate {
    /// A quote of all PCRs of the banks.
    #[must_use]
    pub fn of(banks: &[&Bank], nonce: &[u8], boot: Boot) -> Self {
        let bitmap = |bank: &Bank| {
            let mut bitmap = vec![0_u8; 3];
            for index in bank.values.keys() {
                if let Some(byte) = bitmap.get_mut(usize::from(index / 8)) {
                    *byte |= 1 << (index % 8);
                }
            }
            bitmap
        };
        let values: Vec<u8> = banks.iter().flat_map(|bank| bank.values.values().flatten().copied()).collect();
        Self {
            magic: GENERATED,
            attest_type: ATTEST_QUOTE,
            nonce: nonce.to_vec(),
            boot,
            selections: banks.iter().map(|bank| (bank.alg, bitmap(bank))).collect(),
            pcr_digest: sha256(&values),
            trailing: Vec::new(),
        }
    }

    /// TPMS_ATTEST.
    #[must_use]
    pub fn attest(&self, ak: &SoftAk) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.magic.to_be_bytes());
        out.extend_from_slice(&self.attest_type.to_be_bytes());
        out.extend_from_slice(&sized(&ak.name()));
        out.extend_from_slice(&sized(&self.nonce));
        self.boot.write(&mut out);
        out.extend_from_slice(&u32::try_from(self.selections.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (alg, bitmap) in &self.selections {
            out.extend_from_slice(&alg.to_be_bytes());
            out.push(u8::try_from(bitmap.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(bitmap);
        }
        out.extend_from_slice(&sized(&self.pcr_digest));
        out.extend_from_slice(&self.trailing);
        out
    }

    #[must_use]
    pub fn sign(&self, ak: &SoftAk) -> Quote {
        let quote = self.attest(ak);
        Quote { signature: ak.sign(&quote), quote }
    }
}

/// A platform attestation in the making: a quote for each bank, as clients make them.
#[derive(Clone, Debug)]
pub struct Platform {
    pub nonce: Vec<u8>,
    pub boot: Boot,
    pub banks: Vec<Bank>,
    pub event_log: Vec<u8>,
}

impl Platform {
    /// Quotes of the SHA-1 and the SHA-256 bank.
    #[must_use]
    pub fn new(nonce: &[u8]) -> Self {
        let banks = vec![Bank::sha1(), Bank::sha256()];
        Self { nonce: nonce.to_vec(), boot: Boot::default(), banks, event_log: Vec::new() }
    }

    #[must_use]
    pub fn sign(&self, ak: &SoftAk) -> PlatformParameters {
        let quote = |bank| QuoteTemplate::of(&[bank], &self.nonce, self.boot).sign(ak);
        PlatformParameters {
            quotes: self.banks.iter().map(quote).collect(),
            pcrs: self.banks.iter().flat_map(Bank::pcrs).collect(),
            event_log: self.event_log.clone(),
        }
    }
}
