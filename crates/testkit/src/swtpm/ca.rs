use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber, date_time_ymd,
};

use super::der;
use super::keys::EkKey;

/// A maker's CA for EK certificates, with a fresh P-256 key.
pub struct EkCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// tcg-kp-EKCertificate.
const EK_CERTIFICATE: [u64; 5] = [2, 23, 133, 8, 1];
const SUBJECT_ALT_NAME: [u64; 4] = [2, 5, 29, 17];

impl EkCa {
    /// A new root.
    ///
    /// # Panics
    /// If no key can be made.
    #[must_use]
    pub fn new() -> Self {
        Self::named("EK test root")
    }

    /// As [`Self::new`], under another name.
    ///
    /// # Panics
    /// If no key can be made.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let key = KeyPair::generate().expect("a P-256 key");
        let params = authority(name);
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a root certificate") }
    }

    /// A CA of this one's, which issues in its place.
    ///
    /// # Panics
    /// If no key can be made.
    #[must_use]
    pub fn intermediate(&self) -> Self {
        let key = KeyPair::generate().expect("a P-256 key");
        let mut params = authority("EK test intermediate");
        params.use_authority_key_identifier_extension = true;
        Self {
            issuer: CertifiedIssuer::signed_by(params, key, &self.issuer)
                .expect("an intermediate's certificate"),
        }
    }

    /// The CA's certificate as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    /// The CA's certificate as DER.
    #[must_use]
    pub fn der(&self) -> Vec<u8> {
        self.issuer.as_ref().der().to_vec()
    }

    /// An EK certificate as the TCG's EK Credential Profile wants it: empty subject, the TPM's maker, model and version
    /// in a critical directoryName, the EK's extended key usage.
    pub(super) fn issue(&self, key: &EkKey) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2099, 12, 31);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages =
            vec![if key.is_rsa() { KeyUsagePurpose::KeyEncipherment } else { KeyUsagePurpose::KeyAgreement }];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(EK_CERTIFICATE.to_vec())];
        params.use_authority_key_identifier_extension = true;
        let tail = key.der_bytes().len().saturating_sub(8);
        params.serial_number = Some(SerialNumber::from_slice(&[&[0x40], &key.der_bytes()[tail..]].concat()));
        let mut names = CustomExtension::from_oid_content(&SUBJECT_ALT_NAME, tpm_names());
        names.set_criticality(true);
        params.custom_extensions = vec![names];
        params.signed_by(key, &self.issuer).expect("an EK certificate").der().to_vec()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Gatehouse tests");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2099, 12, 31);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Default for EkCa {
    fn default() -> Self {
        Self::new()
    }
}

/// GeneralNames with one directoryName: tcg-at-tpmManufacturer, -Model and -Version (2.23.133.2.1 to 3).
fn tpm_names() -> Vec<u8> {
    let attribute = |last: u8, value: &str| {
        let oid = der::element(0x06, &[0x67, 0x81, 0x05, 0x02, last]);
        der::element(0x31, &der::sequence(&[oid, der::element(0x0c, value.as_bytes())]))
    };
    let name =
        der::sequence(&[attribute(1, "id:00001014"), attribute(2, "swtpm"), attribute(3, "id:20191023")]);
    der::sequence(&[der::element(0xa4, &name)])
}
