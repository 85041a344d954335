//! The endorsement key: which one, its certificate, and how to use it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use gatehouse_model::tpm::EkMaterial;
use serde::{Deserialize, Serialize};
use tpm2_protocol::data::{TpmRh, TpmtPublic};

use crate::public_key::PublicKey;
use crate::tpm::{Loaded, Tpm, TpmError, template};
use crate::{NativeError, state};

/// Which endorsement key the user wants: `--ek auto|rsa|p256|p384`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EkChoice {
    /// RSA-2048 with a certificate, else P-256 with one, else P-384 with one, else bare RSA-2048.
    #[default]
    Auto,
    Rsa2048,
    P256,
    P384,
}

impl FromStr for EkChoice {
    type Err = UnknownEk;

    fn from_str(text: &str) -> Result<Self, UnknownEk> {
        match text {
            "auto" => Ok(Self::Auto),
            "rsa" => Ok(Self::Rsa2048),
            "p256" => Ok(Self::P256),
            "p384" => Ok(Self::P384),
            _ => Err(UnknownEk(gatehouse_model::clean_label(text))),
        }
    }
}

impl fmt::Display for EkChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Rsa2048 => "rsa",
            Self::P256 => "p256",
            Self::P384 => "p384",
        })
    }
}

/// The text names no kind of endorsement key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown endorsement key \"{0}\": choose auto, rsa, p256 or p384")]
pub struct UnknownEk(String);

/// The endorsement keys that Gatehouse can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EkKind {
    #[serde(rename = "rsa")]
    Rsa2048,
    #[serde(rename = "p256")]
    P256,
    #[serde(rename = "p384")]
    P384,
}

impl EkKind {
    /// In order of preference.
    pub(crate) const ALL: [Self; 3] = [Self::Rsa2048, Self::P256, Self::P384];

    /// Handles and indices are those of the TCG EK Credential Profile 2.6, section 2.2.1.4, and of the TPM v2.0
    /// Provisioning Guidance, section 7.8.
    const fn certificate_index(self) -> u32 {
        match self {
            Self::Rsa2048 => 0x01c0_0002,
            Self::P256 => 0x01c0_000a,
            Self::P384 => 0x01c0_0016,
        }
    }

    const fn nonce_index(self) -> Option<u32> {
        match self {
            Self::Rsa2048 => Some(0x01c0_0003),
            Self::P256 => Some(0x01c0_000b),
            Self::P384 => None,
        }
    }

    const fn persistent_handles(self) -> &'static [u32] {
        match self {
            Self::Rsa2048 => &[0x8101_0001],
            Self::P256 => &[0x8101_0002, 0x8101_000a],
            Self::P384 => &[0x8101_0016],
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa2048 => "RSA-2048",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    fn template(self, nonce: &[u8]) -> Result<TpmtPublic, TpmError> {
        match self {
            Self::Rsa2048 => template::ek_rsa2048(nonce),
            Self::P256 => template::ek_p256(nonce),
            Self::P384 => template::ek_p384(),
        }
    }

    const fn of(choice: EkChoice) -> Option<Self> {
        match choice {
            EkChoice::Auto => None,
            EkChoice::Rsa2048 => Some(Self::Rsa2048),
            EkChoice::P256 => Some(Self::P256),
            EkChoice::P384 => Some(Self::P384),
        }
    }
}

/// The endorsement key that was chosen.
#[derive(Clone, Debug)]
pub(crate) struct Ek {
    kind: EkKind,
    /// X.509 DER out of NV memory.
    certificate: Option<Vec<u8>>,
    /// Its key, or the TPM's where there is no certificate.
    key: PublicKey,
}

/// The file with the choice: devices are recognised by their EK, so it must stay the same.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stored {
    endorsement_key: EkKind,
}

const FILE: &str = "device.json";
const FILE_CAP: u64 = 64 * 1024;

impl Ek {
    /// Chooses: what the user wants, else what was chosen before, else by the rules of [`EkChoice::Auto`]. The choice is
    /// stored.
    pub(crate) fn choose(tpm: &Tpm, choice: EkChoice, state_dir: &Path) -> Result<Self, NativeError> {
        let path = state_dir.join(FILE);
        let stored = state::read(&path, FILE_CAP)?
            .and_then(|bytes| serde_json::from_slice::<Stored>(&bytes).ok())
            .map(|stored| stored.endorsement_key);
        let ek = match EkKind::of(choice).or(stored) {
            Some(kind) => {
                Self::find(tpm, kind)?.ok_or(NativeError::EndorsementKeyUnavailable { kind: kind.name() })?
            }
            None => Self::best(tpm)?,
        };
        if stored != Some(ek.kind) {
            let text = serde_json::to_vec_pretty(&Stored { endorsement_key: ek.kind }).unwrap_or_default();
            state::write(&path, &text)?;
        }
        Ok(ek)
    }

