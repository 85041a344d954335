use gatehouse_model::tpm::AttestationParameters;

use crate::ak::{AkPublic, SignatureError};
use crate::digest::sha256;
use crate::quote::MAX_ATTEST_BYTES;
use crate::wire::{self, AttestBody, WireError};

/// Longest TPMS_CREATION_DATA, in bytes.
const MAX_CREATE_DATA_BYTES: usize = 2048;

/// Shortest signature, in bytes: scheme, hash and two sizes.
const MIN_SIGNATURE_BYTES: usize = 8;

/// Why a creation attestation does not show that the TPM made the attestation key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreationError {
    #[error("the creation attestation cannot be read")]
    Wire(#[from] WireError),
    #[error("the attestation is not one of the creation of a key")]
    NotCreation,
    #[error("the signature of the creation attestation is shorter than {MIN_SIGNATURE_BYTES} bytes")]
    SignatureTooShort,
    #[error("the signature of the creation attestation is not valid")]
    Signature(#[from] SignatureError),
    #[error("the creation data is longer than {MAX_CREATE_DATA_BYTES} bytes")]
    CreateDataTooLong,
    #[error("the creation attestation refers to other creation data")]
    CreationHash,
    #[error("the creation attestation refers to a different key")]
    ObjectName,
}

/// Checks that `ak` attests its own creation (TPM2_CertifyCreation; TPM 2.0 part 3, section 18.3).
///
/// Parent, outsideInfo and qualifying data may be anything: credential activation binds the key to its TPM.
///
/// # Errors
/// If the attestation is of something else, of another key, or not signed by the key.
pub fn verify_creation(ak: &AkPublic, params: &AttestationParameters) -> Result<(), CreationError> {
    if params.create_data.len() > MAX_CREATE_DATA_BYTES {
        return Err(CreationError::CreateDataTooLong);
    }
    if params.create_signature.len() < MIN_SIGNATURE_BYTES {
        return Err(CreationError::SignatureTooShort);
    }
    let attest = wire::attest(&params.create_attestation, MAX_ATTEST_BYTES)?;
    let AttestBody::Creation { object_name, creation_hash } = attest.body else {
        return Err(CreationError::NotCreation);
    };
    ak.verify(&params.create_attestation, &params.create_signature)?;
    // Over the data as received, by the Name algorithm of the key.
    if creation_hash != sha256(&params.create_data) {
        return Err(CreationError::CreationHash);
    }
    if object_name != ak.name() {
        return Err(CreationError::ObjectName);
    }
    Ok(())
}
