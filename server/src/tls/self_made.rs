//! The self-signed certificate for those who bring none.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use gatehouse_domain::ports::Random;
use gatehouse_model::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType, SerialNumber,
};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};
use zeroize::Zeroizing;

use super::CertificateError;
use crate::private_file;

pub(super) const CERTIFICATE: &str = "cert.pem";
pub(super) const KEY: &str = "key.pem";

const DAY: i64 = 86_400;
/// The longest that Apple's systems accept of a certificate that a user trusts.
const LIFE_SECS: i64 = 825 * DAY;
/// A certificate with less left is made anew at start.
const RENEW_SECS: i64 = 60 * DAY;
/// For clients whose clock is slow.
const BACKDATED_SECS: i64 = 3600;
const MAX_FILE: usize = 64 * 1024;

/// Certificate and key in PEM.
type PemPair = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

pub(super) fn load_or_make(
    folder: &Path,
    host: &str,
    now: Timestamp,
    random: &dyn Random,
) -> Result<PemPair, CertificateError> {
    let failed = CertificateError::io(folder);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let key_path = folder.join(KEY);
    let key = match private_file::read(&key_path, MAX_FILE) {
        Ok((pem, _)) => pem,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(making)?;
            let pem = Zeroizing::new(key.serialize_pem().into_bytes());
            private_file::create(&key_path, &pem).map_err(CertificateError::io(&key_path))?;
            pem
        }
        Err(error) => return Err(CertificateError::io(&key_path)(error)),
    };
    let signer = std::str::from_utf8(&key)
        .ok()
        .and_then(|pem| KeyPair::from_pem(pem).ok())
        .ok_or_else(|| CertificateError::unusable(&key_path, "it holds no PEM private key"))?;

    let path = folder.join(CERTIFICATE);
    match private_file::read(&path, MAX_FILE) {
        Ok((pem, _)) if is_good(&pem, &signer, host, now) => return Ok((pem, key)),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(CertificateError::io(&path)(error)),
    }
    let pem = Zeroizing::new(make(&signer, host, now, random)?.into_bytes());
    private_file::replace(&path, &pem).map_err(CertificateError::io(&path))?;
    Ok((pem, key))
}

fn names(host: &str) -> Result<Vec<SanType>, CertificateError> {
    let dns = |name: &str| name.try_into().map(SanType::DnsName).map_err(making);
    let mut names = vec![
        dns("localhost")?,
        SanType::IpAddress(Ipv4Addr::LOCALHOST.into()),
        SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
    ];
    let public = match host.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => dns(host)?,
    };
    if !names.contains(&public) {
        names.insert(0, public);
    }
    Ok(names)
}

fn make(key: &KeyPair, host: &str, now: Timestamp, random: &dyn Random) -> Result<String, CertificateError> {
    let moment = |secs| {
        OffsetDateTime::from_unix_timestamp(now.plus_secs(secs).secs())
            .map_err(|error| CertificateError::Making(error.to_string()))
    };
    let mut serial = [0; 16];
    random.fill(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "Gatehouse");
    // ub-common-name is 64 characters (RFC 5280 appendix A.1); longer names stand among the alternative names only.
    params.distinguished_name.push(DnType::CommonName, if host.len() <= 64 { host } else { "Gatehouse" });
    params.subject_alt_names = names(host)?;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = moment(-BACKDATED_SECS)?;
    params.not_after = moment(LIFE_SECS - BACKDATED_SECS)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.self_signed(key).map(|certificate| certificate.pem()).map_err(making)
}

/// Whether the certificate is for this key and host, and has enough of its life left.
fn is_good(pem: &[u8], key: &KeyPair, host: &str, now: Timestamp) -> bool {
    let Ok(block) = pem::parse(pem) else { return false };
    let Ok((_, certificate)) = X509Certificate::from_der(block.contents()) else { return false };
    let validity = certificate.validity();
    let names_host = match certificate.subject_alternative_name() {
        Ok(Some(names)) => names.value.general_names.iter().any(|name| match name {
            GeneralName::DNSName(name) => name.eq_ignore_ascii_case(host),
            GeneralName::IPAddress(bytes) => match host.parse() {
                Ok(IpAddr::V4(address)) => address.octets() == **bytes,
                Ok(IpAddr::V6(address)) => address.octets() == **bytes,
                Err(_) => false,
            },
            _ => false,
        }),
        _ => false,
    };
    names_host
        && certificate.public_key().raw == key.subject_public_key_info()
        && validity.not_before.timestamp() <= now.secs()
        && validity.not_after.timestamp() - now.secs() > RENEW_SECS
}

fn making(error: rcgen::Error) -> CertificateError {
    CertificateError::Making(error.to_string())
}
