// What the fuzz targets do with their input. The tests of the crate run it over the committed seeds.

use gatehouse_attestation::{
    AkPublic, AllowedCas, Bank, CaCertificate, EkCertificate, EkPublic, EventLog, MAX_SENT_BYTES,
    MAX_SENT_CERTIFICATES, QuoteError, boot_state, certificate_chain, certificates_in, make_credential,
    verify_creation, verify_ek_chain, verify_platform,
};
use gatehouse_model::Timestamp;
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};

/// An EK certificate in any wrapping; its own DER serves as the list of intermediates.
pub(crate) fn ek_certificate(data: &[u8]) -> bool {
    let _ = EkPublic::from_spki_der(data);
    let _ = AllowedCas::from_pems(&[String::from_utf8_lossy(data).into_owned()]);
    let _ = CaCertificate::parse(data).map(|ca| ca.facts());
    let _ = certificates_in(data);
    let sent = certificate_chain(&[data.to_vec(), data.to_vec()]);
    assert!(
        sent.len() <= MAX_SENT_CERTIFICATES && sent.iter().map(Vec::len).sum::<usize>() <= MAX_SENT_BYTES
    );
    let Ok(certificate) = EkCertificate::parse(data) else { return false };
    let _ = (certificate.serial(), certificate.issuer(), certificate.aki(), certificate.tpm().clone());
    let _ = certificate.quirks();
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
    let (public, nonce, params) = platform_parts(&mut rest);
    let Ok(ak) = AkPublic::parse(&public) else { return false };
    verify_platform(&ak, &nonce, &params).is_ok()
}

fn platform_parts(rest: &mut &[u8]) -> (Vec<u8>, Vec<u8>, PlatformParameters) {
    let public = sized(rest);
    let nonce = sized(rest);
    let quotes =
        (0..byte(rest).min(16)).map(|_| Quote { quote: sized(rest), signature: sized(rest) }).collect();
    let pcrs = (0..byte(rest))
        .map(|_| Pcr {
            index: i32::from(byte(rest).cast_signed()),
            digest_alg: u64::from(byte(rest)),
            digest: sized(rest),
        })
        .collect();
    (public, nonce, PlatformParameters { quotes, pcrs, event_log: rest.to_vec() })
}

/// A firmware event log; the PCR values that it gives serve as the quoted ones.
pub(crate) fn event_log(data: &[u8]) -> bool {
    let Ok(log) = EventLog::parse(data) else { return false };
    assert_eq!(log.describe().count(), log.len());
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

/// TPMT_PUBLIC by itself.
pub(crate) fn tpmt_public(data: &[u8]) -> bool {
    let Ok(ak) = AkPublic::parse(data) else { return false };
    assert_eq!(ak.bytes(), data);
    assert_eq!((ak.name().len(), ak.credential_id().len()), (34, 43));
    true
}

/// TPMS_ATTEST by itself: whether it could be read.
pub(crate) fn tpms_attest(data: &[u8]) -> bool {
    let (ak, mut params) = good_platform();
    for quote in &mut params.quotes {
        quote.quote = data.to_vec();
    }
    // Nobody has signed it for this challenge.
    let error = verify_platform(&ak, b"a challenge that no seed answers", &params).expect_err("not signed");
    !matches!(error, QuoteError::Wire(_))
}

/// TPMT_SIGNATURE over a quote.
pub(crate) fn tpmt_signature(data: &[u8]) -> bool {
    let (ak, mut params) = good_platform();
    for quote in &mut params.quotes {
        quote.signature = data.to_vec();
    }
    verify_platform(&ak, &GOOD_NONCE, &params).is_ok()
}

/// What credential activation starts from: the EK's SubjectPublicKeyInfo and the AK's TPMT_PUBLIC, each behind its 16-bit
/// length.
pub(crate) fn activation(data: &[u8]) -> bool {
    let mut rest = data;
    let (spki, public) = (sized(&mut rest), sized(&mut rest));
    let (Ok(ek), Ok(ak)) = (EkPublic::from_spki_der(&spki), AkPublic::parse(&public)) else { return false };
    let credential = make_credential(&ek, &ak, &[1; 32], &mut |seed| seed.fill(2));
    let credential = credential.expect("sound public keys encrypt");
    for part in [&credential.credential_blob, &credential.secret] {
        let (length, body) = part.split_first_chunk::<2>().expect("a length stands first");
        assert_eq!(usize::from(u16::from_be_bytes(*length)), body.len());
    }
    true
}

/// The challenge of the seed `good-p256`.
const GOOD_NONCE: [u8; 32] = [0xa5; 32];

/// A sound attestation of one bank: the seed `good-p256` of the target `platform`.
fn good_platform() -> (AkPublic, PlatformParameters) {
    let mut rest: &[u8] = include_bytes!("../seeds/platform/good-p256");
    let (public, _nonce, params) = platform_parts(&mut rest);
    (AkPublic::parse(&public).expect("a good key"), params)
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
