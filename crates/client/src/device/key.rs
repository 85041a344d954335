use gatehouse_model::tpm::{AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters};

use crate::error::Result;

/// What became of the stored key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    Loaded,
    Created,
    /// The stored one was of no use and was replaced; why, without a full stop.
    Remade(String),
}

impl KeyStatus {
    /// What the person should know of it, if anything.
    #[must_use]
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::Loaded | Self::Created => None,
            Self::Remade(reason) => Some(format!("{reason}; a new device key was made in its place")),
        }
    }
}

/// The key of a device, as the ceremonies need it: a TPM, or something that answers like one.
///
/// The methods may block for as long as a TPM needs (seconds for a slow chip).
pub trait DeviceKey {
    /// Loads the stored key, for authentication.
    ///
    /// # Errors
    /// There is none, or it is of no use here: enrolment mends both.
    fn load(&mut self) -> Result<()>;

    /// Loads the stored key or makes one, for enrolment.
    ///
    /// # Errors
    /// The TPM or the disk refuses.
    fn load_or_create(&mut self) -> Result<KeyStatus>;

    /// Id of the credential, derived from the public key.
    fn credential_id(&self) -> String;

    /// EK and AK for the first message of an enrolment.
    ///
    /// # Errors
    /// The TPM refuses.
    fn enrolment(&mut self) -> Result<(EkMaterial, AttestationParameters)>;

    /// Certificates of CAs that lie beside the EK certificate, as they lie there: contents of NV indices.
    fn ek_chain(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// Opens a credential that the server made for this EK and AK (TPM2_ActivateCredential).
    ///
    /// # Errors
    /// The credential is for another TPM or key.
    fn activate(&mut self, credential: &EncryptedCredential) -> Result<Vec<u8>>;

    /// Quotes the PCRs over the server's nonce.
    ///
    /// # Errors
    /// The TPM refuses.
    fn attest(&mut self, nonce: &[u8]) -> Result<PlatformParameters>;
}
