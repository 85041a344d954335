use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::pem::Pem;

use super::authority::{Authorities, Authority};
use crate::digest::{colon_hex, sha256};
use crate::x509::CertificateError;

/// Longest entry, in bytes: a bundle of every known maker's certificates takes about 1 MiB.
const MAX_ENTRY_BYTES: usize = 4 * 1024 * 1024;

/// The CAs whose EK certificates are accepted. Roots and intermediates alike, trusted as listed.
#[derive(Clone, Debug, Default)]
pub struct AllowedCas(pub(super) Authorities);

/// A CA, as people tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFacts {
    /// For people, not for comparing.
    pub subject: String,
    /// For people, not for comparing.
    pub issuer: String,
    /// SHA-256 of the subject in the form for comparison: equal for equal names.
    pub subject_key: [u8; 32],
    /// As [`Self::subject_key`], of the issuer.
    pub issuer_key: [u8; 32],
    pub der: Vec<u8>,
    /// Of the certificate.
    pub sha256: [u8; 32],
    /// Lower-case hexadecimal bytes, separated by colons.
    pub key_id: Option<String>,
    /// `RSA-2048`, `ECC P-384`.
    pub key: String,
    /// `RSA with SHA-256`.
    pub signature: String,
    /// Issued by itself, as far as the names say.
    pub is_root: bool,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
}

/// Which entry of the list is wrong, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry} of the allowed EK CAs{}: {reason}", position(*.certificate))]
pub struct AllowedCasError {
    /// Index of the entry, counted from 1.
    pub entry: usize,
    /// Index of the certificate inside of the entry, counted from 1.
    pub certificate: Option<usize>,
    pub reason: AllowedCasReason,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AllowedCasReason {
    #[error("longer than {MAX_ENTRY_BYTES} bytes")]
    TooLong,
    #[error("holds no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    NoCertificate,
    #[error("not well-formed PEM")]
    Pem,
    #[error("a PEM block labelled {0} where only CERTIFICATE is allowed")]
    Label(String),
    #[error("{0}")]
    Certificate(#[from] CertificateError),
    #[error("the certificate is not that of a CA: {}", if .0.is_empty() { "it has no name" } else { .0 })]
    NotACa(String),
    #[error("the key of the CA is not supported: {0}")]
    Key(String),
}

fn position(certificate: Option<usize>) -> String {
    certificate.map(|index| format!(", certificate {index}")).unwrap_or_default()
}

impl AllowedCas {
    /// Reads entries of one or more PEM certificates each; text around the PEM blocks is passed over.
    ///
    /// # Errors
    /// At the first thing in an entry that is not the certificate of a CA.
    pub fn from_pems(entries: &[String]) -> Result<Self, AllowedCasError> {
        let mut allowed = Self::default();
        for (index, text) in entries.iter().enumerate() {
            let entry = index.saturating_add(1);
            let whole = |reason| AllowedCasError { entry, certificate: None, reason };
            if text.len() > MAX_ENTRY_BYTES {
                return Err(whole(AllowedCasReason::TooLong));
            }
            let before = allowed.len();
            for (index, block) in Pem::iter_from_buffer(text.as_bytes()).enumerate() {
                block
                    .map_err(|_| AllowedCasReason::Pem)
                    .and_then(|block| match block.label.as_str() {
                        "CERTIFICATE" => allowed.add(&block.contents),
                        other => Err(AllowedCasReason::Label(gatehouse_model::clean_label(other))),
                    })
                    .map_err(|reason| AllowedCasError {
                        entry,
                        certificate: Some(index.saturating_add(1)),
                        reason,
                    })?;
            }
            if allowed.len() == before {
                return Err(whole(AllowedCasReason::NoCertificate));
            }
        }
        Ok(allowed)
    }

    /// Adds the CA of a DER certificate.
    ///
    /// # Errors
    /// If it is not the certificate of a CA with a key of use.
    pub fn add(&mut self, der: &[u8]) -> Result<(), AllowedCasReason> {
        let authority = Authority::parse(der)?;
        if !authority.is_ca() {
            return Err(AllowedCasReason::NotACa(authority.certificate.subject.to_string()));
        }
        match &authority.key {
            Ok(key) if key.is_weak() => {
                let weak = format!("{} is too weak", authority.key_name());
                return Err(AllowedCasReason::Key(weak));
            }
            Ok(_) => {}
            Err(error) => return Err(AllowedCasReason::Key(error.to_string())),
        }
        self.0.push(authority);
        Ok(())
    }

    /// What there is to know of each, in the order of the list.
    #[must_use]
    pub fn facts(&self) -> Vec<CaFacts> {
        self.0.list().iter().map(facts).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.list().is_empty()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.list().len()
    }
}

impl CaFacts {
    /// The certificate in PEM, below the name of its subject (RFC 7468 allows text there).
    #[must_use]
    pub fn to_pem(&self) -> String {
        let base64 = STANDARD.encode(&self.der);
        let lines: Vec<&str> =
            base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
        format!(
            "# {}\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            self.subject.replace("-----", ""),
            lines.join("\n")
        )
    }
}

pub(super) fn facts(authority: &Authority) -> CaFacts {
    let certificate = &authority.certificate;
    CaFacts {
        subject: certificate.subject.to_string(),
        issuer: certificate.issuer.to_string(),
        subject_key: sha256(certificate.subject.folded()),
        issuer_key: sha256(certificate.issuer.folded()),
        der: certificate.der.clone(),
        sha256: authority.sha256,
        key_id: certificate.extensions.subject_key_id.as_deref().map(colon_hex),
        key: authority.key_name(),
        signature: certificate.signature_algorithm.name(),
        is_root: certificate.is_self_issued(),
        not_before: certificate.not_before,
        not_after: certificate.not_after,
    }
}
