//! What db, dbx, KEK and PK hold: EFI_SIGNATURE_LIST (UEFI specification, section 32.4.1).

use super::Reader;

/// EFI_CERT_SHA256_GUID, c1c41626-504c-4092-aca9-41f936934328, as it is laid out in memory.
const SHA256: [u8; 16] =
    [0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40, 0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28];
/// EFI_CERT_X509_GUID, a5c059a1-94e4-4aa7-87b5-ab155c2bf072.
const X509: [u8; 16] =
    [0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72];

/// Type, and three sizes.
const HEAD_BYTES: usize = 28;
/// Who put a signature there.
const OWNER_BYTES: usize = 16;
/// Most entries of one variable; the longest dbx has some hundreds.
const MAX_ENTRIES: usize = 8192;

/// The entries of a variable, by what they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SignatureLists<'a> {
    /// DER.
    pub certificates: Vec<&'a [u8]>,
    /// SHA-256 of images.
    pub sha256: Vec<&'a [u8]>,
    /// How many are of other types.
    pub others: usize,
}

impl<'a> SignatureLists<'a> {
    /// Reads the whole value of a variable: nothing unless every size in it fits every other. A list has a header of the
    /// size that it says, which holds no entry; the two types that are told apart here have none (section 32.4.1).
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut found = Self::default();
        let mut reader = Reader(bytes);
        let mut count = 0_usize;
        while !reader.0.is_empty() {
            let kind = reader.take(16)?;
            let size = |reader: &mut Reader<'a>| usize::try_from(reader.u32()?).ok();
            let (list, header, entry) = (size(&mut reader)?, size(&mut reader)?, size(&mut reader)?);
            let mut body = Reader(reader.take(list.checked_sub(HEAD_BYTES)?)?);
            body.take(header)?;
            let known = kind == SHA256 || kind == X509;
            if entry <= OWNER_BYTES || known && header != 0 || kind == SHA256 && entry != OWNER_BYTES + 32 {
                return None;
            }
            while !body.0.is_empty() {
                count = count.checked_add(1).filter(|count| *count <= MAX_ENTRIES)?;
                let data = body.take(entry)?.get(OWNER_BYTES..)?;
                match kind {
                    kind if kind == SHA256 => found.sha256.push(data),
                    kind if kind == X509 => found.certificates.push(data),
                    _ => found.others = found.others.saturating_add(1),
                }
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(kind: [u8; 16], header: &[u8], entries: &[&[u8]]) -> Vec<u8> {
        let entry = OWNER_BYTES + entries.first().map_or(1, |first| first.len());
        let number = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
        let mut out = kind.to_vec();
        out.extend(number(HEAD_BYTES + header.len() + entry * entries.len()));
        out.extend(number(header.len()));
        out.extend(number(entry));
        out.extend(header);
        for data in entries {
            out.extend([7; OWNER_BYTES]);
            out.extend(*data);
        }
        out
    }

    #[test]
    fn entries_are_told_apart() {
        let bytes = [
            list(X509, &[], &[b"der"]),
            list(SHA256, &[], &[&[1; 32], &[2; 32]]),
            list([9; 16], b"head", &[b"x"]),
        ];
        let bytes = bytes.concat();
        let found = SignatureLists::parse(&bytes).unwrap();
        assert_eq!(found.certificates, [b"der"]);
        assert_eq!(found.sha256, [[1; 32], [2; 32]]);
        assert_eq!(found.others, 1);
        assert_eq!(SignatureLists::parse(&[]), Some(SignatureLists::default()));
    }

    /// A header that looks like an entry, to be trusted by whoever ignores its size.
    #[test]
    fn trusted_hash_injection_by_the_vendor_header_gives_no_entry() {
        let hidden = [&[7; OWNER_BYTES], [0xee; 32].as_slice()].concat();
        assert_eq!(SignatureLists::parse(&list(SHA256, &hidden, &[&[1; 32]])), None);
        let bytes = list([9; 16], &hidden, &[&[1; 32]]);
        let found = SignatureLists::parse(&bytes).unwrap();
        assert_eq!((found.sha256.len(), found.others), (0, 1));
    }

    #[test]
    fn sizes_that_do_not_fit_give_nothing() {
        let good = list(SHA256, &[], &[&[1; 32]]);
        for length in 1..good.len() {
            assert_eq!(SignatureLists::parse(&good[..length]), None, "{length}");
        }
        // List, header and entry size: nothing, more than there is, and all ones.
        for field in [16, 20, 24] {
            for value in [1_u32, 27, 10_000, u32::MAX] {
                let mut bad = good.clone();
                bad[field..field + 4].copy_from_slice(&value.to_le_bytes());
                assert_eq!(SignatureLists::parse(&bad), None, "{field} {value}");
            }
        }
        let mut empty_entries = list([9; 16], &[], &[b"x"]);
        empty_entries[24..28].copy_from_slice(&16_u32.to_le_bytes());
        assert_eq!(SignatureLists::parse(&empty_entries), None);
        let crowd = vec![&b"x"[..]; MAX_ENTRIES + 1];
        assert_eq!(SignatureLists::parse(&list([9; 16], &[], &crowd)), None);
    }
}
