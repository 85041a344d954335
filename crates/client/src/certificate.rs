use gatehouse_model::{ErrorKind, Timestamp, clean_label};
use serde::Deserialize;
use ssh_key::Certificate;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::error::{ClientError, Result};

/// Device attributes in the subject of a certificate: device id, asset tag, credential id.
const DEVICE_ID_OID: &str = "1.3.9999.3.1";
const ASSET_TAG_OID: &str = "1.3.9999.3.2";
const CREDENTIAL_ID_OID: &str = "1.3.9999.3.3";
/// Private extension with session and roles as JSON.
const GRANT_OID: &str = "1.3.6.1.4.1.64514.1.1";
const COMMON_NAME_OID: &str = "2.5.4.3";

/// What a user's X.509 certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCertificate {
    pub der: Vec<u8>,
    pub user: String,
    pub roles: Vec<String>,
    pub not_after: Timestamp,
    /// Set after device authentication.
    pub device: Option<DeviceExtensions>,
    spki_der: Vec<u8>,
}

/// The device that a certificate is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceExtensions {
    pub device_id: String,
    pub asset_tag: String,
    pub credential_id: String,
}

#[derive(Deserialize)]
struct Grant {
    #[serde(default)]
    roles: Vec<String>,
}

impl UserCertificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// Not a certificate, no user in it, or rubbish in its extension.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let (rest, certificate) =
            X509Certificate::from_der(der).map_err(|_| wrong("it is not an X.509 certificate"))?;
        if !rest.is_empty() {
            return Err(wrong("bytes follow it"));
        }
        let attribute = |oid: &str| {
            certificate
                .subject()
                .iter_attributes()
                .find(|attribute| attribute.attr_type().to_id_string() == oid)
                .and_then(|attribute| attribute.as_str().ok())
                .map(clean_label)
                .filter(|text| !text.is_empty())
        };
        let user = attribute(COMMON_NAME_OID).ok_or_else(|| wrong("it names no user"))?;
        let roles = certificate
            .extensions()
            .iter()
            .find(|extension| extension.oid.to_id_string() == GRANT_OID)
            .map(|extension| serde_json::from_slice::<Grant>(extension.value))
            .transpose()
            .map_err(|_| wrong("its roles cannot be read"))?
            .map(|grant| grant.roles.iter().map(|role| clean_label(role)).collect())
            .unwrap_or_default();
        let device = match (attribute(DEVICE_ID_OID), attribute(ASSET_TAG_OID), attribute(CREDENTIAL_ID_OID))
        {
            (Some(device_id), Some(asset_tag), Some(credential_id)) => {
                Some(DeviceExtensions { device_id, asset_tag, credential_id })
            }
            _ => None,
        };
        Ok(Self {
            der: der.to_vec(),
            user,
            roles,
            not_after: Timestamp::from_secs(certificate.validity().not_after.timestamp()),
            device,
            spki_der: certificate.public_key().raw.to_vec(),
        })
    }

    /// Reads the PEM file of a profile.
    ///
    /// # Errors
    /// As [`Self::from_der`].
    pub fn from_pem(text: &str) -> Result<Self> {
        let block = pem::parse(text).map_err(|_| wrong("it is not PEM"))?;
        Self::from_der(block.contents())
    }

    #[must_use]
    pub fn to_pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.as_slice()), config)
    }

    /// Whether the certificate is for this public key (SubjectPublicKeyInfo DER).
    #[must_use]
    pub fn is_for_key(&self, spki_der: &[u8]) -> bool {
        self.spki_der == spki_der
    }
}

/// What a user's SSH certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshCertificate {
    /// Whom the certificate lets in: OS logins.
    pub principals: Vec<String>,
    /// Names of the extensions, sorted.
    pub extensions: Vec<String>,
}

impl SshCertificate {
    /// Reads the line of a `-cert.pub` file.
    ///
    /// # Errors
    /// Not an SSH certificate.
    pub fn from_openssh(line: &str) -> Result<Self> {
        let certificate =
            Certificate::from_openssh(line.trim()).map_err(|_| wrong("it is not an SSH certificate"))?;
        let mut extensions: Vec<String> =
            certificate.extensions().keys().map(|name| clean_label(name)).collect();
        extensions.sort();
        Ok(Self {
            principals: certificate.valid_principals().iter().map(|name| clean_label(name)).collect(),
            extensions,
        })
    }

    /// The OS logins among the principals: one that starts with a dash stands for none, as no account can be called so.
    pub fn logins(&self) -> impl Iterator<Item = &str> {
        self.principals.iter().map(String::as_str).filter(|name| !name.starts_with('-'))
    }

    /// The extensions that say which device the user is on.
    #[must_use]
    pub fn device_extensions(&self) -> Vec<&str> {
        self.extensions
            .iter()
            .map(String::as_str)
            .filter(|name| name.starts_with("teleport-device-"))
            .collect()
    }
}

fn wrong(why: &str) -> ClientError {
    ClientError::new(
        ErrorKind::FailedPrecondition,
        "certificate_damaged",
        format!("the user certificate cannot be used: {why}"),
    )
    .with_hint("run `tsh logout` and log in again")
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair, PublicKeyData};

    use super::*;

    fn certificate(device: bool, grant: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "alice");
        if device {
            for (last, value) in [(1, "id-1"), (2, "TAG"), (3, "cred")] {
                name.push(DnType::CustomDnType(vec![1, 3, 9999, 3, last]), value);
            }
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        params.custom_extensions =
            vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 64514, 1, 1], grant.to_vec())];
        let der = params.self_signed(&key).unwrap().der().to_vec();
        (der, key.subject_public_key_info())
    }

    #[test]
    fn certificates_tell_user_roles_and_device() {
        let (der, spki) = certificate(true, br#"{"session":"s","roles":["access","editor"]}"#);
        let read = UserCertificate::from_der(&der).unwrap();
        assert_eq!((read.user.as_str(), read.roles.join(",").as_str()), ("alice", "access,editor"));
        assert_eq!(read.device.as_ref().map(|d| d.asset_tag.as_str()), Some("TAG"));
        assert!(read.is_for_key(&spki));
        assert_eq!(UserCertificate::from_pem(&read.to_pem()).unwrap(), read);
        let (plain, _) = certificate(false, br#"{"roles":[]}"#);
        assert_eq!(UserCertificate::from_der(&plain).unwrap().device, None);
    }

    #[test]
    fn rubbish_is_refused_with_a_way_out() {
        let (der, _) = certificate(true, b"nonsense");
        for bad in [der.as_slice(), b"", &der[..40]] {
            assert!(UserCertificate::from_der(bad).unwrap_err().hint.is_some());
        }
        assert!(SshCertificate::from_openssh("ssh-rsa AAAA").is_err());
    }

    #[test]
    fn placeholders_are_no_logins() {
        let principals = ["-gatehouse-nologin", "alice"].map(str::to_owned).to_vec();
        let certificate = SshCertificate { principals, extensions: Vec::new() };
        assert_eq!(certificate.logins().collect::<Vec<_>>(), ["alice"]);
    }
}
