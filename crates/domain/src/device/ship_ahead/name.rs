//! Serial numbers and names of issuers as people write them, in one form.

/// A serial number in hexadecimal digits, with or without colons, spaces, `0x` and leading zeros: as EK certificates' serial
/// numbers are shown. `None` if it is none.
pub(crate) fn serial_key(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits: String =
        text.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    if digits.is_empty() || digits.len() > 64 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits };
    let bytes = hex::decode(even).ok()?;
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let shown: Vec<String> = bytes.iter().skip(first).map(|byte| format!("{byte:02x}")).collect();
    Some(shown.join(":"))
}

/// A distinguished name without regard to case, spaces, the order of its parts and the marks between them: tools disagree on
/// all of that. It finds an announcement; what a certificate is worth, its signature says.
pub(crate) fn issuer_key(text: &str) -> String {
    let folded = text.to_lowercase().replace('\\', "");
    let mut parts: Vec<String> = Vec::new();
    for piece in folded.split([',', '+', '/', '\n']) {
        let piece = piece.split_whitespace().collect::<Vec<_>>().join(" ");
        let piece = piece.replace(" =", "=").replace("= ", "=");
        if !piece.is_empty() {
            parts.push(piece);
        }
    }
    parts.sort();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_have_one_form() {
        for text in ["0x0A1B2c", "0a:1b:2c", "A1B2C", " 00:0a:1b:2c ", "0A 1B 2C"] {
            assert_eq!(serial_key(text).as_deref(), Some("0a:1b:2c"), "{text}");
        }
        assert_eq!(serial_key("00").as_deref(), Some("00"));
        for bad in ["", "0x", "12g4", "-1", &"1".repeat(65)] {
            assert_eq!(serial_key(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_of_issuers_have_one_form() {
        let shown = issuer_key("C=DE, O=Infineon Technologies AG, CN=Infineon OPTIGA(TM) RSA CA 036");
        for other in [
            "CN=Infineon OPTIGA(TM) RSA CA 036,O=Infineon Technologies AG,C=DE",
            "/C=DE/O=Infineon Technologies AG/CN=Infineon OPTIGA(TM) RSA CA 036",
            "C = DE, O = Infineon  Technologies AG, CN = infineon optiga(TM) rsa ca 036",
        ] {
            assert_eq!(issuer_key(other), shown, "{other}");
        }
        assert_ne!(issuer_key("CN=Infineon OPTIGA(TM) RSA CA 037"), shown);
    }
}
