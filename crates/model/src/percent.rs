//! Percent signs in addresses (RFC 3986, section 2.1).

use std::fmt::Write as _;

/// Takes percent signs out, once. `None` for a percent sign that is not followed by two hexadecimal digits.
///
/// What the bytes then are is the caller's to judge: no UTF-8, separators and control characters among them.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            plain => plain,
        });
    }
    Some(decoded)
}

/// For any place in an address: only what is unreserved stays as it is (RFC 3986, section 2.3).
#[must_use]
pub fn encode(text: &str) -> String {
    encoded(text, b"")
}

/// A path with its query, for a value of another query: slashes stay, so that people can read it.
#[must_use]
pub fn encode_path(text: &str) -> String {
    encoded(text, b"/")
}

fn encoded(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_signs_are_taken_out_once() {
        assert_eq!(decode("a%20b%2fC%2F%C3%BC").as_deref(), Some("a b/C/ü".as_bytes()));
        assert_eq!(decode("%252e").as_deref(), Some(b"%2e".as_slice()));
        assert_eq!(decode("%00%ff").as_deref(), Some([0, 255].as_slice()));
        assert_eq!(decode("a+b").as_deref(), Some(b"a+b".as_slice()), "a plus sign is one");
    }

    #[test]
    fn damaged_percent_signs_are_refused() {
        for bad in ["%", "%2", "a%", "%zz", "%+1", "%-1", "% 1", "%1 ", "%%20", "%é0", "%2%0"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn whatever_is_encoded_stays_one_part_of_an_address() {
        assert_eq!(encode("a@b.c/d?e=f&g#h%"), "a%40b.c%2Fd%3Fe%3Df%26g%23h%25");
        assert_eq!(encode_path("/web/devices?after=a-b&c=d"), "/web/devices%3Fafter%3Da-b%26c%3Dd");
    }

    proptest! {
        #[test]
        fn decoding_undoes_encoding(text in ".*") {
            prop_assert_eq!(decode(&encode(&text)), Some(text.clone().into_bytes()));
            prop_assert_eq!(decode(&encode_path(&text)), Some(text.into_bytes()));
        }
    }
}
