use x509_parser::pem::Pem;

use crate::spki::PublicKey;
use crate::x509::{Certificate, CertificateError};

/// Longest entry, in bytes: a bundle of every known maker's certificates takes about 1 MiB.
const MAX_ENTRY_BYTES: usize = 4 * 1024 * 1024;

/// The CAs whose EK certificates are accepted. Roots and intermediates alike, trusted as listed.
#[derive(Clone, Debug, Default)]
pub struct AllowedCas {
    pub(super) certificates: Vec<Certificate>,
    pub(super) accepts_sha1: bool,
}

/// A CA of the list, as people tell it from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaFacts {
    /// For people, not for comparing.
    pub subject: String,
    pub der: Vec<u8>,
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
    #[error("the certificate is not that of a CA: {0}")]
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
        let mut certificates = Vec::new();
        for (index, text) in entries.iter().enumerate() {
            let entry = index.saturating_add(1);
            let whole = |reason| AllowedCasError { entry, certificate: None, reason };
            if text.len() > MAX_ENTRY_BYTES {
                return Err(whole(AllowedCasReason::TooLong));
            }
            let before = certificates.len();
            for (index, block) in Pem::iter_from_buffer(text.as_bytes()).enumerate() {
                let certificate = block
                    .map_err(|_| AllowedCasReason::Pem)
                    .and_then(|block| authority(&block))
                    .map_err(|reason| AllowedCasError {
                        entry,
                        certificate: Some(index.saturating_add(1)),
                        reason,
                    })?;
                certificates.push(certificate);
            }
            if certificates.len() == before {
                return Err(whole(AllowedCasReason::NoCertificate));
            }
        }
        Ok(Self { certificates, accepts_sha1: false })
    }

    /// The same CAs, but certificates signed with SHA-1 are accepted as well: some genuine chains of the years before
    /// 2014 have them.
    #[must_use]
    pub fn accepting_sha1(mut self) -> Self {
        self.accepts_sha1 = true;
        self
    }

    /// What there is to know of each, in the order of the list.
    #[must_use]
    pub fn facts(&self) -> Vec<CaFacts> {
        let facts = |certificate: &Certificate| CaFacts {
            subject: certificate.subject.to_string(),
            der: certificate.der.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        };
        self.certificates.iter().map(facts).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }
}

fn authority(block: &Pem) -> Result<Certificate, AllowedCasReason> {
    if block.label != "CERTIFICATE" {
        return Err(AllowedCasReason::Label(gatehouse_model::clean_label(&block.label)));
    }
    let certificate = Certificate::parse(&block.contents)?;
    let extensions = &certificate.extensions;
    if !extensions.basic_constraints.is_some_and(|basic| basic.ca)
        || extensions.key_usage.is_some_and(|usage| !usage.signs_certificates)
    {
        return Err(AllowedCasReason::NotACa(certificate.subject.to_string()));
    }
    PublicKey::parse(&certificate.spki).map_err(|error| AllowedCasReason::Key(error.to_string()))?;
    Ok(certificate)
}
