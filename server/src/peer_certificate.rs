//! What a client's certificate says. The chain has been verified in the handshake; this reads the claims, and
//! refuses a certificate that says anything else than what the CA writes.

use gatehouse_domain::ports::DeviceExtensions;
use gatehouse_model::Timestamp;
use x509_parser::der_parser::asn1_rs::{Oid, Tag};
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Name};

use crate::ca::{ASSET_TAG_OID, CREDENTIAL_ID_OID, DEVICE_ID_OID, Grant, SESSION_OID};

const COMMON_NAME_OID: &[u64] = &[2, 5, 4, 3];
/// Larger than any certificate of ours, in bytes.
const MAX_CERTIFICATE: usize = 64 * 1024;

/// A client's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    pub user: String,
    pub session_id: String,
    pub roles: Vec<String>,
    /// All three claims, or none.
    pub device: Option<DeviceExtensions>,
    pub not_after: Timestamp,
    /// SubjectPublicKeyInfo DER of the certified key.
    pub spki_der: Vec<u8>,
    pub der: Vec<u8>,
}

/// The certificate is none of a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unusable client certificate: {0}")]
pub struct PeerCertificateError(&'static str);

impl PeerCertificate {
    /// Reads a certificate whose chain has been verified.
    ///
    /// # Errors
    /// A malformed one, or one that says something else than a user's does.
    pub fn parse(der: &[u8]) -> Result<Self, PeerCertificateError> {
        if der.len() > MAX_CERTIFICATE {
            return Err(PeerCertificateError("it is too large"));
        }
        let (rest, certificate) = X509Certificate::from_der(der)
            .map_err(|_| PeerCertificateError("it is not an X.509 certificate"))?;
        if !rest.is_empty() {
            return Err(PeerCertificateError("it has bytes after its end"));
        }
        let (user, device) = read_subject(certificate.subject())?;
        let Grant { session, roles } = read_grant(&certificate)?;
        Ok(Self {
            user,
            session_id: session,
            roles,
            device,
            not_after: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
            spki_der: certificate.public_key().raw.to_vec(),
            der: der.to_vec(),
        })
    }
}

fn read_subject(subject: &X509Name<'_>) -> Result<(String, Option<DeviceExtensions>), PeerCertificateError> {
    let [mut user, mut device_id, mut asset_tag, mut credential_id] = [const { None }; 4];
    for attribute in subject.iter_attributes() {
        let oid = attribute.attr_type();
        let slot = if is(oid, COMMON_NAME_OID) {
            &mut user
        } else if is(oid, DEVICE_ID_OID) {
            &mut device_id
        } else if is(oid, ASSET_TAG_OID) {
            &mut asset_tag
        } else if is(oid, CREDENTIAL_ID_OID) {
            &mut credential_id
        } else {
            return Err(PeerCertificateError("its subject has an unknown attribute"));
        };
        let text = attribute.as_str().ok().filter(|text| !text.is_empty());
        match text {
            Some(text) if attribute.attr_value().tag() == Tag::Utf8String && slot.is_none() => {
                *slot = Some(text.to_owned());
            }
            _ => return Err(PeerCertificateError("its subject is malformed")),
        }
    }
    let device = match (device_id, asset_tag, credential_id) {
        (Some(device_id), Some(asset_tag), Some(credential_id)) => {
            Some(DeviceExtensions { device_id, asset_tag, credential_id })
        }
        (None, None, None) => None,
        _ => return Err(PeerCertificateError("it names a device only in part")),
    };
    Ok((user.ok_or(PeerCertificateError("it names no user"))?, device))
}

fn read_grant(certificate: &X509Certificate<'_>) -> Result<Grant, PeerCertificateError> {
    let mut extensions = certificate.extensions().iter().filter(|extension| is(&extension.oid, SESSION_OID));
    let (Some(extension), None) = (extensions.next(), extensions.next()) else {
        return Err(PeerCertificateError("it names no session"));
    };
    let grant: Grant = serde_json::from_slice(extension.value)
        .map_err(|_| PeerCertificateError("its session is malformed"))?;
    if grant.session.is_empty() {
        return Err(PeerCertificateError("it names no session"));
    }
    Ok(grant)
}

fn is(oid: &Oid<'_>, components: &[u64]) -> bool {
    oid.iter().is_some_and(|mut found| {
        components.iter().all(|c| found.next() == Some(*c)) && found.next().is_none()
    })
}
