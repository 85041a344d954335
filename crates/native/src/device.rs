//! This device's TPM together with what is stored about it.

use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use gatehouse_model::tpm::{
    AttestationParameters, EkMaterial, EncryptedCredential, Pcr, PlatformParameters, Quote,
};
use tpm2_protocol::TpmUnmarshal;
use tpm2_protocol::data::{TpmsAttest, TpmuAttest};

use crate::ak::{AkAlgorithm, AkBlob};
use crate::ek::{Ek, EkChoice};
use crate::tpm::{Bank, Loaded, PcrValues, ResponseCode, Tpm, TpmAddress, TpmError, connect};
use crate::{NativeError, state};

/// The firmware's event log of the machine's own TPM.
pub(crate) const EVENT_LOG: &str = "/sys/kernel/security/tpm0/binary_bios_measurements";
/// Longest event log that is sent, in bytes; the server takes no longer ones.
pub(crate) const EVENT_LOG_CAP: u64 = 1024 * 1024;
/// How often PCRs are read and quoted again when something extends one of them in between.
const QUOTE_ATTEMPTS: usize = 5;

/// What became of the attestation key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AkStatus {
    /// The stored one was loaded.
    Loaded,
    /// There was none; one was made.
    Created,
    /// The stored one is of no use here; one was made in its place.
    Remade {
        /// Why, as a whole sentence without its full stop.
        reason: String,
    },
}

/// An open TPM and the device's state folder.
pub struct TrustedDevice {
    tpm: Tpm,
    address: TpmAddress,
    state_dir: PathBuf,
    choice: EkChoice,
    ak: Option<AkBlob>,
    ek: Option<Ek>,
}

impl TrustedDevice {
    /// Opens the TPM and prepares the state folder (0700). Nothing is made yet.
    ///
    /// # Errors
    /// If the TPM cannot be opened or the folder not be made.
    pub fn open(address: &TpmAddress, state_dir: &Path, ek: EkChoice) -> Result<Self, NativeError> {
        if !crate::platform::current().has_tpm() {
            return Err(NativeError::PlatformNotSupported);
        }
        let tpm = Tpm::new(connect(address)?);
        state::prepare_folder(state_dir)?;
        Ok(Self {
            tpm,
            address: address.clone(),
            state_dir: state_dir.to_path_buf(),
            choice: ek,
            ak: None,
            ek: None,
        })
    }

    /// Whether an attestation key is stored; says nothing about whether the TPM accepts it.
    #[must_use]
    pub fn has_ak(state_dir: &Path) -> bool {
        AkBlob::file(state_dir).is_file()
    }

    /// Loads the stored attestation key, for authentication: a new key would be unknown to the server.
    ///
    /// # Errors
    /// [`NativeError::NoAttestationKey`], [`NativeError::DamagedAttestationKey`] or
    /// [`NativeError::ForeignAttestationKey`], all mended by enrolment; others of the TPM.
    pub fn load_ak(&mut self) -> Result<(), NativeError> {
        let blob = AkBlob::read(&self.state_dir)?.ok_or(NativeError::NoAttestationKey)?;
        drop(blob.load(&self.tpm)?);
        self.ak = Some(blob);
        Ok(())
    }

    /// Loads the stored attestation key, or makes an ECDSA P-256 one, for enrolment.
    ///
    /// # Errors
    /// Of the TPM and of the state folder. A busy or locked TPM never costs a stored key.
    pub fn load_or_create_ak(&mut self) -> Result<AkStatus, NativeError> {
        self.load_or_create_ak_of(AkAlgorithm::default())
    }

    /// As [`TrustedDevice::load_or_create_ak`], with a choice of what is made; a stored key is taken as it is.
    ///
    /// # Errors
    /// As there.
    pub fn load_or_create_ak_of(&mut self, algorithm: AkAlgorithm) -> Result<AkStatus, NativeError> {
        let _lock = state::lock(&self.state_dir)?;
        let status = match self.load_ak() {
            Ok(()) => return Ok(AkStatus::Loaded),
            Err(NativeError::NoAttestationKey) => AkStatus::Created,
            Err(
                error @ (NativeError::DamagedAttestationKey { .. }
                | NativeError::ForeignAttestationKey { .. }),
            ) => {
                // The choice of EK may be another TPM's as well.
                Ek::forget(&self.state_dir)?;
                AkStatus::Remade { reason: error.to_string() }
            }
            Err(error) => return Err(error),
        };
        let blob = AkBlob::create(&self.tpm, algorithm)?;
        blob.write(&self.state_dir)?;
        self.ak = Some(blob);
        Ok(status)
    }

    /// The id of the device's credential, 43 characters; empty before an attestation key was loaded or made.
    #[must_use]
    pub fn credential_id(&self) -> String {
        self.ak.as_ref().map(AkBlob::credential_id).unwrap_or_default()
    }

    /// The attestation key and the proof of its creation; empty before one was loaded or made.
    #[must_use]
    pub fn attestation_parameters(&self) -> AttestationParameters {
        self.ak.as_ref().map(AkBlob::attestation_parameters).unwrap_or_default()
    }

    /// The endorsement key: its certificate, or the bare key where there is none. The choice is made once and stored.
    ///
    /// # Errors
    /// [`NativeError::NoEndorsementKey`], [`NativeError::EndorsementKeyUnavailable`]; others of the TPM.
    pub fn ek(&mut self) -> Result<EkMaterial, NativeError> {
        self.chosen_ek().map(|ek| ek.material())
    }

    /// Certificates of CAs that lie in the TPM beside the EK certificate, as they lie there. A TPM that gives none away
    /// has none: whoever needs them says so.
    #[must_use]
    pub fn ek_chain(&self) -> Vec<Vec<u8>> {
        crate::ek_chain::read(&self.tpm).unwrap_or_else(|error| {
            tracing::debug!(%error, "the certificates beside the endorsement certificate are left out");
            Vec::new()
        })
    }

