//! The user CAs: X.509 (ECDSA P-256) for TLS and gRPC, and SSH (Ed25519).

mod claims;
mod public_key;
mod ssh;
#[cfg(test)]
mod tests;
mod x509;

use std::sync::Arc;

use gatehouse_domain::entity::{SealedSecret, SecretPurpose};
use gatehouse_domain::ports::{
    CaError, CertificateAuthority, CertificateRequest, IssuedCertificates, Random, SealError, Sealer,
    SshCertificateFacts,
};
use gatehouse_model::Timestamp;
use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

pub(crate) use claims::{ASSET_TAG_OID, CREDENTIAL_ID_OID, DEVICE_ID_OID, Grant, SESSION_OID};

/// How far back certificates begin, in seconds, for clients whose clock is slow.
const BACKDATED_SECS: i64 = 60;

/// A stored CA cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadCaError {
    #[error("the {} cannot be opened", purpose.as_str())]
    Sealed { purpose: SecretPurpose, source: SealError },
    #[error("the {} is damaged: {reason}", purpose.as_str())]
    Damaged { purpose: SecretPurpose, reason: &'static str },
}

/// Makes the keys of new user CAs and seals them: X.509, then SSH. `row` names this generation of the CAs,
/// `cluster` becomes part of the X.509 CA's name.
///
/// # Errors
/// A failing key generator or signer.
pub fn generate(
    sealer: &dyn Sealer,
    random: &dyn Random,
    row: &str,
    cluster: &str,
    now: Timestamp,
) -> Result<[SealedSecret; 2], CaError> {
    let (key, certificate) = x509::generate(random, cluster, now)?;
    let x509 = sealer.seal(SecretPurpose::X509UserCa, row, &key, &certificate);
    let mut seed = Zeroizing::new([0; ssh::SEED_LEN]);
    random.fill(seed.as_mut_slice());
    let line = ssh::Signer::from_seed(seed.as_slice())?.public_line()?;
    let ssh = sealer.seal(SecretPurpose::SshUserCa, row, seed.as_slice(), line.as_bytes());
    Ok([x509, ssh])
}

/// The user CAs, ready to sign.
pub struct UserCa {
    x509: x509::Signer,
    ssh: ssh::Signer,
    ssh_line: String,
    random: Arc<dyn Random>,
}

impl UserCa {
    /// Opens what [`generate`] made.
    ///
    /// # Errors
    /// Another key file, damaged secrets, a public half that belongs to another key.
    pub fn from_sealed(
        sealer: &dyn Sealer,
        random: Arc<dyn Random>,
        x509: &SealedSecret,
        ssh: &SealedSecret,
    ) -> Result<Self, LoadCaError> {
        let open = |sealed: &SealedSecret, purpose| {
            if sealed.purpose != purpose {
                return Err(LoadCaError::Damaged { purpose, reason: "another secret is in its place" });
            }
            sealer.open(sealed).map_err(|source| LoadCaError::Sealed { purpose, source })
        };
        let damaged = |purpose| move |reason| LoadCaError::Damaged { purpose, reason };
        let purpose = SecretPurpose::X509UserCa;
        let x509 = x509::Signer::load(&open(x509, purpose)?, &x509.public).map_err(damaged(purpose))?;
        let purpose = SecretPurpose::SshUserCa;
        let signer = ssh::Signer::from_seed(&open(ssh, purpose)?)
            .map_err(|_| LoadCaError::Damaged { purpose, reason: "it is no Ed25519 key" })?;
        let ssh_line = signer
            .public_line()
            .map_err(|_| LoadCaError::Damaged { purpose, reason: "its public key cannot be written" })?;
        if ssh_line.as_bytes() != ssh.public {
            return Err(damaged(purpose)("the public key belongs to another key"));
        }
        Ok(Self { x509, ssh: signer, ssh_line, random })
    }

    /// The certificate of the X.509 CA, by which clients' certificates are verified.
    #[must_use]
    pub fn x509_certificate(&self) -> &CertificateDer<'static> {
        self.x509.certificate()
    }
}

impl CertificateAuthority for UserCa {
    fn issue(&self, request: &CertificateRequest) -> Result<IssuedCertificates, CaError> {
        if request.not_after <= request.not_before {
            return Err(CaError::Signing("a certificate cannot end before it begins".to_owned()));
        }
        let ssh_authorized_key = match &request.ssh_public_key {
            Some(line) => self.ssh.issue(request, line, &*self.random)?,
            None => String::new(),
        };
        Ok(IssuedCertificates { x509_der: self.x509.issue(request, &*self.random)?, ssh_authorized_key })
    }

    fn ssh_user_ca(&self) -> String {
        self.ssh_line.clone()
    }

    fn check_ssh_certificate(
        &self,
        line: &str,
        user: &str,
        now: Timestamp,
    ) -> Result<SshCertificateFacts, CaError> {
        self.ssh.check(line, user, now)
    }
}
