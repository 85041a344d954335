//! A bundle from files that anybody may have changed.

use gatehouse_model::clean_label;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};

use super::manifest::{self, Boot, FORMAT, Listed, MANIFEST_NAME, MAX_MANIFEST_BYTES, Manifest, Rules};
use super::{CasOfEvidence, EvidenceBundle, pem};
use crate::ak::AkPublic;
use crate::bundle::MAX_BUNDLE_CERTIFICATES;
use crate::digest::sha256;
use crate::nv::MAX_SENT_CERTIFICATES;
use crate::quote::{MAX_PCRS, MAX_QUOTES};

/// Most vendors of a list; there are fewer makers.
const MAX_VENDORS: usize = 256;
/// Most findings; a path has fewer certificates.
const MAX_FINDINGS: usize = 64;
/// Longest value of a PCR that is read, in bytes.
const MAX_DIGEST: usize = 64;

/// Why files are no bundle, or not the one that was exported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    #[error("{MANIFEST_NAME} is no manifest of evidence: {0}")]
    Manifest(String),
    #[error("{MANIFEST_NAME} is of a format that this version does not read: {0}")]
    Format(String),
    #[error("{MANIFEST_NAME} names a file that no evidence has: {0}")]
    UnknownFile(String),
    #[error("{MANIFEST_NAME} names {0} twice")]
    Duplicate(String),
    #[error("{name} is missing from {MANIFEST_NAME}")]
    NotListed { name: String },
    #[error("{name} cannot be read: {why}")]
    Unreadable { name: String, why: String },
    #[error("{0} is not of the size that {MANIFEST_NAME} says")]
    Size(String),
    #[error("{0} was changed: it does not have the SHA-256 that {MANIFEST_NAME} says")]
    Digest(String),
    #[error("{0} does not hold what its name says")]
    Content(String),
    #[error("what {MANIFEST_NAME} says of the boot is not what event log and PCRs say")]
    Boot,
}

impl EvidenceError {
    /// Stable word for logs, JSON and tests.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Manifest(_) => "manifest_malformed",
            Self::Format(_) => "format_unknown",
            Self::UnknownFile(_) => "file_unknown",
            Self::Duplicate(_) => "file_twice",
            Self::NotListed { .. } => "file_not_listed",
            Self::Unreadable { .. } => "file_unreadable",
            Self::Size(_) => "size_differs",
            Self::Digest(_) => "digest_differs",
            Self::Content(_) => "content_malformed",
            Self::Boot => "boot_differs",
        }
    }
}

/// Files by name, as they were asked for and checked.
struct Files(Vec<(String, Vec<u8>)>);

impl EvidenceBundle {
    /// Reads a bundle. `fetch` gives a file of that plain name, of which at most the given number of bytes, or says why it
    /// cannot.
    ///
    /// # Errors
    /// Anything missing, too large, changed, or of another form than an export has.
    pub fn read(
        mut fetch: impl FnMut(&str, usize) -> Result<Vec<u8>, String>,
    ) -> Result<Self, EvidenceError> {
        let mut get = |name: &str, limit: usize| {
            let unreadable = |why| EvidenceError::Unreadable { name: name.to_owned(), why };
            let bytes = fetch(name, limit).map_err(unreadable)?;
            if bytes.len() > limit {
                return Err(unreadable(format!("it is longer than {limit} bytes")));
            }
            Ok(bytes)
        };
        let text = get(MANIFEST_NAME, MAX_MANIFEST_BYTES)?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| EvidenceError::Manifest(clean_label(&error.to_string())))?;
        if manifest.format != FORMAT {
            return Err(EvidenceError::Format(clean_label(&manifest.format)));
        }
        let mut files = Files(Vec::new());
        for Listed { name, bytes, sha256: digest } in &manifest.files {
            let limit =
                manifest::limit_of(name).ok_or_else(|| EvidenceError::UnknownFile(clean_label(name)))?;
            if files.0.iter().any(|(known, _)| known == name) {
                return Err(EvidenceError::Duplicate(name.clone()));
            }
            let content = get(name, limit)?;
            if content.len() != *bytes {
                return Err(EvidenceError::Size(name.clone()));
            }
            if hex::encode(sha256(&content)) != *digest {
                return Err(EvidenceError::Digest(name.clone()));
            }
            files.0.push((name.clone(), content));
        }
        files.bundle(manifest)
    }
}

impl Files {
    fn take(&mut self, name: &str) -> Vec<u8> {
        let found = self.0.iter().position(|(known, _)| known == name);
        found.map(|index| self.0.swap_remove(index).1).unwrap_or_default()
    }

