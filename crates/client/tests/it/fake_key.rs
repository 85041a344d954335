use gatehouse_client::Result;
use gatehouse_client::device::{DeviceKey, KeyStatus};
use gatehouse_model::tpm::{
    AttestationParameters, EkMaterial, EncryptedCredential, PlatformParameters, Quote,
};
use gatehouse_model::{CollectedData, OsType, Timestamp};

/// A key that answers at once: the nonce is its quote, the blob its solution.
pub(crate) struct FakeKey;

impl DeviceKey for FakeKey {
    fn load(&mut self) -> Result<()> {
        Ok(())
    }

    fn load_or_create(&mut self) -> Result<KeyStatus> {
        Ok(KeyStatus::Loaded)
    }

    fn credential_id(&self) -> String {
        "credential".to_owned()
    }

    fn enrolment(&mut self) -> Result<(EkMaterial, AttestationParameters)> {
        Ok((EkMaterial::PublicKey(vec![1]), AttestationParameters { public: vec![2], ..Default::default() }))
    }

    fn activate(&mut self, credential: &EncryptedCredential) -> Result<Vec<u8>> {
        Ok(credential.credential_blob.clone())
    }

    fn attest(&mut self, nonce: &[u8]) -> Result<PlatformParameters> {
        let quotes = vec![Quote { quote: nonce.to_vec(), signature: vec![3] }];
        Ok(PlatformParameters { quotes, ..Default::default() })
    }
}

pub(crate) fn collected() -> CollectedData {
    CollectedData::new(Timestamp::from_secs(1_700_000_000), OsType::Linux, "PF0001")
}
