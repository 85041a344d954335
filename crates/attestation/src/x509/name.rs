use gatehouse_model::clean_label;
use x509_parser::der_parser::asn1_rs::{Any, Tag};
use x509_parser::x509::X509Name;

/// A distinguished name, comparable as RFC 5280 section 7.1 says: string types do not matter, nor do case, runs of
/// spaces, and the order of the attributes inside of one relative distinguished name.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// Per relative distinguished name its attributes, sorted.
    relative: Vec<Vec<Attribute>>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    oid: String,
    /// In the form for comparison.
    folded: Value,
    /// In the form for people.
    text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    /// Not text: tag and content.
    Opaque(u32, Vec<u8>),
}

impl Name {
    pub(crate) fn new(name: &X509Name<'_>) -> Self {
        let relative = name
            .iter()
            .map(|relative| {
                let mut attributes: Vec<Attribute> = relative
                    .iter()
                    .map(|attribute| {
                        Attribute::new(attribute.attr_type().to_id_string(), attribute.attr_value())
                    })
                    .collect();
                attributes.sort();
                attributes
            })
            .collect();
        Self { relative }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.relative.is_empty()
    }

    /// Text of the first attribute of that type.
    pub(crate) fn attribute(&self, oid: &str) -> Option<&str> {
        self.relative
            .iter()
            .flatten()
            .find(|attribute| attribute.oid == oid)
            .map(|attribute| attribute.text.as_str())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        let same = |left: &Attribute, right: &Attribute| left.oid == right.oid && left.folded == right.folded;
        self.relative.len() == other.relative.len()
            && self.relative.iter().zip(&other.relative).all(|(left, right)| {
                left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
            })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let relative: Vec<String> = self
            .relative
            .iter()
            .map(|attributes| {
                let parts: Vec<String> =
                    attributes.iter().map(|a| format!("{}={}", short_name(&a.oid), a.text)).collect();
                parts.join("+")
            })
            .collect();
        f.write_str(&relative.join(", "))
    }
}

impl Attribute {
    fn new(oid: String, value: &Any<'_>) -> Self {
        match decode(value.tag(), value.data) {
            Some(text) => {
                let lower: String = text.chars().flat_map(char::to_lowercase).collect();
                let words: Vec<&str> = lower.split_whitespace().collect();
                Self { oid, folded: Value::Text(words.join(" ")), text: clean_label(&text) }
            }
            None => {
                let text = format!(
                    "#{}",
                    hex::encode(value.data.get(..value.data.len().min(32)).unwrap_or_default())
                );
                Self { oid, folded: Value::Opaque(value.tag().0, value.data.to_vec()), text }
            }
        }
    }
}

fn decode(tag: Tag, data: &[u8]) -> Option<String> {
    match tag {
        Tag::Utf8String | Tag::PrintableString | Tag::NumericString | Tag::Ia5String => {
            std::str::from_utf8(data).ok().map(str::to_owned)
        }
        // In practice Latin-1, whatever T.61 says.
        Tag::T61String => Some(data.iter().copied().map(char::from).collect()),
        Tag::BmpString => {
            let (units, rest) = data.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            rest.is_empty().then(|| String::from_utf16(&units).ok())?
        }
        Tag::UniversalString => {
            let (units, rest) = data.as_chunks::<4>();
            let text = units.iter().map(|unit| char::from_u32(u32::from_be_bytes(*unit))).collect();
            if rest.is_empty() { text } else { None }
        }
        _ => None,
    }
}

fn short_name(oid: &str) -> &str {
    match oid {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "0.9.2342.19200300.100.1.25" => "DC",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tlv;
    use x509_parser::der_parser::asn1_rs::FromDer;

    const CN: &[u8] = &[0x06, 3, 0x55, 4, 3];
    const O: &[u8] = &[0x06, 3, 0x55, 4, 10];

    /// Identifier, string type and content of an attribute.
    type Written<'a> = (&'a [u8], u8, &'a [u8]);

    fn name(relative: &[&[Written<'_>]]) -> Name {
        let sets: Vec<u8> = relative
            .iter()
            .flat_map(|attributes| {
                let members: Vec<u8> = attributes
                    .iter()
                    .flat_map(|(oid, tag, value)| tlv(0x30, &[oid, &tlv(*tag, &[value])]))
                    .collect();
                tlv(0x31, &[&members])
            })
            .collect();
        let der = tlv(0x30, &[&sets]);
        Name::new(&X509Name::from_der(&der).unwrap().1)
    }

    #[test]
    fn string_type_case_and_spaces_do_not_matter() {
        let plain = name(&[&[(CN, 0x0c, b"Example  Root ca")]]);
        assert_eq!(plain, name(&[&[(CN, 0x13, b" example root CA ")]]));
        assert_eq!(name(&[&[(CN, 0x1e, b"\0E\0k")]]), name(&[&[(CN, 0x14, b"eK")]]));
        assert_ne!(plain, name(&[&[(CN, 0x13, b"exampleroot CA")]]));
    }

    #[test]
    fn order_matters_between_but_not_inside_relative_names() {
        let joined = name(&[&[(CN, 0x13, b"a"), (O, 0x13, b"b")]]);
        assert_eq!(joined, name(&[&[(O, 0x13, b"b"), (CN, 0x13, b"a")]]));
        let apart = name(&[&[(CN, 0x13, b"a")], &[(O, 0x13, b"b")]]);
        assert_ne!(joined, apart);
        assert_ne!(apart, name(&[&[(O, 0x13, b"b")], &[(CN, 0x13, b"a")]]));
    }

    #[test]
    fn attribute_types_and_opaque_values_matter() {
        assert_ne!(name(&[&[(CN, 0x13, b"a")]]), name(&[&[(O, 0x13, b"a")]]));
        assert_ne!(name(&[&[(CN, 0x04, b"a")]]), name(&[&[(CN, 0x13, b"a")]]));
        assert_eq!(name(&[&[(CN, 0x04, b"a")]]), name(&[&[(CN, 0x04, b"a")]]));
    }

    #[test]
    fn text_is_safe_to_print() {
        assert_eq!(
            name(&[&[(CN, 0x0c, b"a\x1b[2Jb")], &[(O, 0x04, b"\x01")]]).to_string(),
            "CN=a[2Jb, O=#01"
        );
    }
}
