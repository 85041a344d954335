mod pcrs;

use gatehouse_model::tpm::PlatformParameters;
use subtle::ConstantTimeEq;

use crate::ak::{AkPublic, SignatureError};
use crate::wire::{self, AttestBody, WireError};

/// Most quotes in one attestation.
pub const MAX_QUOTES: usize = 8;
/// Most PCR values in one attestation: 24 for each bank.
pub const MAX_PCRS: usize = 24 * MAX_QUOTES;
/// Longest event log, in bytes.
pub const MAX_EVENT_LOG_BYTES: usize = 1024 * 1024;
/// Longest TPMS_ATTEST, in bytes.
pub const MAX_ATTEST_BYTES: usize = 2048;

/// What a verified platform attestation says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformVerdict {
    /// The quoted PCR banks by the numbers of Go's `crypto.Hash`, ascending: SHA-1 = 3, SHA-256 = 5, SHA-384 = 6,
    /// SHA-512 = 7.
    pub banks: Vec<u64>,
    /// The latest clock of the quotes.
    pub clock: ClockInfo,
    /// As the TPM reports it; obfuscated per key on some.
    pub firmware_version: u64,
    /// Index and value of the quoted PCRs of the SHA-256 bank, ascending; empty if that bank was not quoted.
    pub pcrs_sha256: Vec<(u8, Vec<u8>)>,
}

/// TPMS_CLOCK_INFO (TPM 2.0 part 2, section 10.11.1). The counters are offset per key, and may wrap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClockInfo {
    /// Milliseconds the TPM was powered.
    pub clock: u64,
    pub reset_count: u32,
    pub restart_count: u32,
    /// False if the clock may have gone back after a loss of power.
    pub safe: bool,
}

/// Why a platform attestation is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error("the platform attestation holds no quote")]
    NoQuote,
    #[error("the platform attestation holds more than {MAX_QUOTES} quotes")]
    TooManyQuotes,
    #[error("the platform attestation holds more than {MAX_PCRS} PCR values")]
    TooManyPcrs,
    #[error("the event log is longer than {MAX_EVENT_LOG_BYTES} bytes")]
    EventLogTooLong,
    #[error("the quote cannot be read")]
    Wire(#[from] WireError),
    #[error("the attestation is not a quote")]
    NotAQuote,
    #[error("the quote is not for this challenge")]
    Nonce,
    #[error("the signature of the quote is not valid")]
    Signature(#[from] SignatureError),
    #[error("the quote is of a PCR bank that is not supported")]
    UnknownBank,
    #[error("two quotes are of the same PCR bank")]
    DuplicateBank,
    #[error("the quote does not cover PCR {0}")]
    PcrNotQuoted(u8),
    #[error("the quote covers PCR {0}, which does not exist")]
    NoSuchPcr(usize),
    #[error("the value of PCR {0}, which the quote covers, is missing")]
    PcrMissing(u8),
    #[error("PCR {0} is given twice for one bank")]
    DuplicatePcr(u8),
    #[error("PCR {index} of a bank is given, but no quote covers it")]
    PcrNotCovered { index: i32 },
    #[error("the value of PCR {0} is not as long as the digests of its bank")]
    PcrLength(u8),
    #[error("the PCR values are not those that were quoted")]
    PcrDigest,
    #[error("the quotes are not from the same boot")]
    DifferentBoots,
}

/// Verifies the quotes of one attestation and the PCR values that come with them (TPM2_Quote; part 3, section 18.4).
///
/// Each quote must be signed by `ak` over `nonce`. Each supplied PCR value must be covered by a quote, and the values
/// of all quoted PCRs must be supplied, PCR 0 to 7 of each bank among them. The event log is not interpreted.
///
/// # Errors
/// If anything is missing, left over, out of bounds, or not as signed.
pub fn verify_platform(
    ak: &AkPublic,
    nonce: &[u8],
    params: &PlatformParameters,
) -> Result<PlatformVerdict, QuoteError> {
    check_sizes(params)?;
    let mut supplied = pcrs::Supplied::new(&params.pcrs)?;
    let mut clocks = Vec::new();
    for quote in &params.quotes {
        let attest = wire::attest(&quote.quote, MAX_ATTEST_BYTES)?;
        let AttestBody::Quote { selections, digest } = &attest.body else {
            return Err(QuoteError::NotAQuote);
        };
        if !bool::from(attest.extra_data.ct_eq(nonce)) {
            return Err(QuoteError::Nonce);
        }
        ak.verify(&quote.quote, &quote.signature)?;
        supplied.cover(selections, digest)?;
        clocks.push((attest.clock, attest.firmware_version));
    }
    let (clock, firmware_version) = one_boot(&clocks)?;
    let covered = supplied.finish()?;
    Ok(PlatformVerdict { banks: covered.banks, clock, firmware_version, pcrs_sha256: covered.sha256 })
}

fn check_sizes(params: &PlatformParameters) -> Result<(), QuoteError> {
    if params.quotes.is_empty() {
        return Err(QuoteError::NoQuote);
    }
    if params.quotes.len() > MAX_QUOTES {
        return Err(QuoteError::TooManyQuotes);
    }
    if params.pcrs.len() > MAX_PCRS {
        return Err(QuoteError::TooManyPcrs);
    }
    if params.event_log.len() > MAX_EVENT_LOG_BYTES {
        return Err(QuoteError::EventLogTooLong);
    }
    Ok(())
}

/// The counters are obfuscated, but by the same offset for each quote of one key. The firmware version is never
/// compared: TPMs obfuscate it as well.
fn one_boot(clocks: &[(ClockInfo, u64)]) -> Result<(ClockInfo, u64), QuoteError> {
    let latest = clocks.iter().max_by_key(|(clock, _)| clock.clock).ok_or(QuoteError::NoQuote)?;
    let boot = |clock: &ClockInfo| (clock.reset_count, clock.restart_count);
    if clocks.iter().any(|(clock, _)| boot(clock) != boot(&latest.0)) {
        return Err(QuoteError::DifferentBoots);
    }
    Ok(*latest)
}
