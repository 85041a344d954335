//! The few DER structures that are written here (ITU-T X.690).

/// One tag-length-value with the concatenation of `parts` as its value.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = vec![tag];
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        out.push(short);
    } else {
        let bytes = length.to_be_bytes();
        let significant = strip_zeros(&bytes);
        // At most 8 bytes, so the cast to the count octet cannot lose anything.
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
        out.extend_from_slice(significant);
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// INTEGER holding an unsigned big-endian number.
pub(crate) fn unsigned(number: &[u8]) -> Vec<u8> {
    let number = strip_zeros(number);
    match number.first() {
        None => tlv(0x02, &[&[0]]),
        Some(first) if *first >= 0x80 => tlv(0x02, &[&[0], number]),
        Some(_) => tlv(0x02, &[number]),
    }
}

/// BIT STRING of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[0], bytes])
}

/// The number without leading zero bytes; empty for zero.
pub(crate) fn strip_zeros(number: &[u8]) -> &[u8] {
    let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    number.get(start..).unwrap_or_default()
}

/// The number in exactly `N` bytes, or nothing if it needs more.
pub(crate) fn padded<const N: usize>(number: &[u8]) -> Option<[u8; N]> {
    let number = strip_zeros(number);
    let start = N.checked_sub(number.len())?;
    let mut out = [0; N];
    out.get_mut(start..)?.copy_from_slice(number);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_take_the_short_and_the_long_form() {
        assert_eq!(tlv(0x04, &[&[7; 127]])[..2], [0x04, 127]);
        assert_eq!(tlv(0x04, &[&[7; 128]])[..3], [0x04, 0x81, 128]);
        assert_eq!(tlv(0x04, &[&[7; 300]])[..4], [0x04, 0x82, 1, 44]);
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0, 5]), [2, 1, 5]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn padding_keeps_the_number() {
        assert_eq!(padded::<4>(&[1, 2]), Some([0, 0, 1, 2]));
        assert_eq!(padded::<2>(&[0, 0, 1, 2]), Some([1, 2]));
        assert_eq!(padded::<2>(&[1, 2, 3]), None);
    }
}
