use gatehouse_attestation::{CreationError, SignatureError, WireError, verify_creation};
use gatehouse_testkit::soft_tpm::{ATTEST_QUOTE, AkKind, AkTemplate, Creation, Platform, SoftAk};

const KINDS: [AkKind; 2] = [AkKind::P256, AkKind::Rsa2048];

#[test]
fn a_key_that_attests_its_own_creation_is_accepted() {
    for kind in KINDS {
        let (ak, public) = crate::ak(kind);
        verify_creation(&public, &ak.attestation_parameters()).unwrap();
    }
}

#[test]
fn qualifying_data_is_not_looked_at() {
    let (ak, public) = crate::ak(AkKind::P256);
    let creation = Creation { extra_data: vec![1; 32], ..Creation::of(&ak) };
    verify_creation(&public, &creation.sign(&ak)).unwrap();
}

#[test]
fn a_software_key_posing_as_an_ak_is_refused() {
    // The public area of one key, everything signed by another.
    let (ak, public) = crate::ak(AkKind::P256);
    let software = SoftAk::generate(AkKind::P256);
    let params = Creation::of(&ak).sign(&software);
    let error = verify_creation(&public, &params).unwrap_err();
    assert_eq!(error, CreationError::Signature(SignatureError::Invalid));
}

#[test]
fn a_statement_of_the_wrong_magic_is_refused() {
    let (ak, public) = crate::ak(AkKind::P256);
    let creation = Creation { magic: 0x5443_47ff, ..Creation::of(&ak) };
    let error = verify_creation(&public, &creation.sign(&ak)).unwrap_err();
    assert_eq!(error, CreationError::Wire(WireError::NotGenerated));
}

#[test]
fn a_quote_offered_as_a_creation_attestation_is_refused() {
    let (ak, public) = crate::ak(AkKind::P256);
    let quote = Platform::new(&crate::NONCE).sign(&ak).quotes.remove(0);
    let mut params = ak.attestation_parameters();
    (params.create_attestation, params.create_signature) = (quote.quote, quote.signature);
    assert_eq!(verify_creation(&public, &params).unwrap_err(), CreationError::NotCreation);

    let creation = Creation { attest_type: ATTEST_QUOTE, ..Creation::of(&ak) };
    assert!(verify_creation(&public, &creation.sign(&ak)).is_err());
}

#[test]
fn a_statement_about_another_key_is_refused() {
    let (ak, public) = crate::ak(AkKind::P256);
    let other = SoftAk::generate(AkKind::P256);
    let creation = Creation { object_name: other.name(), ..Creation::of(&ak) };
    assert_eq!(verify_creation(&public, &creation.sign(&ak)).unwrap_err(), CreationError::ObjectName);
}

#[test]
fn creation_data_must_be_the_one_signed() {
    let (ak, public) = crate::ak(AkKind::P256);
    let mut params = ak.attestation_parameters();
    params.create_data.push(0);
    assert_eq!(verify_creation(&public, &params).unwrap_err(), CreationError::CreationHash);
    params.create_data = vec![0; 4096];
    assert_eq!(verify_creation(&public, &params).unwrap_err(), CreationError::CreateDataTooLong);
}

#[test]
fn signatures_of_the_wrong_form_are_refused() {
    let (ak, public) = crate::ak(AkKind::P256);
    let (rsa, _) = crate::ak(AkKind::Rsa2048);
    let good = ak.attestation_parameters();
    let refuse = |signature: &[u8]| {
        let params = gatehouse_model::tpm::AttestationParameters {
            create_signature: signature.to_vec(),
            ..good.clone()
        };
        verify_creation(&public, &params).unwrap_err()
    };
    assert_eq!(refuse(&[]), CreationError::SignatureTooShort);
    assert_eq!(refuse(&[0, 0x18, 0, 0xb, 0, 0, 0]), CreationError::SignatureTooShort);
    assert_eq!(
        refuse(&[0, 0x18, 0, 0xb, 0, 0, 0, 0]),
        CreationError::Signature(SignatureError::Invalid),
        "r and s of zero"
    );
    assert_eq!(refuse(&rsa.sign(&good.create_attestation)), CreationError::Signature(SignatureError::Scheme));
    // ECDSA that says SHA-1.
    let mut signature = good.create_signature.clone();
    signature[3] = 4;
    assert_eq!(refuse(&signature), CreationError::Signature(SignatureError::Scheme));
    let trailing = [good.create_signature.as_slice(), &[0]].concat();
    assert!(matches!(refuse(&trailing), CreationError::Signature(SignatureError::Wire(_))));
}

#[test]
fn nothing_may_follow_the_statement() {
    let (ak, public) = crate::ak(AkKind::P256);
    let creation = Creation { trailing: vec![0], ..Creation::of(&ak) };
    let error = verify_creation(&public, &creation.sign(&ak)).unwrap_err();
    assert_eq!(error, CreationError::Wire(WireError::Trailing { what: "attestation" }));
}

#[test]
fn leading_zeros_of_ecdsa_signatures_may_be_missing() {
    let (_, public) = crate::ak(AkKind::P256);
    let ak = SoftAk::with_shared_key(&AkTemplate::new(AkKind::P256));
    let mut params = ak.attestation_parameters();
    // One signature in 128 has a number that begins with a zero.
    let short = (0..4000).find_map(|_| {
        let signature = ak.sign(&params.create_attestation);
        let (r, s) = (&signature[6..38], &signature[40..72]);
        (r[0] == 0 || s[0] == 0).then(|| {
            let write = |number: &[u8]| {
                let stripped: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
                [&[0, u8::try_from(stripped.len()).unwrap()], stripped.as_slice()].concat()
            };
            [&signature[..4], &write(r), &write(s)].concat()
        })
    });
    params.create_signature = short.expect("no short number in 4000 signatures");
    verify_creation(&public, &params).unwrap();
}
