use gatehouse_model::tpm::EkMaterial;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber,
    SignatureAlgorithm, date_time_ymd,
};
use time::OffsetDateTime;

use super::bytes::tlv;
use super::{EkKind, SoftTpm};

/// TCG EK certificate.
const EK_PURPOSE: &[u64] = &[2, 23, 133, 8, 1];

/// A CA that issues EK certificates, as TPM makers have them.
pub struct SoftTpmCa {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

/// What the certificate of a CA says, right by default.
#[derive(Clone, Debug)]
pub struct CaTemplate {
    pub name: String,
    /// Is it a CA at all?
    pub ca: bool,
    pub path_len: Option<u8>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub key_usages: Vec<KeyUsagePurpose>,
    pub purposes: Vec<Vec<u64>>,
    /// Identifier, criticality and DER of further extensions.
    pub extensions: Vec<(Vec<u64>, bool, Vec<u8>)>,
}

/// What an EK certificate says (TCG EK Credential Profile), right by default.
#[derive(Clone, Debug)]
pub struct EkCertTemplate {
    pub serial: Vec<u8>,
    pub manufacturer: String,
    pub model: String,
    pub version: String,
    /// Common name; an empty subject if not set.
    pub subject: Option<String>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
    pub ca: bool,
    pub key_usages: Vec<KeyUsagePurpose>,
    pub purposes: Vec<Vec<u64>>,
    /// Identifier, criticality and DER of further extensions.
    pub extensions: Vec<(Vec<u64>, bool, Vec<u8>)>,
}

impl CaTemplate {
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ca: true,
            path_len: None,
            not_before: date_time_ymd(2020, 1, 1),
            not_after: date_time_ymd(2050, 1, 1),
            key_usages: vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign],
            purposes: Vec::new(),
            extensions: Vec::new(),
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        let constraints = match self.path_len {
            Some(length) => BasicConstraints::Constrained(length),
            None => BasicConstraints::Unconstrained,
        };
        params.is_ca = if self.ca { IsCa::Ca(constraints) } else { IsCa::ExplicitNoCa };
        (params.not_before, params.not_after) = (self.not_before, self.not_after);
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages = purposes(&self.purposes);
        params.use_authority_key_identifier_extension = true;
        params.custom_extensions = extensions(&self.extensions);
        params
    }
}

impl EkCertTemplate {
    #[must_use]
    pub fn new(kind: EkKind) -> Self {
        let usage = if kind == EkKind::Rsa2048 {
            KeyUsagePurpose::KeyEncipherment
        } else {
            KeyUsagePurpose::KeyAgreement
        };
        Self {
            serial: vec![0x12, 0x34, 0x56],
            manufacturer: "id:54455354".to_owned(),
            model: "Soft TPM".to_owned(),
            version: "id:00010002".to_owned(),
            subject: None,
            not_before: date_time_ymd(2024, 1, 1),
            not_after: date_time_ymd(2044, 1, 1),
            ca: false,
            key_usages: vec![usage],
            purposes: vec![EK_PURPOSE.to_vec()],
            extensions: Vec::new(),
        }
    }

    fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(subject) = &self.subject {
            params.distinguished_name.push(DnType::CommonName, subject.as_str());
        }
        params.serial_number = Some(SerialNumber::from_slice(&self.serial));
        params.is_ca = if self.ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        (params.not_before, params.not_after) = (self.not_before, self.not_after);
        params.key_usages.clone_from(&self.key_usages);
        params.extended_key_usages = purposes(&self.purposes);
        params.use_authority_key_identifier_extension = true;
        // RFC 5280 section 4.1.2.6: critical where the subject is empty.
        let mut name = CustomExtension::from_oid_content(&[2, 5, 29, 17], self.alternative_name());
        name.set_criticality(self.subject.is_none());
        params.custom_extensions = extensions(&self.extensions);
        params.custom_extensions.push(name);
        params
    }

    /// GeneralNames with one directoryName of the three TPM attributes.
    fn alternative_name(&self) -> Vec<u8> {
        let attribute = |number: u8, text: &str| {
            let oid = [0x06, 5, 0x67, 0x81, 5, 2, number];
            tlv(0x31, &[&tlv(0x30, &[&oid, &tlv(0x0c, &[text.as_bytes()])])])
        };
        let name = tlv(
            0x30,
            &[&attribute(1, &self.manufacturer), &attribute(2, &self.model), &attribute(3, &self.version)],
        );
        tlv(0x30, &[&tlv(0xa4, &[&name])])
    }
}

