//! The one place where certificates are read (RFC 5280), over `x509-parser`.
//!
//! Reading is tolerant of the encodings that TPM makers use (unsorted SETs, padded serial numbers, BIT STRINGs with
//! trailing zero bits); what is read is then judged strictly by `ek_cert` and `chain`.

mod name;
mod signature;

use x509_parser::certificate::X509Certificate;
use x509_parser::der_parser::asn1_rs::{Any, FromDer};
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::x509::X509Version;

pub(crate) use name::Name;
pub(crate) use signature::{IssuerKey, SignatureAlgorithm, SignatureError};

/// TCG EK certificate (TCG EK Credential Profile, section 3.2).
const EK_CERTIFICATE_PURPOSE: &str = "2.23.133.8.1";
const CA_ISSUERS: &str = "1.3.6.1.5.5.7.48.2";

/// Critical extensions that are understood, by the last byte of their identifiers 2.5.29.n: subject directory attributes,
/// subject key identifier, key usage, subject alternative name, basic constraints, certificate policies, authority key
/// identifier, extended key usage. Policies: any policy is accepted, so they restrict nothing.
const UNDERSTOOD: [u8; 8] = [9, 14, 15, 17, 19, 32, 35, 37];

const NAME_CONSTRAINTS: u8 = 30;

/// Most extensions of one certificate; TPM makers' have a dozen.
const MAX_EXTENSIONS: usize = 64;

/// Bytes that are not a usable X.509 certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("not a well-formed X.509 certificate")]
    Malformed,
    #[error("not an X.509 certificate of version 3")]
    Version,
    #[error("two extensions have the same identifier")]
    DuplicateExtension,
    #[error("extension {0} is malformed")]
    Extension(String),
    #[error("a name with more attributes, or more extensions, than a certificate has")]
    TooComplex,
}

