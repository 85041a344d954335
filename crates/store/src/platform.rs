//! Quotes and PCR values as one column.
//!
//! ```text
//! platform = version (1 byte, 1), count of quotes (u32), quotes, count of PCRs (u32), PCRs
//! quote    = TPMS_ATTEST (bytes), TPMT_SIGNATURE (bytes)
//! pcr      = index (i32), hash (u64, Go's `crypto.Hash`), digest (bytes)
//! bytes    = length (u32), that many bytes
//! ```
//! Numbers are big-endian. The event log, which is large, has a column of its own.

use gatehouse_model::tpm::{Pcr, PlatformParameters, Quote};

const VERSION: u8 = 1;

/// Writes quotes and PCR values; the event log is left out. `None` if a part is longer than 4 GiB.
pub(crate) fn encode(platform: &PlatformParameters) -> Option<Vec<u8>> {
    let mut out = vec![VERSION];
    put_count(&mut out, platform.quotes.len())?;
    for quote in &platform.quotes {
        put_bytes(&mut out, &quote.quote)?;
        put_bytes(&mut out, &quote.signature)?;
    }
    put_count(&mut out, platform.pcrs.len())?;
    for pcr in &platform.pcrs {
        out.extend_from_slice(&pcr.index.to_be_bytes());
        out.extend_from_slice(&pcr.digest_alg.to_be_bytes());
        put_bytes(&mut out, &pcr.digest)?;
    }
    Some(out)
}

/// Reads what [`encode`] wrote; `None` for anything else.
pub(crate) fn decode(encoded: &[u8], event_log: Vec<u8>) -> Option<PlatformParameters> {
    let mut rest = encoded.strip_prefix(&[VERSION])?;
    let mut platform = PlatformParameters { event_log, ..PlatformParameters::default() };
    for _ in 0..take_count(&mut rest)? {
        platform.quotes.push(Quote { quote: take_bytes(&mut rest)?, signature: take_bytes(&mut rest)? });
    }
    for _ in 0..take_count(&mut rest)? {
        let index = i32::from_be_bytes(take(&mut rest)?);
        let digest_alg = u64::from_be_bytes(take(&mut rest)?);
        platform.pcrs.push(Pcr { index, digest: take_bytes(&mut rest)?, digest_alg });
    }
    rest.is_empty().then_some(platform)
}

fn put_count(out: &mut Vec<u8>, count: usize) -> Option<()> {
    out.extend_from_slice(&u32::try_from(count).ok()?.to_be_bytes());
    Some(())
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    put_count(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Some(())
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn take_count(rest: &mut &[u8]) -> Option<usize> {
    usize::try_from(u32::from_be_bytes(take(rest)?)).ok()
}

fn take_bytes(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = take_count(rest)?;
    let (head, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(head.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> PlatformParameters {
        PlatformParameters {
            quotes: vec![
                Quote { quote: vec![1, 2, 3], signature: vec![] },
                Quote { quote: vec![4], signature: vec![5, 6] },
            ],
            pcrs: vec![Pcr { index: 23, digest: vec![7; 32], digest_alg: 5 }],
            event_log: vec![8, 9],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for platform in [PlatformParameters::default(), sample()] {
            let encoded = encode(&platform).unwrap();
            assert_eq!(decode(&encoded, platform.event_log.clone()), Some(platform));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let encoded = encode(&sample()).unwrap();
        for end in 0..encoded.len() {
            assert_eq!(decode(&encoded[..end], Vec::new()), None, "cut at {end}");
        }
        let longer = [encoded.as_slice(), &[0]].concat();
        assert_eq!(decode(&longer, Vec::new()), None);
        let other_version = [&[2], &encoded[1..]].concat();
        assert_eq!(decode(&other_version, Vec::new()), None);
        assert_eq!(
            decode(&[VERSION, 0xff, 0xff, 0xff, 0xff], Vec::new()),
            None,
            "a count that nothing backs"
        );
    }
}
