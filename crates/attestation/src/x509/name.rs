use gatehouse_model::{MAX_LABEL_CHARS, clean_label};
use x509_parser::der_parser::asn1_rs::{Any, FromDer, Oid, Tag};
use x509_parser::x509::X509Name;

/// Most attributes of one name; TPM makers' names have a dozen.
const MAX_ATTRIBUTES: usize = 64;

/// A distinguished name, comparable as RFC 5280 section 7.1 says: string types do not matter, nor do case, runs of
/// spaces, and the order of the attributes inside of one relative distinguished name.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    /// Per relative distinguished name its attributes, sorted.
    relative: Vec<Vec<Attribute>>,
    /// The whole name in the form for comparison.
    folded: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Attribute {
    /// Content of the OBJECT IDENTIFIER.
    oid: Vec<u8>,
    /// In the form for people.
    text: String,
}

impl Name {
    /// Absent if it has more attributes than any name needs, or something in it is none.
    pub(crate) fn new(name: &X509Name<'_>) -> Option<Self> {
        if name.iter_attributes().take(MAX_ATTRIBUTES.saturating_add(1)).count() > MAX_ATTRIBUTES
            || !is_all_attributes(name)
        {
            return None;
        }
        let (mut relative, mut folded) = (Vec::new(), Vec::new());
        for set in name.iter() {
            let mut attributes: Vec<(Vec<u8>, Attribute)> = set
                .iter()
                .map(|attribute| Attribute::new(attribute.attr_type().as_bytes(), attribute.attr_value()))
                .collect();
            attributes.sort_by(|left, right| left.0.cmp(&right.0));
            put_number(&mut folded, attributes.len());
            for (form, _) in &attributes {
                folded.extend_from_slice(form);
            }
            relative.push(attributes.into_iter().map(|(_, attribute)| attribute).collect());
        }
        Some(Self { relative, folded })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.relative.is_empty()
    }

    /// The form for comparison: two names are the same if these bytes are.
    pub(crate) fn folded(&self) -> &[u8] {
        &self.folded
    }

    /// Text of the first attribute of that type, given by the content of its OBJECT IDENTIFIER.
    pub(crate) fn attribute(&self, oid: &[u8]) -> Option<&str> {
        self.relative
            .iter()
            .flatten()
            .find(|attribute| attribute.oid == oid)
            .map(|attribute| attribute.text.as_str())
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, attributes) in self.relative.iter().enumerate() {
            for (index, attribute) in attributes.iter().enumerate() {
                let before = match (position, index) {
                    (0, 0) => "",
                    (_, 0) => ", ",
                    _ => "+",
                };
                write!(f, "{before}{}={}", short_name(&attribute.oid), attribute.text)?;
            }
        }
        Ok(())
    }
}

impl Attribute {
    /// The attribute, and its form for comparison.
    fn new(oid: &[u8], value: &Any<'_>) -> (Vec<u8>, Self) {
        let mut form = Vec::with_capacity(value.data.len().saturating_add(32));
        put_number(&mut form, oid.len());
        form.extend_from_slice(oid);
        let text = match decode(value.tag(), value.data) {
            // The usual case by a shorter way: nothing to fold but letters and spaces, nothing to clean.
            Some(text)
                if text.len() <= MAX_LABEL_CHARS && text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) =>
            {
                form.push(0);
                let length_at = form.len();
                put_number(&mut form, 0);
                let folded_at = form.len();
                for word in text.split_ascii_whitespace() {
                    if form.len() > folded_at {
                        form.push(b' ');
                    }
                    form.extend(word.bytes().map(|byte| byte.to_ascii_lowercase()));
                }
                let length = u32::try_from(form.len().saturating_sub(folded_at)).unwrap_or(u32::MAX);
                if let Some(place) = form.get_mut(length_at..folded_at) {
                    place.copy_from_slice(&length.to_be_bytes());
                }
                if text.starts_with(' ') || text.ends_with(' ') { text.trim().to_owned() } else { text }
            }
            Some(text) => {
                let lower: String = text.chars().flat_map(char::to_lowercase).collect();
                let words: Vec<&str> = lower.split_whitespace().collect();
                let folded = words.join(" ");
                form.push(0);
                put_number(&mut form, folded.len());
                form.extend_from_slice(folded.as_bytes());
                clean_label(&text)
            }
            // Not text: tag and content.
            None => {
                form.push(1);
                form.extend_from_slice(&value.tag().0.to_be_bytes());
                put_number(&mut form, value.data.len());
                form.extend_from_slice(value.data);
                let shown = value.data.get(..value.data.len().min(32)).unwrap_or_default();
                format!("#{}", hex::encode(shown))
            }
        };
        (form, Self { oid: oid.to_vec(), text })
    }
}

/// x509-parser passes over what is no attribute.
fn is_all_attributes(name: &X509Name<'_>) -> bool {
    let count = |bytes: &[u8], tag: Tag| {
        let mut rest = bytes;
        let mut count = 0_usize;
        while !rest.is_empty() {
            let (behind, _) = Any::from_der(rest).ok().filter(|(_, element)| element.tag() == tag)?;
            count = count.saturating_add(1);
            rest = behind;
        }
        Some(count)
    };
    let Ok((_, whole)) = Any::from_der(name.as_raw()) else { return false };
    let mut rest = whole.data;
    for set in name.iter() {
        let Ok((behind, element)) = Any::from_der(rest) else { return false };
        if element.tag() != Tag::Set || count(element.data, Tag::Sequence) != Some(set.iter().count()) {
            return false;
        }
        rest = behind;
    }
    rest.is_empty()
}

/// In four bytes; what is counted here is capped by the size of a certificate.
fn put_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
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

fn short_name(oid: &[u8]) -> String {
    let known = match oid {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        other => return Oid::new(other.into()).to_id_string(),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::tlv;

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
        Name::new(&X509Name::from_der(&der).unwrap().1).unwrap()
    }

    #[test]
    fn string_type_case_and_spaces_do_not_matter() {
        let plain = name(&[&[(CN, 0x0c, b"Example  Root ca")]]);
        assert_eq!(plain, name(&[&[(CN, 0x13, b" example root CA ")]]));
        assert_eq!(name(&[&[(CN, 0x1e, b"\0E\0k")]]), name(&[&[(CN, 0x14, b"eK")]]));
        assert_ne!(plain, name(&[&[(CN, 0x13, b"exampleroot CA")]]));
    }

    #[test]
    fn both_ways_of_folding_give_the_same() {
        // The accent sends the second one the long way; without it they are alike.
        let (short, long) =
            (name(&[&[(CN, 0x0c, b" A  b ")]]), name(&[&[(CN, 0x0c, " A  b\u{a0}".as_bytes())]]));
        assert_eq!(short, long);
        assert_eq!((short.to_string(), long.to_string()), ("CN=A  b".to_owned(), "CN=A  b".to_owned()));
        assert_eq!(name(&[&[(CN, 0x0c, b"")]]), name(&[&[(CN, 0x0c, "\u{a0}".as_bytes())]]));
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

    #[test]
    fn names_without_end_are_no_names() {
        let attribute: &[Written<'_>] = &[(CN, 0x13, b"a")];
        let sets: Vec<u8> = (0..=MAX_ATTRIBUTES)
            .flat_map(|_| tlv(0x31, &[&tlv(0x30, &[attribute[0].0, &tlv(0x13, &[b"a"])])]))
            .collect();
        let der = tlv(0x30, &[&sets]);
        assert!(Name::new(&X509Name::from_der(&der).unwrap().1).is_none());
    }
}