impl Default for SoftTpmCa {
    fn default() -> Self {
        Self::new()
    }
}

impl SoftTpmCa {
    /// A root.
    #[must_use]
    pub fn new() -> Self {
        Self::root(&CaTemplate::new("Soft TPM Root CA"))
    }

    #[must_use]
    pub fn root(template: &CaTemplate) -> Self {
        let key = KeyPair::generate().expect("EC keys can be made");
        let params = template.params();
        let certificate = params.self_signed(&key).expect("the certificate can be signed");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A root with an RSA-2048 key, as most makers have them.
    #[must_use]
    pub fn rsa_root(template: &CaTemplate) -> Self {
        let key = rsa_key();
        let params = template.params();
        let certificate = params.self_signed(&key).expect("the certificate can be signed");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A CA with an RSA-2048 key below this one.
    #[must_use]
    pub fn rsa_intermediate(&self, template: &CaTemplate) -> Self {
        self.below(template, rsa_key())
    }

    /// A CA below this one.
    #[must_use]
    pub fn intermediate(&self, template: &CaTemplate) -> Self {
        self.below(template, KeyPair::generate().expect("EC keys can be made"))
    }

    fn below(&self, template: &CaTemplate, key: KeyPair) -> Self {
        let params = template.params();
        let certificate = params.signed_by(&key, &self.issuer).expect("the certificate can be signed");
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// Another certificate for a CA below this one that has one already: its key stays.
    #[must_use]
    pub fn reissue(&self, ca: &Self, template: &CaTemplate) -> Self {
        let key = KeyPair::try_from(ca.issuer.key().serialized_der()).expect("the key was made here");
        self.below(template, key)
    }

    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.certificate.der().to_vec()
    }

    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// DER of a right EK certificate for `tpm`.
    #[must_use]
    pub fn issue(&self, tpm: &SoftTpm) -> Vec<u8> {
        self.issue_with(tpm, &EkCertTemplate::new(tpm.kind()))
    }

    #[must_use]
    pub fn issue_with(&self, tpm: &SoftTpm, template: &EkCertTemplate) -> Vec<u8> {
        let certificate = template.params().signed_by(&EkData(tpm), &self.issuer);
        certificate.expect("the certificate can be signed").der().to_vec()
    }

    /// The EK of `tpm` with its certificate, as clients send it.
    #[must_use]
    pub fn ek_material(&self, tpm: &SoftTpm) -> EkMaterial {
        EkMaterial::Certificate(self.issue(tpm))
    }
}

fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
        .expect("RSA keys can be made")
}

struct EkData<'a>(&'a SoftTpm);

impl PublicKeyData for EkData<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.0.kind() {
            EkKind::Rsa2048 => &rcgen::PKCS_RSA_SHA256,
            EkKind::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            EkKind::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        }
    }
}

fn purposes(list: &[Vec<u64>]) -> Vec<ExtendedKeyUsagePurpose> {
    list.iter().map(|oid| ExtendedKeyUsagePurpose::Other(oid.clone())).collect()
}

fn extensions(list: &[(Vec<u64>, bool, Vec<u8>)]) -> Vec<CustomExtension> {
    let extension = |(oid, critical, der): &(Vec<u64>, bool, Vec<u8>)| {
        let mut extension = CustomExtension::from_oid_content(oid, der.clone());
        extension.set_criticality(*critical);
        extension
    };
    list.iter().map(extension).collect()
}
