use gatehouse_attestation::{
    MAX_EVENT_LOG_BYTES, MAX_PCRS, MAX_QUOTES, PlatformVerdict, QuoteError, SignatureError, WireError,
    verify_platform,
};
use gatehouse_model::tpm::{PlatformParameters, Quote};
use gatehouse_testkit::soft_tpm::{AkKind, Bank, Boot, Platform, QuoteTemplate, SoftAk};

use crate::{NONCE, ak};

fn verify(params: &PlatformParameters) -> Result<PlatformVerdict, QuoteError> {
    verify_platform(&ak(AkKind::P256).1, &NONCE, params)
}

fn good() -> PlatformParameters {
    Platform::new(&NONCE).sign(&ak(AkKind::P256).0)
}

/// A quote of the SHA-256 bank, falsified before it is signed, with all values of the bank.
fn falsified(change: impl FnOnce(&mut QuoteTemplate)) -> Result<PlatformVerdict, QuoteError> {
    let bank = Bank::sha256();
    let mut quote = QuoteTemplate::of(&[&bank], &NONCE, Boot::default());
    change(&mut quote);
    let quotes = vec![quote.sign(&ak(AkKind::P256).0)];
    verify(&PlatformParameters { quotes, pcrs: bank.pcrs(), event_log: Vec::new() })
}

#[test]
fn quotes_of_all_banks_are_accepted() {
    for kind in [AkKind::P256, AkKind::Rsa2048] {
        let (soft, public) = ak(kind);
        let boot =
            Boot { clock: 77, reset_count: 5, restart_count: u32::MAX, safe: false, firmware_version: 9 };
        let banks = vec![Bank::sha384(), Bank::sha256(), Bank::sha1()];
        let platform = Platform { boot, banks, event_log: vec![1; 100], ..Platform::new(&NONCE) };
        let verdict = verify_platform(&public, &NONCE, &platform.sign(&soft)).unwrap();
        assert_eq!(verdict.banks, [3, 5, 6]);
        assert_eq!((verdict.clock.clock, verdict.clock.reset_count), (77, 5));
        assert_eq!((verdict.clock.restart_count, verdict.clock.safe), (u32::MAX, false));
        assert_eq!(verdict.firmware_version, 9);
        let expected: Vec<(u8, Vec<u8>)> = Bank::sha256().values.into_iter().collect();
        assert_eq!(verdict.pcrs_sha256, expected);
    }
}

#[test]
fn one_quote_may_cover_several_banks() {
    let (soft, _) = ak(AkKind::P256);
    let banks = [Bank::sha256(), Bank::sha1()];
    let quote = QuoteTemplate::of(&[&banks[0], &banks[1]], &NONCE, Boot::default());
    let pcrs = banks.iter().flat_map(Bank::pcrs).collect();
    let verdict =
        verify(&PlatformParameters { quotes: vec![quote.sign(&soft)], pcrs, event_log: Vec::new() }).unwrap();
    assert_eq!(verdict.banks, [3, 5]);
}

#[test]
fn an_attestation_without_sha256_bank_says_so() {
    let platform = Platform { banks: vec![Bank::sha1()], ..Platform::new(&NONCE) };
    let verdict = verify(&platform.sign(&ak(AkKind::P256).0)).unwrap();
    assert_eq!((verdict.banks, verdict.pcrs_sha256), (vec![3], vec![]));
}

#[test]
fn replayed_and_wrong_nonces_are_refused() {
    let (soft, public) = ak(AkKind::P256);
    for nonce in [&[0xa6; 32][..], &[0xa5; 31], &[], &[0xa5; 33]] {
        let params = Platform::new(nonce).sign(&soft);
        assert_eq!(verify(&params).unwrap_err(), QuoteError::Nonce);
    }
    assert_eq!(verify_platform(&public, &[], &good()).unwrap_err(), QuoteError::Nonce);
}

#[test]
fn one_stale_quote_among_good_ones_is_refused() {
    let (soft, _) = ak(AkKind::P256);
    let mut params = good();
    params.quotes[1] = Platform::new(&[1; 32]).sign(&soft).quotes.remove(1);
    assert_eq!(verify(&params).unwrap_err(), QuoteError::Nonce);
}

#[test]
fn quotes_of_another_key_are_refused() {
    for kind in [AkKind::P256, AkKind::Rsa2048] {
        let other = if kind == AkKind::P256 { SoftAk::generate(kind) } else { ak(AkKind::P256).0 };
        let params = Platform::new(&NONCE).sign(&other);
        assert!(matches!(
            verify_platform(&ak(kind).1, &NONCE, &params),
            Err(QuoteError::Signature(SignatureError::Invalid | SignatureError::Scheme))
        ));
    }
}

#[test]
fn a_creation_attestation_offered_as_a_quote_is_refused() {
    let (soft, _) = ak(AkKind::P256);
    let creation = soft.attestation_parameters();
    let quote = Quote { quote: creation.create_attestation, signature: creation.create_signature };
    let params = PlatformParameters { quotes: vec![quote], ..good() };
    assert_eq!(verify(&params).unwrap_err(), QuoteError::NotAQuote);
}

#[test]
fn statements_that_no_tpm_made_are_refused() {
    let error = falsified(|quote| quote.magic = 0).unwrap_err();
    assert_eq!(error, QuoteError::Wire(WireError::NotGenerated));
    let error = falsified(|quote| quote.trailing = vec![0]).unwrap_err();
    assert_eq!(error, QuoteError::Wire(WireError::Trailing { what: "attestation" }));
    assert!(matches!(falsified(|quote| quote.trailing = vec![0; 4096]), Err(QuoteError::Wire(_))));
}