    /// Forgets the stored choice, when the state turns out to be another TPM's.
    pub(crate) fn forget(state_dir: &Path) -> Result<(), NativeError> {
        let path = state_dir.join(FILE);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(NativeError::State { action: "remove", path, source })
            }
            _ => Ok(()),
        }
    }

    fn best(tpm: &Tpm) -> Result<Self, NativeError> {
        for kind in EkKind::ALL {
            if let Some((certificate, key)) = certificate(tpm, kind)? {
                return Ok(Self { kind, certificate: Some(certificate), key });
            }
        }
        // Some TPMs have no RSA.
        for kind in EkKind::ALL {
            if let Some(ek) = Self::bare(tpm, kind)? {
                return Ok(ek);
            }
        }
        Err(NativeError::NoEndorsementKey)
    }

    fn find(tpm: &Tpm, kind: EkKind) -> Result<Option<Self>, NativeError> {
        match certificate(tpm, kind)? {
            Some((certificate, key)) => Ok(Some(Self { kind, certificate: Some(certificate), key })),
            None => Self::bare(tpm, kind),
        }
    }

    /// The key without a certificate; `None` if the TPM cannot make this kind.
    fn bare(tpm: &Tpm, kind: EkKind) -> Result<Option<Self>, NativeError> {
        let public = match load(tpm, kind, None) {
            Ok((_, public)) => public,
            Err(NativeError::Tpm(error))
                if error.response_code().is_some_and(|code| code.blames_a_parameter()) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        Ok(PublicKey::from_tpm(&public).map(|key| Self { kind, certificate: None, key }))
    }

    /// What the server is told.
    pub(crate) fn material(&self) -> EkMaterial {
        match &self.certificate {
            Some(der) => EkMaterial::Certificate(der.clone()),
            None => EkMaterial::PublicKey(self.key.to_der()),
        }
    }

    /// Loads the key: where the maker keeps it, if that is really this key, else made again from its template.
    pub(crate) fn load<'t>(&self, tpm: &'t Tpm) -> Result<(Loaded<'t>, TpmtPublic), NativeError> {
        load(tpm, self.kind, Some(&self.key))
    }
}

fn load<'t>(
    tpm: &'t Tpm,
    kind: EkKind,
    expected: Option<&PublicKey>,
) -> Result<(Loaded<'t>, TpmtPublic), NativeError> {
    let nonce = match kind.nonce_index() {
        Some(index) => tpm.nv_read(index)?.unwrap_or_default(),
        None => Vec::new(),
    };
    let template = kind.template(&nonce)?;
    for handle in kind.persistent_handles() {
        let Some(bytes) = tpm.read_public(*handle)? else { continue };
        let Ok(public) = template::parse_public(&bytes, "the endorsement key") else { continue };
        let same_kind = TpmtPublic { unique: template.unique.clone(), ..public.clone() } == template;
        let same_key = expected.is_none_or(|key| PublicKey::from_tpm(&public).as_ref() == Some(key));
        if same_kind && same_key {
            return Ok((Loaded::persistent(tpm, *handle), public));
        }
    }
    let (loaded, bytes) = tpm.create_primary(TpmRh::Endorsement, template)?;
    let public = template::parse_public(&bytes, "the endorsement key")?;
    if expected.is_some_and(|key| PublicKey::from_tpm(&public).as_ref() != Some(key)) {
        return Err(NativeError::EndorsementKeyMismatch { kind: kind.name() });
    }
    Ok((loaded, public))
}

/// The certificate in NV memory and its key; `None` if there is none that can be used.
pub(crate) fn certificate(tpm: &Tpm, kind: EkKind) -> Result<Option<(Vec<u8>, PublicKey)>, TpmError> {
    let Some(content) = tpm.nv_read(kind.certificate_index())? else { return Ok(None) };
    let found = unframe(&content).and_then(|der| Some((der.to_vec(), PublicKey::from_certificate(der)?)));
    if found.is_none() {
        tracing::debug!(kind = kind.name(), "the endorsement certificate in NV memory cannot be read");
    }
    Ok(found)
}

/// Cuts the certificate out of what makers put into NV memory: bare DER, or behind a TCG header (`10 01 00`, 16 bits of
/// length, perhaps `10 02`), and then padding.
fn unframe(content: &[u8]) -> Option<&[u8]> {
    let der = match content {
        [0x10, 0x01, 0x00, _, _, 0x10, 0x02, der @ ..] | [0x10, 0x01, 0x00, _, _, der @ ..] => der,
        der => der,
    };
    // SEQUENCE with a length of 16 bits: every certificate has between 256 and 65,535 bytes, or very nearly.
    let size = match der {
        [0x30, 0x82, high, low, ..] => 4 + usize::from(u16::from_be_bytes([*high, *low])),
        [0x30, 0x81, size, ..] => 3 + usize::from(*size),
        _ => return None,
    };
    der.get(..size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_cut_out_of_every_framing() {
        let der = [&[0x30, 0x82, 0x01, 0x00], [7; 256].as_slice()].concat();
        let framed = [&[0x10, 0x01, 0x00, 0x01, 0x04], der.as_slice()].concat();
        let framed_again = [&[0x10, 0x01, 0x00, 0x01, 0x06, 0x10, 0x02], der.as_slice()].concat();
        for content in [der.clone(), framed, framed_again] {
            for padding in [[0_u8; 9], [0xff; 9]] {
                let padded = [content.as_slice(), &padding].concat();
                assert_eq!(unframe(&padded).unwrap(), der);
            }
        }
        for broken in [&[][..], &[0x30], &[0x30, 0x82, 0x01], &[0x30, 0x82, 0x01, 0x00, 7], &[0xff; 300]] {
            assert!(unframe(broken).is_none(), "{broken:?}");
        }
    }

    #[test]
    fn the_flag_reads_back() {
        for text in ["auto", "rsa", "p256", "p384"] {
            assert_eq!(text.parse::<EkChoice>().unwrap().to_string(), text);
        }
        assert!("RSA".parse::<EkChoice>().is_err());
    }
}
