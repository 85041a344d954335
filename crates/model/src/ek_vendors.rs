use serde::{Deserialize, Serialize};

use crate::clean_label;

/// Most vendors of one list, and the longest name; there are a dozen of each.
const MAX_VENDORS: usize = 64;
const MAX_NAME: usize = 32;

/// Names of TPM makers whose pinned CAs are allowed; `all` is every maker of TPMs in hardware. Whether there is such a
/// maker is for whoever knows the pins to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Spelled", into = "Vec<String>")]
pub struct EkVendors(Vec<String>);

/// As people write it: a list, or one name alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    One(String),
    Several(Vec<String>),
}

impl EkVendors {
    /// Takes names as they are written; each once.
    ///
    /// # Errors
    /// Something that cannot be a name, or too many.
    pub fn new<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Result<Self, String> {
        let mut found: Vec<String> = Vec::new();
        for name in names {
            let name = name.as_ref().trim().to_ascii_lowercase();
            let ok = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(ok) {
                return Err(format!("\"{}\" is not the name of a TPM maker", clean_label(&name)));
            }
            if !found.contains(&name) {
                found.push(name);
            }
            if found.len() > MAX_VENDORS {
                return Err(format!("more than {MAX_VENDORS} TPM makers"));
            }
        }
        Ok(Self(found))
    }

    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl TryFrom<Spelled> for EkVendors {
    type Error = String;

    fn try_from(spelled: Spelled) -> Result<Self, String> {
        match spelled {
            Spelled::One(name) => Self::new([name]),
            Spelled::Several(names) => Self::new(names),
        }
    }
}

impl From<EkVendors> for Vec<String> {
    fn from(vendors: EkVendors) -> Self {
        vendors.0
    }
}

impl std::fmt::Display for EkVendors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_are_a_list_or_one_name() {
        let read = |json: &str| serde_json::from_str::<EkVendors>(json);
        assert_eq!(read(r#""all""#).unwrap().names(), ["all"]);
        assert_eq!(read(r#"["Infineon", " stm ", "stm"]"#).unwrap().names(), ["infineon", "stm"]);
        assert!(read("[]").unwrap().is_empty());
        assert_eq!(serde_json::to_string(&read(r#""all""#).unwrap()).unwrap(), r#"["all"]"#);
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for bad in [vec![""], vec!["a b"], vec!["../x"], vec!["stm\u{202e}"]] {
            assert!(EkVendors::new(&bad).is_err(), "{bad:?}");
        }
        assert!(EkVendors::new((0..65).map(|number| format!("v{number}"))).is_err());
    }
}