    fn chosen_ek(&mut self) -> Result<Ek, NativeError> {
        if let Some(ek) = &self.ek {
            return Ok(ek.clone());
        }
        let ek = Ek::choose(&self.tpm, self.choice, &self.state_dir)?;
        Ok(self.ek.insert(ek).clone())
    }

    fn loaded_ak(&self) -> Result<Loaded<'_>, NativeError> {
        self.ak.as_ref().ok_or(NativeError::NoAttestationKey)?.load(&self.tpm)
    }

    /// Opens the server's challenge, which only a TPM that holds both the endorsement and the attestation key can.
    ///
    /// # Errors
    /// [`NativeError::MalformedChallenge`], [`NativeError::ForeignChallenge`]; others of the TPM.
    pub fn activate(&mut self, credential: &EncryptedCredential) -> Result<Vec<u8>, NativeError> {
        let blob = unprefixed(&credential.credential_blob)?;
        let secret = unprefixed(&credential.secret)?;
        let ek = self.chosen_ek()?;
        let (ek_key, ek_public) = ek.load(&self.tpm)?;
        let ak = self.loaded_ak()?;
        let session = self.tpm.endorsement_session(&ek_public)?;
        self.tpm.activate_credential(&ak, &ek_key, &session, blob, secret).map_err(|error| {
            match error.response_code() {
                Some(code) if is_foreign_challenge(code) => NativeError::ForeignChallenge { code },
                _ => error.into(),
            }
        })
    }

    /// Quotes PCRs 0 to 23 of every active bank over `nonce`. The event log is the firmware's for the machine's own TPM,
    /// that of the file where one is named, and none otherwise; a log that cannot be read is left out.
    ///
    /// # Errors
    /// [`NativeError::UnsteadyPcrs`]; others of the TPM.
    pub fn attest(
        &mut self,
        nonce: &[u8],
        event_log: Option<&Path>,
    ) -> Result<PlatformParameters, NativeError> {
        let banks = self.tpm.active_banks()?;
        let ak = self.loaded_ak()?;
        let mut parameters =
            PlatformParameters { event_log: self.event_log(event_log), ..Default::default() };
        for (bank, hash) in banks.into_iter().filter_map(|bank| Some((bank, bank.go_hash()?))) {
            let (values, quote) = self.steady_quote(&ak, nonce, bank)?;
            parameters.quotes.push(quote);
            parameters.pcrs.extend(values.into_iter().map(|(index, value)| Pcr {
                index: i32::from(index),
                digest: value,
                digest_alg: hash,
            }));
        }
        if parameters.quotes.is_empty() {
            return Err(TpmError::Malformed { what: "the TPM's list of PCR banks".to_owned() }.into());
        }
        Ok(parameters)
    }

    /// Values and a quote that fit together; Linux' IMA for instance extends PCR 10 all the time.
    fn steady_quote(
        &self,
        ak: &Loaded<'_>,
        nonce: &[u8],
        bank: Bank,
    ) -> Result<(PcrValues, Quote), NativeError> {
        for _ in 0..QUOTE_ATTEMPTS {
            let values = self.tpm.pcr_values(bank)?;
            let signed = self.tpm.quote(ak, nonce, bank.selection()?)?;
            let together: Vec<u8> = values.iter().flat_map(|(_, value)| value).copied().collect();
            // Both kinds of attestation key sign with SHA-256, which is then the hash of the PCR values too.
            if quoted_digest(&signed.attest)? == digest(&SHA256, &together).as_ref() {
                return Ok((values, Quote { quote: signed.attest, signature: signed.signature }));
            }
        }
        Err(NativeError::UnsteadyPcrs)
    }

    fn event_log(&self, explicit: Option<&Path>) -> Vec<u8> {
        let path = match explicit {
            Some(path) => path,
            None if self.address.is_device() => Path::new(EVENT_LOG),
            None => return Vec::new(),
        };
        state::read_capped(path, EVENT_LOG_CAP).unwrap_or_else(|error| {
            tracing::debug!(%error, path = %path.display(), "the event log is left out");
            Vec::new()
        })
    }
}

/// The payload of a TPM2B that must fill `bytes`.
fn unprefixed(bytes: &[u8]) -> Result<&[u8], NativeError> {
    match bytes {
        [high, low, payload @ ..] if usize::from(u16::from_be_bytes([*high, *low])) == payload.len() => {
            Ok(payload)
        }
        _ => Err(NativeError::MalformedChallenge { reason: "a size prefix does not fit" }),
    }
}

/// The TPM could not decrypt: parameters are refused, or (libtpms, RSA) TPM_RC_FAILURE.
const fn is_foreign_challenge(code: ResponseCode) -> bool {
    code.blames_a_parameter() || code.value() == 0x101
}

fn quoted_digest(attest: &[u8]) -> Result<Vec<u8>, NativeError> {
    match TpmsAttest::unmarshal(attest) {
        Ok((TpmsAttest { attested: TpmuAttest::Quote(info), .. }, [])) => Ok(info.pcr_digest[..].to_vec()),
        _ => Err(TpmError::Malformed { what: "the TPM's quote".to_owned() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_device_may_move_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<TrustedDevice>();
    }

    #[test]
    fn size_prefixes_must_fit() {
        assert_eq!(unprefixed(&[0, 2, 7, 8]).unwrap(), [7, 8]);
        for bad in [&[][..], &[0], &[0, 1], &[0, 1, 7, 8]] {
            assert_eq!(unprefixed(bad).unwrap_err().code(), "challenge_malformed");
        }
    }
}
