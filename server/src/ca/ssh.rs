use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use gatehouse_domain::ports::{CaError, CertificateRequest, Random, SshCertificateFacts};
use gatehouse_model::Timestamp;
use ssh_key::certificate::{Builder, CertType};
use ssh_key::public::{Ed25519PublicKey, KeyData};
use ssh_key::{Algorithm, Certificate, PublicKey, Signature};

use super::claims::{ASSET_TAG_EXTENSION, CREDENTIAL_ID_EXTENSION, DEVICE_ID_EXTENSION, device_claims};
use super::{BACKDATED_SECS, public_key};

/// Bytes of an Ed25519 private key (RFC 8032 section 5.1.5).
pub(super) const SEED_LEN: usize = 32;
/// Principal of a user without logins: a certificate without principals would be good for every login.
const NO_LOGIN: &str = "-gatehouse-nologin";
/// Principals with these beginnings are no logins.
const PLACEHOLDERS: [&str; 2] = ["-gatehouse-", "-teleport-"];
/// Larger than any key or certificate of ours, in bytes.
const MAX_LINE: usize = 32 * 1024;

/// The SSH user CA.
pub(super) struct Signer {
    key: Ed25519KeyPair,
    public: KeyData,
}

impl Signer {
    pub(super) fn from_seed(seed: &[u8]) -> Result<Self, CaError> {
        let unusable = |_| CaError::Signing("the key of the SSH CA is unusable".to_owned());
        let key = Ed25519KeyPair::from_seed_unchecked(seed).map_err(unusable)?;
        let public = Ed25519PublicKey::try_from(key.public_key().as_ref()).map_err(signing)?;
        Ok(Self { key, public: KeyData::Ed25519(public) })
    }

    /// The public key as a line of authorized_keys.
    pub(super) fn public_line(&self) -> Result<String, CaError> {
        PublicKey::new(self.public.clone(), "").to_openssh().map_err(signing)
    }

    /// Certifies the key of the line; answers with a line of authorized_keys.
    pub(super) fn issue(
        &self,
        request: &CertificateRequest,
        line: &str,
        random: &dyn Random,
    ) -> Result<String, CaError> {
        let malformed = || CaError::PublicKey("the SSH key is not a line of authorized_keys".to_owned());
        if line.len() > MAX_LINE {
            return Err(malformed());
        }
        let key = PublicKey::from_openssh(line).map_err(|_| malformed())?;
        public_key::spki_of_ssh(key.key_data())?;
        self.certify(request, key.key_data().clone(), random).map_err(signing)
    }

    fn certify(
        &self,
        request: &CertificateRequest,
        key: KeyData,
        random: &dyn Random,
    ) -> ssh_key::Result<String> {
        let mut nonce = [0; 32];
        random.fill(&mut nonce);
        let mut serial = [0; 8];
        random.fill(&mut serial);
        let seconds = |time: Timestamp| u64::try_from(time.secs()).unwrap_or(0);
        let from = seconds(request.not_before.plus_secs(-BACKDATED_SECS));
        let mut builder = Builder::new(nonce, key, from, seconds(request.not_after))?;
        builder.serial(u64::from_be_bytes(serial))?;
        builder.cert_type(CertType::User)?;
        builder.key_id(request.user.as_str())?;
        for login in &request.logins {
            builder.valid_principal(login.as_str())?;
        }
        if request.logins.is_empty() {
            builder.valid_principal(NO_LOGIN)?;
        }
        builder.extension("permit-port-forwarding", "")?;
        builder.extension("permit-pty", "")?;
        for (name, _, value) in request.device.iter().flat_map(device_claims) {
            builder.extension(name, value)?;
        }
        builder.sign(self)?.to_openssh().map(|line| line.trim_end().to_owned())
    }

    /// See [`gatehouse_domain::ports::CertificateAuthority::check_ssh_certificate`].
    pub(super) fn check(
        &self,
        line: &str,
        user: &str,
        now: Timestamp,
    ) -> Result<SshCertificateFacts, CaError> {
        let refuse = |text| Err(CaError::SshCertificate(text));
        if line.len() > MAX_LINE {
            return refuse("malformed ssh certificate");
        }
        let Ok(certificate) = Certificate::from_openssh(line.trim()) else {
            return refuse("malformed ssh certificate");
        };
        if certificate.cert_type() != CertType::User {
            return refuse("ssh cert type mismatch");
        }
        if certificate.signature_key() != &self.public || certificate.verify_signature().is_err() {
            return refuse("ssh certificate signed by unknown authority");
        }
        if certificate.key_id() != user {
            return refuse("identity and SSH user mismatch");
        }
        let now = u64::try_from(now.secs()).unwrap_or(0);
        if !(certificate.valid_after()..certificate.valid_before()).contains(&now) {
            return refuse("ssh certificate expired or not yet valid");
        }
        if !certificate.critical_options().is_empty() {
            return refuse("ssh certificate has unknown critical options");
        }
        let principals = certificate.valid_principals().iter();
        let is_login = |name: &&String| !PLACEHOLDERS.iter().any(|start| name.starts_with(start));
        let device = [DEVICE_ID_EXTENSION, ASSET_TAG_EXTENSION, CREDENTIAL_ID_EXTENSION];
        Ok(SshCertificateFacts {
            public_key_der: public_key::spki_of_ssh(certificate.public_key())?,
            public_key_line: PublicKey::new(certificate.public_key().clone(), "")
                .to_openssh()
                .map_err(signing)?,
            principals: principals.filter(is_login).cloned().collect(),
            has_device: device.iter().any(|name| certificate.extensions().contains_key(*name)),
        })
    }
}

impl signature::Signer<Signature> for Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Signature, signature::Error> {
        let signed = self.key.sign(message);
        Signature::new(Algorithm::Ed25519, signed.as_ref()).map_err(|_| signature::Error::new())
    }
}

impl From<&Signer> for KeyData {
    fn from(signer: &Signer) -> Self {
        signer.public.clone()
    }
}

fn signing(error: ssh_key::Error) -> CaError {
    CaError::Signing(error.to_string())
}