#[test]
fn a_quote_that_leaves_out_pcrs_it_should_cover_is_refused() {
    for missing in 0..8_u8 {
        let mut bank = Bank::sha256();
        bank.values.remove(&missing);
        let platform = Platform { banks: vec![bank], ..Platform::new(&NONCE) };
        let error = verify(&platform.sign(&ak(AkKind::P256).0)).unwrap_err();
        assert_eq!(error, QuoteError::PcrNotQuoted(missing));
    }
}

#[test]
fn a_quote_of_no_pcr_is_refused() {
    let error = falsified(|quote| quote.selections.clear()).unwrap_err();
    assert_eq!(error, QuoteError::PcrNotQuoted(0));
    let error = falsified(|quote| quote.selections = vec![(0x000b, vec![0, 0, 0])]).unwrap_err();
    assert_eq!(error, QuoteError::PcrNotQuoted(0));
}

#[test]
fn pcr_values_that_the_quote_did_not_cover_are_refused() {
    // A PCR of a quoted bank.
    let mut bank = Bank::sha256();
    bank.values.remove(&16);
    let platform = Platform { banks: vec![bank], ..Platform::new(&NONCE) };
    let mut params = platform.sign(&ak(AkKind::P256).0);
    params.pcrs = Bank::sha256().pcrs();
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrNotCovered { index: 16 });

    // A whole bank.
    let mut params = good();
    params.quotes.truncate(1);
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrNotCovered { index: 0 });

    // Indices that do not exist.
    for index in [24, 255, 256, -1, i32::MAX, i32::MIN] {
        let mut params = good();
        params.pcrs[47].index = index;
        assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrNotCovered { index });
    }
}

#[test]
fn quoted_pcrs_must_all_be_given() {
    let mut params = good();
    params.pcrs.remove(30);
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrMissing(6));
    params.pcrs.clear();
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrMissing(0));
}

#[test]
fn doubled_pcrs_and_banks_are_refused() {
    let mut params = good();
    params.pcrs[1] = params.pcrs[0].clone();
    assert_eq!(verify(&params).unwrap_err(), QuoteError::DuplicatePcr(0));
    let mut params = good();
    params.quotes[0] = params.quotes[1].clone();
    assert_eq!(verify(&params).unwrap_err(), QuoteError::DuplicateBank);
    let error = falsified(|quote| quote.selections = vec![(0x000b, vec![0xff; 3]); 2]).unwrap_err();
    assert_eq!(error, QuoteError::DuplicateBank);
}

#[test]
fn changed_pcr_values_are_refused() {
    for index in [0, 47] {
        let mut params = good();
        params.pcrs[index].digest[0] ^= 1;
        assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrDigest);
    }
    // Two values that changed places: the order is part of the digest.
    let mut params = good();
    (params.pcrs[24].index, params.pcrs[25].index) = (1, 0);
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrDigest);
    assert_eq!(falsified(|quote| quote.pcr_digest.clear()).unwrap_err(), QuoteError::PcrDigest);
}

#[test]
fn values_of_the_wrong_bank_are_refused() {
    let mut params = good();
    params.pcrs[0].digest.push(0);
    assert_eq!(verify(&params).unwrap_err(), QuoteError::PcrLength(0));
    for bank in [0, 1, 4, 11, u64::MAX] {
        let mut params = good();
        params.pcrs[0].digest_alg = bank;
        assert_eq!(verify(&params).unwrap_err(), QuoteError::UnknownBank);
    }
    // TPM_ALG_SM3_256 has digests of 32 bytes as well.
    let error = falsified(|quote| quote.selections[0].0 = 0x0012).unwrap_err();
    assert_eq!(error, QuoteError::UnknownBank);
}

#[test]
fn pcrs_beyond_the_last_are_refused() {
    let error = falsified(|quote| quote.selections[0].1 = vec![0xff, 0xff, 0xff, 0x80]).unwrap_err();
    assert_eq!(error, QuoteError::NoSuchPcr(31));
}

#[test]
fn quotes_of_different_boots_are_refused() {
    let (soft, _) = ak(AkKind::P256);
    for boot in [Boot { reset_count: 2, ..Boot::default() }, Boot { restart_count: 1, ..Boot::default() }] {
        let mut params = good();
        params.quotes[1] = QuoteTemplate::of(&[&Bank::sha256()], &NONCE, boot).sign(&soft);
        assert_eq!(verify(&params).unwrap_err(), QuoteError::DifferentBoots);
    }
    // The clock goes on between two quotes; the later counts.
    let mut params = good();
    let later = Boot { clock: 60_020, ..Boot::default() };
    params.quotes[1] = QuoteTemplate::of(&[&Bank::sha256()], &NONCE, later).sign(&soft);
    assert_eq!(verify(&params).unwrap().clock.clock, 60_020);
}

#[test]
fn sizes_are_capped_before_anything_else() {
    let good = good();
    assert_eq!(verify(&PlatformParameters::default()).unwrap_err(), QuoteError::NoQuote);
    let quotes = vec![good.quotes[0].clone(); MAX_QUOTES + 1];
    assert_eq!(
        verify(&PlatformParameters { quotes, ..good.clone() }).unwrap_err(),
        QuoteError::TooManyQuotes
    );
    let pcrs = vec![good.pcrs[0].clone(); MAX_PCRS + 1];
    assert_eq!(verify(&PlatformParameters { pcrs, ..good.clone() }).unwrap_err(), QuoteError::TooManyPcrs);
    let event_log = vec![0; MAX_EVENT_LOG_BYTES + 1];
    assert_eq!(verify(&PlatformParameters { event_log, ..good }).unwrap_err(), QuoteError::EventLogTooLong);
}