    fn one(&mut self, name: &str, label: &str) -> Result<Vec<u8>, EvidenceError> {
        let content = self.take(name);
        if content.is_empty() {
            return Ok(content);
        }
        let blocks = pem::decode(label, &content, 1).and_then(|blocks| blocks.into_iter().next());
        blocks.ok_or_else(|| EvidenceError::Content(name.to_owned()))
    }

    fn several(&mut self, name: &str, most: usize) -> Result<Vec<Vec<u8>>, EvidenceError> {
        let content = self.take(name);
        pem::decode("CERTIFICATE", &content, most).ok_or_else(|| EvidenceError::Content(name.to_owned()))
    }

    fn cas(&mut self, name: &str, rules: &Rules) -> Result<CasOfEvidence, EvidenceError> {
        let cas = self.several(name, MAX_BUNDLE_CERTIFICATES)?;
        let malformed = |what: &str| EvidenceError::Manifest(what.to_owned());
        if cas.len() != rules.cas {
            return Err(EvidenceError::Content(name.to_owned()));
        }
        if rules.vendors.len() > MAX_VENDORS {
            return Err(malformed("too many vendors"));
        }
        Ok(CasOfEvidence {
            at: rules.at,
            policy: rules.policy().ok_or_else(|| malformed("an unknown policy"))?,
            vendors: rules.vendors.clone(),
            cas,
        })
    }

    fn quotes(&mut self) -> Result<Vec<Quote>, EvidenceError> {
        let mut quotes = Vec::new();
        for index in 0..MAX_QUOTES {
            let [attest, signature] = manifest::quote_names(index);
            let quote = Quote { quote: self.take(&attest), signature: self.take(&signature) };
            if quote == Quote::default() {
                break;
            }
            quotes.push(quote);
        }
        Ok(quotes)
    }

    fn bundle(mut self, manifest: Manifest) -> Result<EvidenceBundle, EvidenceError> {
        let malformed = |what: &str| EvidenceError::Manifest(what.to_owned());
        if manifest.pcrs.len() > MAX_PCRS {
            return Err(malformed("too many PCR values"));
        }
        let mut pcrs = Vec::with_capacity(manifest.pcrs.len());
        for value in &manifest.pcrs {
            let digest = hex::decode(&value.value).ok().filter(|digest| digest.len() <= MAX_DIGEST);
            let digest = digest.ok_or_else(|| malformed("a PCR value is none"))?;
            pcrs.push(Pcr { index: value.index, digest, digest_alg: value.hash });
        }
        if manifest.findings.len() > MAX_FINDINGS {
            return Err(malformed("too many findings"));
        }
        let nonce = hex::decode(&manifest.nonce).map_err(|_| malformed("the nonce is none"))?;
        let then = match &manifest.cas_then {
            Some(rules) => Some(self.cas(manifest::CAS_THEN, rules)?),
            None => None,
        };
        let ak_pem = self.one(manifest::AK, "PUBLIC KEY")?;
        let bundle = EvidenceBundle {
            id: manifest.id,
            device_id: manifest.device.id,
            asset_tag: manifest.device.asset_tag,
            user: manifest.user,
            time: manifest.time,
            verdict: manifest.verdict,
            tier: manifest.tier,
            findings: manifest.findings,
            credential_id: manifest.credential_id,
            nonce,
            ek_public: self.one(manifest::EK, "PUBLIC KEY")?,
            ek_certificate: self.one(manifest::EK_CERTIFICATE, "CERTIFICATE")?,
            intermediates: self.several(manifest::INTERMEDIATES, MAX_SENT_CERTIFICATES)?,
            ak: AttestationParameters {
                public: self.take(manifest::AK_PUBLIC),
                create_data: self.take(manifest::CREATION_DATA),
                create_attestation: self.take(manifest::CREATION_ATTEST),
                create_signature: self.take(manifest::CREATION_SIGNATURE),
            },
            platform: PlatformParameters {
                quotes: self.quotes()?,
                pcrs,
                event_log: self.take(manifest::EVENT_LOG),
            },
            device_key: self.one(manifest::DEVICE_KEY, "PUBLIC KEY")?,
            signature: self.take(manifest::DEVICE_SIGNATURE),
            then,
            now: self.cas(manifest::CAS_NOW, &manifest.cas_now)?,
        };
        if let Some((name, _)) = self.0.first() {
            // A quote behind a gap.
            return Err(EvidenceError::Content(name.clone()));
        }
        // The same key for people and for the judgement.
        let expected = AkPublic::parse(&bundle.ak.public).map(|ak| ak.spki_der()).unwrap_or_default();
        if expected != ak_pem {
            return Err(EvidenceError::Content(manifest::AK.to_owned()));
        }
        if Boot::of(&bundle) != manifest.boot {
            return Err(EvidenceError::Boot);
        }
        Ok(bundle)
    }
}
