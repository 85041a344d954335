// What the fuzz targets do with their input. The tests of the crate run it over the committed seeds.

use gatehouse_attestation::{
    AkPublic, AllowedCas, Bank, EkCertificate, EkPublic, EventLog, boot_state, make_credential,
    verify_creation, verify_ek_chain, verify_platform,
};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};

/// An EK certificate in any wrapping; its own DER serves as the list of intermediates.
pub(crate) fn ek_certificate(data: &[u8]) -> bool {
    let _ = EkPublic::from_spki_der(data);
    let _ = AllowedCas::from_pems(&[String::from_utf8_lossy(data).into_owned()]);
    let Ok(certificate) = EkCertificate::parse(data) else { return false };
    let _ = (certificate.serial(), certificate.issuer(), certificate.aki(), certificate.tpm().clone());
    let now = Timestamp::from_secs(1_780_272_000);
    let chained = verify_ek_chain(&certificate, &AllowedCas::default(), &[certificate.der().to_vec()], now);
    assert!(chained.is_err(), "a chain to no anchor at all");
    true
}

/// The attestation parameters of a key: each part behind its 16-bit length.
pub(crate) fn ak_public(data: &[u8]) -> bool {
    let mut rest = data;
    let (public, create_data) = (sized(&mut rest), sized(&mut rest));
    let (create_attestation, create_signature) = (sized(&mut rest), sized(&mut rest));
    let params = AttestationParameters { public, create_data, create_attestation, create_signature };
    let Ok(ak) = AkPublic::parse(&params.public) else { return false };
    assert_eq!(ak.bytes(), params.public);
    let ek = EkPublic::from_spki_der(&ak.spki_der()).expect("an attestation key is a sound public key");
    make_credential(&ek, &ak, &[1; 32], &mut |seed| seed.fill(2)).expect("a sound public key encrypts");
    verify_creation(&ak, &params).is_ok()
}

/// A platform attestation: public area, nonce, then quotes and PCR values by count.
pub(crate) fn platform(data: &[u8]) -> bool {
    let mut rest = data;
    let public = sized(&mut rest);
    let nonce = sized(&mut rest);
    let quotes = (0..byte(&mut rest).min(16))
        .map(|_| Quote { quote: sized(&mut rest), signature: sized(&mut rest) })
        .collect();
    let pcrs = (0..byte(&mut rest))
        .map(|_| Pcr {
            index: i32::from(byte(&mut rest).cast_signed()),
            digest_alg: u64::from(byte(&mut rest)),
            digest: sized(&mut rest),
        })
        .collect();
    let params = PlatformParameters { quotes, pcrs, event_log: rest.to_vec() };
    let Ok(ak) = AkPublic::parse(&public) else { return false };
    verify_platform(&ak, &nonce, &params).is_ok()
}

/// A firmware event log; the PCR values that it gives serve as the quoted ones.
pub(crate) fn event_log(data: &[u8]) -> bool {
    let Ok(log) = EventLog::parse(data) else { return false };
    let replayed = log.replay(Bank::Sha256);
    let pcrs = replayed.iter().map(|(index, digest)| Pcr {
        index: i32::from(*index),
        digest: digest.clone(),
        digest_alg: 5,
    });
    let params = PlatformParameters { pcrs: pcrs.collect(), event_log: data.to_vec(), ..Default::default() };
    let state = boot_state(&params);
    assert!(state.banks.iter().flat_map(|bank| &bank.pcrs).all(|pcr| pcr.explained == Some(true)));
    true
}

fn byte(rest: &mut &[u8]) -> u8 {
    let Some((first, tail)) = rest.split_first() else { return 0 };
    *rest = tail;
    *first
}

fn sized(rest: &mut &[u8]) -> Vec<u8> {
    let length = usize::from(u16::from_be_bytes([byte(rest), byte(rest)])).min(rest.len());
    let (value, tail) = rest.split_at(length);
    *rest = tail;
    value.to_vec()
}
