//! Between the wire's messages and the types of `gatehouse-model`, in both directions.
//!
//! Reading parses: what comes out is well formed, what does not fit is a [`WireError`] that names the field.

use gatehouse_model::tpm::{
    AttestationParameters, EkMaterial, EncryptedCredential, Pcr, PlatformParameters, Quote,
};
use gatehouse_model::{CollectedData, OsType, Timestamp};

use crate::devicetrust as wire;

/// A message does not hold what it must.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A required field is absent or empty.
    #[error("missing {0}")]
    Missing(&'static str),
    /// A field holds what it may not.
    #[error("invalid {0}")]
    Invalid(&'static str),
    /// A field that only the server may set.
    #[error("{0} is set by the server and must not be sent")]
    ServerOnly(&'static str),
}

/// Longest text in collected data, in bytes; the raw output of `profiles` is the largest of them.
const MAX_COLLECTED_BYTES: usize = 4096;
/// Longest structure of an AK, in bytes; what a TPM makes is far smaller.
const MAX_TPM_STRUCTURE: usize = 8192;
/// Longest OS user name, in characters.
const MAX_OS_USERNAME_CHARS: usize = 40;

/// The wire's form of a moment.
#[must_use]
pub fn timestamp(moment: Timestamp) -> prost_types::Timestamp {
    let micros = moment.micros();
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1000).unwrap_or_default();
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

/// Reads a moment; fractions below a microsecond are dropped.
///
/// # Errors
/// Outside the years 1 to 9999.
pub fn read_timestamp(moment: &prost_types::Timestamp) -> Result<Timestamp, WireError> {
    const YEARS_1_TO_9999: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
    if !YEARS_1_TO_9999.contains(&moment.seconds) || !(0..1_000_000_000).contains(&moment.nanos) {
        return Err(WireError::Invalid("timestamp"));
    }
    Ok(Timestamp::from_micros(moment.seconds * 1_000_000 + i64::from(moment.nanos) / 1000))
}

/// Reads an operating system.
///
/// # Errors
/// Unspecified or unknown.
pub fn read_os(number: i32) -> Result<OsType, WireError> {
    if number == 0 {
        return Err(WireError::Missing("OS type"));
    }
    OsType::from_number(number).ok_or(WireError::Invalid("OS type"))
}

/// Collected data for the wire; `record_time` goes along where the server sets it.
#[must_use]
pub fn collected_data(data: &CollectedData) -> wire::DeviceCollectedData {
    wire::DeviceCollectedData {
        collect_time: Some(timestamp(data.collect_time)),
        record_time: data.record_time.map(timestamp),
        os_type: data.os_type.number(),
        serial_number: data.serial_number.clone(),
        model_identifier: data.model_identifier.clone(),
        os_version: data.os_version.clone(),
        os_build: data.os_build.clone(),
        os_username: data.os_username.clone(),
        jamf_binary_version: data.jamf_binary_version.clone(),
        macos_enrollment_profiles: data.macos_enrollment_profiles.clone(),
        reported_asset_tag: data.reported_asset_tag.clone(),
        system_serial_number: data.system_serial_number.clone(),
        base_board_serial_number: data.base_board_serial_number.clone(),
        tpm_platform_attestation: None,
        os_id: data.os_id.clone(),
        os_login_user: data.os_login_user.clone(),
    }
}

/// Reads what a client collected.
///
/// # Errors
/// Missing collect time, OS or serial number; texts that are too long; an attestation, which only the server sets.
pub fn read_collected_data(data: wire::DeviceCollectedData) -> Result<CollectedData, WireError> {
    if data.tpm_platform_attestation.is_some() {
        return Err(WireError::ServerOnly("device_data.tpm_platform_attestation"));
    }
    let texts = [
        &data.serial_number,
        &data.model_identifier,
        &data.os_version,
        &data.os_build,
        &data.jamf_binary_version,
        &data.macos_enrollment_profiles,
        &data.reported_asset_tag,
        &data.system_serial_number,
        &data.base_board_serial_number,
        &data.os_id,
        &data.os_login_user,
    ];
    if texts.iter().any(|text| text.len() > MAX_COLLECTED_BYTES) {
        return Err(WireError::Invalid("device_data: a text is longer than 4096 bytes"));
    }
    if data.os_username.chars().count() > MAX_OS_USERNAME_CHARS {
        return Err(WireError::Invalid("device_data.os_username: longer than 40 characters"));
    }
    let collect_time = data.collect_time.as_ref().ok_or(WireError::Missing("device_data.collect_time"))?;
    let label = |text: &str| gatehouse_model::clean_label(text);
    Ok(CollectedData {
        collect_time: read_timestamp(collect_time)?,
        record_time: None,
        os_type: read_os(data.os_type)?,
        serial_number: Some(label(&data.serial_number))
            .filter(|serial| !serial.is_empty())
            .ok_or(WireError::Missing("device_data.serial_number"))?,
        model_identifier: label(&data.model_identifier),
        os_version: label(&data.os_version),
        os_build: label(&data.os_build),
        os_username: label(&data.os_username),
        jamf_binary_version: label(&data.jamf_binary_version),
        macos_enrollment_profiles: data
            .macos_enrollment_profiles
            .lines()
            .map(label)
            .collect::<Vec<_>>()
            .join("\n"),
        reported_asset_tag: label(&data.reported_asset_tag),
        system_serial_number: label(&data.system_serial_number),
        base_board_serial_number: label(&data.base_board_serial_number),
        os_id: label(&data.os_id),
        os_login_user: label(&data.os_login_user),
    })
}

/// Platform attestation for the wire.
#[must_use]
pub fn platform_parameters(params: PlatformParameters) -> wire::TpmPlatformParameters {
    wire::TpmPlatformParameters {
        quotes: params
            .quotes
            .into_iter()
            .map(|quote| wire::TpmQuote { quote: quote.quote, signature: quote.signature })
            .collect(),
        pcrs: params
            .pcrs
            .into_iter()
            .map(|pcr| wire::Tpmpcr { index: pcr.index, digest: pcr.digest, digest_alg: pcr.digest_alg })
            .collect(),
        event_log: params.event_log,
    }
}

/// Reads a platform attestation; what it proves is for the verifier to say.
#[must_use]
pub fn read_platform_parameters(params: wire::TpmPlatformParameters) -> PlatformParameters {
    PlatformParameters {
        quotes: params
            .quotes
            .into_iter()
            .map(|quote| Quote { quote: quote.quote, signature: quote.signature })
            .collect(),
        pcrs: params
            .pcrs
            .into_iter()
            .map(|pcr| Pcr { index: pcr.index, digest: pcr.digest, digest_alg: pcr.digest_alg })
            .collect(),
        event_log: params.event_log,
    }
}

/// Most NV indices whose contents come with an EK certificate, and most bytes of them together.
pub const MAX_EK_CHAIN_INDICES: usize = 64;
pub const MAX_EK_CHAIN_BYTES: usize = 64 * 1024;

/// The TPM's half of an enrolment's first message.
#[must_use]
pub fn tpm_enroll_payload(ek: EkMaterial, ak: AttestationParameters) -> wire::TpmEnrollPayload {
    wire::TpmEnrollPayload {
        ek: Some(match ek {
            EkMaterial::Certificate(der) => wire::tpm_enroll_payload::Ek::EkCert(der),
            EkMaterial::PublicKey(der) => wire::tpm_enroll_payload::Ek::EkKey(der),
        }),
        attestation_parameters: Some(wire::TpmAttestationParameters {
            public: ak.public,
            create_data: ak.create_data,
            create_attestation: ak.create_attestation,
            create_signature: ak.create_signature,
        }),
        ek_chain: Vec::new(),
    }
}

/// Takes the contents of NV indices with a chain of the EK certificate out of an enrolment's first message.
///
/// # Errors
/// More or longer ones than any TPM has.
pub fn read_ek_chain(payload: &mut wire::TpmEnrollPayload) -> Result<Vec<Vec<u8>>, WireError> {
    let chain = std::mem::take(&mut payload.ek_chain);
    let bytes: usize = chain.iter().map(Vec::len).sum();
    if chain.len() > MAX_EK_CHAIN_INDICES || bytes > MAX_EK_CHAIN_BYTES {
        return Err(WireError::Invalid("tpm.ek_chain: more than 64 indices or 65536 bytes"));
    }
    Ok(chain)
}

/// Reads the TPM's half of an enrolment's first message.
///
/// # Errors
/// No EK, or no AK.
pub fn read_tpm_enroll_payload(
    payload: wire::TpmEnrollPayload,
) -> Result<(EkMaterial, AttestationParameters), WireError> {
    let ek = match payload.ek {
        Some(wire::tpm_enroll_payload::Ek::EkCert(der)) if !der.is_empty() => EkMaterial::Certificate(der),
        Some(wire::tpm_enroll_payload::Ek::EkKey(der)) if !der.is_empty() => EkMaterial::PublicKey(der),
        _ => return Err(WireError::Missing("tpm.ek_cert or tpm.ek_key")),
    };
    let ak = payload.attestation_parameters.ok_or(WireError::Missing("tpm.attestation_parameters"))?;
    let structures = [&ak.public, &ak.create_data, &ak.create_attestation, &ak.create_signature];
    if structures.into_iter().any(|bytes| bytes.len() > MAX_TPM_STRUCTURE) {
        return Err(WireError::Invalid("tpm.attestation_parameters: a structure is longer than 8192 bytes"));
    }
    Ok((
        ek,
        AttestationParameters {
            public: ak.public,
            create_data: ak.create_data,
            create_attestation: ak.create_attestation,
            create_signature: ak.create_signature,
        },
    ))
}

/// A credential for the wire.
#[must_use]
pub fn encrypted_credential(credential: EncryptedCredential) -> wire::TpmEncryptedCredential {
    wire::TpmEncryptedCredential { credential_blob: credential.credential_blob, secret: credential.secret }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> CollectedData {
        let mut data = CollectedData::new(Timestamp::from_secs(1_700_000_000), OsType::Linux, "PF0001");
        data.os_login_user = "alice".to_owned();
        data
    }

    #[test]
    fn collected_data_reads_back() {
        assert_eq!(read_collected_data(collected_data(&sample())), Ok(sample()));
    }

    #[test]
    fn an_attestation_that_only_the_server_sets_is_refused() {
        let mut sent = collected_data(&sample());
        sent.tpm_platform_attestation = Some(wire::TpmPlatformAttestation::default());
        assert!(matches!(read_collected_data(sent), Err(WireError::ServerOnly(_))));
    }

    #[test]
    fn unknown_operating_systems_and_long_names_are_refused() {
        let mut sent = collected_data(&sample());
        sent.os_type = 4;
        assert_eq!(read_collected_data(sent), Err(WireError::Invalid("OS type")));
        let mut sent = collected_data(&sample());
        sent.os_username = "x".repeat(41);
        assert!(read_collected_data(sent).is_err());
    }

    #[test]
    fn control_and_bidi_characters_do_not_survive_reading() {
        let mut sent = collected_data(&sample());
        sent.model_identifier = "evil\u{202e}\u{1b}[2Jmodel".to_owned();
        assert_eq!(read_collected_data(sent).unwrap().model_identifier, "evil[2Jmodel");
    }
}
