//! From the bytes of a file to text.

use std::borrow::Cow;

use super::SheetError;

/// Text and the name of its encoding.
pub(in crate::device) type Decoded<'a> = (Cow<'a, str>, &'static str);

/// Reads UTF-8 and UTF-16, with and without a byte order mark.
pub(in crate::device) fn decode(bytes: &[u8]) -> Result<Decoded<'_>, SheetError> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(SheetError::Encoding { line: 1 }),
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Archives: the formats of spreadsheets, and PDF.
        [b'P', b'K', 3, 4, ..] | [0xd0, 0xcf, 0x11, 0xe0, ..] | [b'%', b'P', b'D', b'F', ..] => {
            Err(SheetError::NotText)
        }
        // No mark: the first row names columns in Latin letters.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, second, ..] if *second != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes),
    }
}

fn utf8(bytes: &[u8]) -> Result<Decoded<'_>, SheetError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
        SheetError::Encoding { line: 1 + read.iter().filter(|byte| **byte == b'\n').count() }
    })?;
    if text.contains('\0') { Err(SheetError::NotText) } else { Ok((Cow::Borrowed(text), "UTF-8")) }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded<'_>, SheetError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok('\0') => return Err(SheetError::NotText),
            Ok(c) => text.push(c),
            Err(_) => return Err(SheetError::Encoding { line: 1 + text.matches('\n').count() }),
        }
    }
    if rest.is_empty() {
        Ok((Cow::Owned(text), "UTF-16"))
    } else {
        Err(SheetError::Encoding { line: 1 + text.matches('\n').count() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_and_utf16_are_read_with_and_without_a_mark() {
        let text = "asset_tag\nGerät-1 😀\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, name) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            ([&[0xef, 0xbb, 0xbf], text.as_bytes()].concat(), "UTF-8"),
            ([&[0xff, 0xfe], le.as_slice()].concat(), "UTF-16"),
            ([&[0xfe, 0xff], be.as_slice()].concat(), "UTF-16"),
            (le, "UTF-16"),
            (be, "UTF-16"),
        ] {
            assert_eq!(decode(&bytes).unwrap(), (Cow::Borrowed(text), name));
        }
    }

    #[test]
    fn other_encodings_are_named_with_the_line() {
        assert_eq!(decode(b"asset_tag\nok\nGer\xe4t\n").unwrap_err(), SheetError::Encoding { line: 3 });
        assert_eq!(decode(b"\xff\xfea\0\n\0\x00\xd8b\0").unwrap_err(), SheetError::Encoding { line: 2 });
        assert_eq!(decode(b"\xff\xfea\0b").unwrap_err(), SheetError::Encoding { line: 1 });
        assert_eq!(decode(b"\xff\xfe\0\0a\0\0\0").unwrap_err(), SheetError::Encoding { line: 1 });
        assert_eq!(decode(b"PK\x03\x04rest").unwrap_err(), SheetError::NotText);
        assert_eq!(decode(b"asset_tag\0").unwrap_err(), SheetError::NotText);
        assert_eq!(decode(b"").unwrap().0, "");
    }
}
