use gatehouse_model::Timestamp;

/// Device claims of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceExtensions {
    pub device_id: String,
    pub asset_tag: String,
    pub credential_id: String,
}

/// What to certify.
#[derive(Clone, Debug)]
pub struct CertificateRequest {
    pub user: String,
    pub roles: Vec<String>,
    /// SSH principals.
    pub logins: Vec<String>,
    pub session_id: String,
    /// SubjectPublicKeyInfo DER of the key for TLS.
    pub tls_public_key_der: Vec<u8>,
    /// authorized_keys line of the key for SSH; none for no SSH certificate.
    pub ssh_public_key: Option<String>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    pub device: Option<DeviceExtensions>,
}

/// Fresh certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssuedCertificates {
    pub x509_der: Vec<u8>,
    /// A line of authorized_keys; empty if no SSH key was given.
    pub ssh_authorized_key: String,
}

/// Certificates could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error("unsupported or malformed public key: {0}")]
    PublicKey(String),
    /// The SSH certificate that a client wants augmented is not one of ours, or not this user's.
    #[error("{0}")]
    SshCertificate(&'static str),
    #[error("signing failed: {0}")]
    Signing(String),
}

/// The user CAs for X.509 and SSH.
pub trait CertificateAuthority: Send + Sync {
    /// Issues certificates.
    ///
    /// # Errors
    /// Keys that cannot be certified; a failing signer.
    fn issue(&self, request: &CertificateRequest) -> Result<IssuedCertificates, CaError>;

    /// authorized_keys line of the SSH user CA.
    fn ssh_user_ca(&self) -> String;

    /// Checks that an SSH certificate (authorized_keys line) was issued by our current CA to this user, for these
    /// principals, and is valid now; answers with its key in SubjectPublicKeyInfo DER and as an authorized_keys line.
    ///
    /// # Errors
    /// [`CaError::SshCertificate`] with the contract's text for what does not fit.
    fn check_ssh_certificate(
        &self,
        line: &str,
        user: &str,
        now: Timestamp,
    ) -> Result<SshCertificateFacts, CaError>;
}

/// What an accepted SSH certificate holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshCertificateFacts {
    pub public_key_der: Vec<u8>,
    pub public_key_line: String,
    pub principals: Vec<String>,
    /// It already carries device extensions.
    pub has_device: bool,
}
