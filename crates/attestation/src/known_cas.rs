//! The CAs of TPM makers that this project has seen: facts to recognise their certificates by, from wherever those come.
//!
//! No certificate is among them. A certificate is pinned if its SHA-256 stands here.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use gatehouse_model::Timestamp;

use crate::chain::ChainError;

/// One line per CA; made by `cargo xtask known-cas`.
const COMMITTED: &str = include_str!("../known-cas.tsv");

/// Columns of a line, in their order.
pub const KNOWN_CA_COLUMNS: [&str; 12] = [
    "vendor",
    "class",
    "role",
    "sha256",
    "not_before",
    "not_after",
    "key",
    "signature",
    "key_id",
    "recorded",
    "url",
    "subject",
];

/// What is known of a CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCa {
    /// `infineon`, `stm`.
    pub vendor: &'static str,
    /// Of TPMs that are made of software, whose keys are as safe as the machine below.
    pub virtual_tpms: bool,
    pub root: bool,
    /// Of the certificate.
    pub sha256: [u8; 32],
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// `RSA-2048`, `ECC P-384`.
    pub key: &'static str,
    /// `RSA with SHA-256`.
    pub signature: &'static str,
    /// Subject key identifier: lower-case hexadecimal bytes, separated by colons.
    pub key_id: Option<&'static str>,
    /// Day on which it was recorded here.
    pub recorded: &'static str,
    /// Where its vendor says that it can be fetched.
    pub url: Option<&'static str>,
    /// For people, not for comparing.
    pub subject: &'static str,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub struct KnownCas(Vec<KnownCa>);

/// A vendor that no known CA is of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no CA of a vendor \"{name}\" is known; there are: {known}")]
pub struct UnknownVendor {
    pub name: String,
    pub known: String,
}

impl KnownCas {
    /// Those of this release.
    #[must_use]
    pub fn of_this_release() -> &'static Self {
        static READ: OnceLock<KnownCas> = OnceLock::new();
        READ.get_or_init(|| Self(COMMITTED.lines().filter_map(line).collect()))
    }

    pub fn iter(&self) -> impl Iterator<Item = &KnownCa> {
        self.0.iter()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The CA whose certificate has this SHA-256: such a certificate is pinned.
    #[must_use]
    pub fn pinned(&self, sha256: &[u8; 32]) -> Option<&KnownCa> {
        self.0.iter().find(|known| known.sha256 == *sha256)
    }

    #[must_use]
    pub fn vendors(&self) -> BTreeSet<&'static str> {
        self.0.iter().map(|known| known.vendor).collect()
    }

    /// The CAs of the vendors named; `all` is every maker of TPMs in hardware. CAs of software TPMs are never among `all`:
    /// whoever rules the host below can copy them.
    ///
    /// # Errors
    /// If a name is that of no vendor.
    pub fn of_vendors<T: AsRef<str>>(&self, names: &[T]) -> Result<Vec<&KnownCa>, UnknownVendor> {
        let vendors = self.vendors();
        for name in names.iter().map(AsRef::as_ref) {
            if name != "all" && !vendors.contains(name) {
                let known: Vec<&str> = vendors.iter().copied().collect();
                return Err(UnknownVendor {
                    name: gatehouse_model::clean_label(name),
                    known: known.join(", "),
                });
            }
        }
        let named = |name: &str| names.iter().any(|wanted| wanted.as_ref() == name);
        let all = named("all");
        Ok(self.0.iter().filter(|known| named(known.vendor) || all && !known.virtual_tpms).collect())
    }

    /// Which of them may be the certificate that a chain ended without: those of the issuer's name, and of its key where
    /// any of them has that.
    #[must_use]
    pub fn missing(&self, error: &ChainError) -> Vec<&KnownCa> {
        let named: Vec<&KnownCa> = self.0.iter().filter(|known| known.subject == error.issuer).collect();
        let keyed: Vec<&KnownCa> = named
            .iter()
            .copied()
            .filter(|known| known.key_id.is_some() && known.key_id == error.aki.as_deref())
            .collect();
        if keyed.is_empty() { named } else { keyed }
    }
}

/// Nothing for comments, the head, and lines that are none.
fn line(text: &'static str) -> Option<KnownCa> {
    let columns: Vec<&'static str> = text.split('\t').collect();
    let [vendor, class, role, sha256, not_before, not_after, key, signature, key_id, recorded, url, subject] =
        columns.try_into().ok()?;
    let optional = |text: &'static str| (text != "-").then_some(text);
    Some(KnownCa {
        vendor,
        virtual_tpms: class == "virtual",
        root: role == "root",
        sha256: hex::decode(sha256).ok()?.try_into().ok()?,
        not_before: not_before.parse().ok()?,
        not_after: not_after.parse().ok()?,
        key,
        signature,
        key_id: optional(key_id),
        recorded,
        url: optional(url),
        subject,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::ChainErrorKind;

    #[test]
    fn every_line_is_read_and_each_ca_is_there_once() {
        let known = KnownCas::of_this_release();
        let lines = COMMITTED.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(lines, known.len() + 1, "all but the head");
        let distinct: BTreeSet<[u8; 32]> = known.iter().map(|ca| ca.sha256).collect();
        assert_eq!(distinct.len(), known.len());
        assert!(known.len() > 400);
        assert!(known.iter().all(|ca| ca.not_before < ca.not_after && ca.recorded.len() == 10));
        assert!(known.iter().filter_map(|ca| ca.url).all(|url| url.starts_with("http")));
    }

    #[test]
    fn all_vendors_are_those_that_make_hardware() {
        let known = KnownCas::of_this_release();
        let all = known.of_vendors(&["all"]).unwrap();
        assert!(all.iter().all(|ca| !ca.virtual_tpms) && all.len() < known.len());
        let two = known.of_vendors(&["infineon", "stm"]).unwrap();
        assert!(two.iter().all(|ca| matches!(ca.vendor, "infineon" | "stm")) && two.len() > 200);
        assert!(known.of_vendors(&["google"]).unwrap().iter().all(|ca| ca.virtual_tpms));
        let error = known.of_vendors(&["stm", "swtpm"]).unwrap_err();
        assert!(error.to_string().contains("\"swtpm\" is known; there are: alibaba, amd"), "{error}");
    }

    #[test]
    fn the_missing_ca_is_found_by_name_and_by_key() {
        let known = KnownCas::of_this_release();
        let error = |issuer: &str, aki: Option<&str>| ChainError {
            kind: ChainErrorKind::UnknownIssuer,
            certificate: String::new().into(),
            issuer: issuer.to_owned(),
            aki: aki.map(str::to_owned),
            issuer_url: None,
        };
        let one = known.iter().find(|ca| ca.vendor == "infineon" && ca.key_id.is_some()).unwrap();
        assert!(known.missing(&error(one.subject, one.key_id)).contains(&one));
        assert!(known.missing(&error(one.subject, Some("00"))).contains(&one));
        assert!(known.missing(&error("CN=Nobody", one.key_id)).is_empty());
        assert_eq!(known.pinned(&one.sha256), Some(one));
        assert_eq!(known.pinned(&[0; 32]), None);
    }
}