/// What matters of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Vec<u8>,
    /// The signed part, as received.
    pub(crate) tbs: Vec<u8>,
    pub(crate) signature_algorithm: SignatureAlgorithm,
    pub(crate) signature: Vec<u8>,
    /// Big-endian, as in the certificate.
    pub(crate) serial: Vec<u8>,
    pub(crate) issuer: Name,
    pub(crate) subject: Name,
    /// Seconds since 1970-01-01T00:00:00 UTC.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// SubjectPublicKeyInfo, as received.
    pub(crate) spki: Vec<u8>,
    pub(crate) extensions: Extensions,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) purposes: Option<Purposes>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    /// Where the issuer's certificate can be fetched.
    pub(crate) ca_issuers: Option<String>,
    /// The first directory name among the subject's alternative names.
    pub(crate) alternative_name: Option<Name>,
    /// The first extension that would have to be understood and is not.
    pub(crate) not_understood: Option<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BasicConstraints {
    pub(crate) ca: bool,
    pub(crate) path_len: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyUsage {
    pub(crate) signs_certificates: bool,
    /// Wraps keys or data.
    pub(crate) enciphers: bool,
    pub(crate) agrees: bool,
}

impl KeyUsage {
    pub(crate) const fn encrypts(self) -> bool {
        self.enciphers || self.agrees
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Purposes {
    pub(crate) any: bool,
    pub(crate) ek: bool,
}

impl Certificate {
    /// Reads exactly one DER certificate.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let tbs = &parsed.tbs_certificate;
        if !rest.is_empty()
            || parsed.signature_value.unused_bits != 0
            || !frame_is_sound(der).unwrap_or(false)
        {
            return Err(CertificateError::Malformed);
        }
        if tbs.version != X509Version::V3 {
            return Err(CertificateError::Version);
        }
        Ok(Self {
            der: der.to_vec(),
            tbs: tbs.as_ref().to_vec(),
            signature_algorithm: SignatureAlgorithm::from_identifier(&parsed.signature_algorithm),
            signature: parsed.signature_value.data.to_vec(),
            serial: tbs.raw_serial().to_vec(),
            issuer: Name::new(&tbs.issuer).ok_or(CertificateError::TooComplex)?,
            subject: Name::new(&tbs.subject).ok_or(CertificateError::TooComplex)?,
            not_before: tbs.validity.not_before.timestamp(),
            not_after: tbs.validity.not_after.timestamp(),
            spki: tbs.subject_pki.raw.to_vec(),
            extensions: Extensions::read(tbs.extensions())?,
        })
    }

    /// RFC 5280 section 3.2: issuer and subject are the same entity.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }
}

/// Checks what stands around the signed part, which no signature protects: three members of the right types, and the
/// algorithm byte for byte as in the signed part (RFC 5280 section 4.1.1.2).
fn frame_is_sound(der: &[u8]) -> Option<bool> {
    let (outer, _) = member(der, 0x30)?;
    let (tbs, rest) = member(outer, 0x30)?;
    let (algorithm, rest) = member(rest, 0x30)?;
    let (_, rest) = member(rest, 0x03)?;
    let (_version, signed) = member(tbs, 0xa0)?;
    let (_serial, signed) = member(signed, 0x02)?;
    let (signed_algorithm, _) = member(signed, 0x30)?;
    Some(rest.is_empty() && algorithm == signed_algorithm)
}

/// Content of the first element, which must have that tag, and what follows it.
fn member(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (rest, element) = Any::from_der(bytes).ok()?;
    (bytes.first() == Some(&tag)).then_some((element.data, rest))
}

impl Extensions {
    fn read(list: &[X509Extension<'_>]) -> Result<Self, CertificateError> {
        if list.len() > MAX_EXTENSIONS {
            return Err(CertificateError::TooComplex);
        }
        let mut found = Self::default();
        for (index, extension) in list.iter().enumerate() {
            if list.iter().take(index).any(|earlier| earlier.oid == extension.oid) {
                return Err(CertificateError::DuplicateExtension);
            }
            found.add(extension)?;
        }
        Ok(found)
    }

    fn add(&mut self, extension: &X509Extension<'_>) -> Result<(), CertificateError> {
        // Of the identifiers below 2.5.29 the last number.
        let standard = match extension.oid.as_bytes() {
            [0x55, 0x1d, number] => Some(*number),
            _ => None,
        };
        let understood = standard.is_some_and(|number| UNDERSTOOD.contains(&number));
        match extension.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => {
                self.basic_constraints =
                    Some(BasicConstraints { ca: basic.ca, path_len: basic.path_len_constraint });
            }
            ParsedExtension::KeyUsage(usage) => {
                self.key_usage = Some(KeyUsage {
                    signs_certificates: usage.key_cert_sign(),
                    enciphers: usage.key_encipherment() || usage.data_encipherment(),
                    agrees: usage.key_agreement(),
                });
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let ek = usage.other.iter().any(|purpose| purpose.to_id_string() == EK_CERTIFICATE_PURPOSE);
                self.purposes = Some(Purposes { any: usage.any, ek });
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                self.ca_issuers = access.iter().find_map(|description| match &description.access_location {
                    GeneralName::URI(uri) if description.access_method.to_id_string() == CA_ISSUERS => {
                        Some(gatehouse_model::clean_label(uri))
                    }
                    _ => None,
                });
            }
            ParsedExtension::SubjectAlternativeName(names) => {
                // The TPM's attributes are in one directory name; more than one would be of no use.
                self.alternative_name = names
                    .general_names
                    .iter()
                    .find_map(|name| match name {
                        GeneralName::DirectoryName(name) => Some(Name::new(name)),
                        _ => None,
                    })
                    .map(|name| name.ok_or(CertificateError::TooComplex))
                    .transpose()?;
            }
            // Name constraints are never seen on TPM makers' certificates; not checking them would be wrong.
            ParsedExtension::NameConstraints(_) => self.not_understood = Some(extension.oid.to_id_string()),
            ParsedExtension::ParseError { .. }
                if extension.critical || understood || standard == Some(NAME_CONSTRAINTS) =>
            {
                return Err(CertificateError::Extension(extension.oid.to_id_string()));
            }
            _ => {}
        }
        if extension.critical && !understood && self.not_understood.is_none() {
            self.not_understood = Some(extension.oid.to_id_string());
        }
        Ok(())
    }
}
