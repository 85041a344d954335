use gatehouse_domain::ports::{CaError, CertificateRequest, Random};
use gatehouse_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PublicKeyData as _, SerialNumber,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};
use zeroize::Zeroizing;

use super::claims::{Grant, SESSION_OID, device_claims};
use super::{BACKDATED_SECS, public_key};

const CA_LIFE_SECS: i64 = 10 * 365 * 86_400;

/// The X.509 user CA.
pub(super) struct Signer {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// A new CA: the key in PKCS#8 and the certificate, both DER.
pub(super) fn generate(
    random: &dyn Random,
    cluster: &str,
    now: Timestamp,
) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), CaError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(signing)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, utf8("Gatehouse"));
    params.distinguished_name.push(DnType::CommonName, utf8(&format!("{cluster} user CA")));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial(random));
    params.not_before = moment(now.plus_secs(-BACKDATED_SECS))?;
    params.not_after = moment(now.plus_secs(CA_LIFE_SECS))?;
    let certificate = params.self_signed(&key).map_err(signing)?;
    Ok((Zeroizing::new(key.serialize_der()), certificate.der().to_vec()))
}

impl Signer {
    /// From key and certificate; an error says what is wrong with them.
    pub(super) fn load(pkcs8: &[u8], certificate: &[u8]) -> Result<Self, &'static str> {
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8);
        let key = KeyPair::from_pkcs8_der_and_sign_algo(&pkcs8, &PKCS_ECDSA_P256_SHA256)
            .map_err(|_| "it is no P-256 key")?;
        let (rest, parsed) =
            X509Certificate::from_der(certificate).map_err(|_| "its certificate cannot be read")?;
        if !rest.is_empty() || parsed.public_key().raw != key.subject_public_key_info() {
            return Err("its certificate belongs to another key");
        }
        let certificate = CertificateDer::from(certificate.to_vec());
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|_| "its certificate is not a CA's")?;
        Ok(Self { issuer, certificate })
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Certifies the key of the request; DER.
    pub(super) fn issue(
        &self,
        request: &CertificateRequest,
        random: &dyn Random,
    ) -> Result<Vec<u8>, CaError> {
        let key = public_key::from_spki(&request.tls_public_key_der)?;
        let grant = Grant { session: request.session_id.clone(), roles: request.roles.clone() };
        let grant = serde_json::to_vec(&grant).map_err(|error| CaError::Signing(error.to_string()))?;
        let mut params = CertificateParams::default();
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, utf8(&request.user));
        for (_, oid, value) in request.device.iter().flat_map(device_claims) {
            subject.push(DnType::CustomDnType(oid.to_vec()), utf8(value));
        }
        params.distinguished_name = subject;
        params.serial_number = Some(serial(random));
        params.not_before = moment(request.not_before.plus_secs(-BACKDATED_SECS))?;
        params.not_after = moment(request.not_after)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        params.custom_extensions = vec![CustomExtension::from_oid_content(SESSION_OID, grant)];
        let certificate = params.signed_by(&key, &self.issuer).map_err(signing)?;
        Ok(certificate.der().to_vec())
    }

    /// Signs anything, for tests of what reads certificates.
    #[cfg(test)]
    pub(super) fn sign_for_test(&self, params: &CertificateParams, key: &KeyPair) -> Vec<u8> {
        params.signed_by(key, &self.issuer).unwrap().der().to_vec()
    }
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

/// 127 random bits; positive and at most 20 octets (RFC 5280 section 4.1.2.2).
fn serial(random: &dyn Random) -> SerialNumber {
    let mut serial = [0; 16];
    random.fill(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&serial)
}

fn moment(time: Timestamp) -> Result<OffsetDateTime, CaError> {
    OffsetDateTime::from_unix_timestamp(time.secs()).map_err(|error| CaError::Signing(error.to_string()))
}

fn signing(error: rcgen::Error) -> CaError {
    CaError::Signing(error.to_string())
}
