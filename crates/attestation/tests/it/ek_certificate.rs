use gatehouse_attestation::{
    AkPublic, CertificateError, EkCertificate, EkCertificateError, EkError, EkKind, EkPublic,
    MAX_CERTIFICATE_BYTES, SpkiError, UnwrapError,
};
use gatehouse_testkit::soft_tpm::{AkKind, EkCertTemplate, EkKind as Soft, SoftTpm, SoftTpmCa};

fn issue(change: impl FnOnce(&mut EkCertTemplate)) -> Result<EkCertificate, EkCertificateError> {
    let tpm = SoftTpm::with_shared_key(Soft::P256);
    let mut template = EkCertTemplate::new(Soft::P256);
    change(&mut template);
    EkCertificate::parse(&SoftTpmCa::new().issue_with(&tpm, &template))
}

#[test]
fn everything_of_interest_is_read() {
    for (soft, kind) in
        [(Soft::Rsa2048, EkKind::Rsa2048), (Soft::P256, EkKind::P256), (Soft::P384, EkKind::P384)]
    {
        let tpm = SoftTpm::with_shared_key(soft);
        let der = SoftTpmCa::new().issue(&tpm);
        let certificate = EkCertificate::parse(&der).unwrap();
        assert_eq!(certificate.der(), der);
        assert_eq!(certificate.ek(), &EkPublic::from_spki_der(&tpm.ek_spki()).unwrap());
        assert_eq!(certificate.ek().kind(), kind);
        assert_eq!(certificate.serial(), "12:34:56");
        assert_eq!(certificate.issuer(), "CN=Soft TPM Root CA");
        assert_eq!(certificate.not_after().to_string(), "2044-01-01T00:00:00Z");
        assert_eq!(certificate.tpm().manufacturer.as_deref(), Some("TEST"));
        assert_eq!(certificate.tpm().model.as_deref(), Some("Soft TPM"));
        assert_eq!(certificate.tpm().firmware_version.as_deref(), Some("00010002"));
        assert!(certificate.aki().is_some_and(|aki| aki.contains(':')));
    }
}

#[test]
fn serial_numbers_have_no_sign_byte() {
    assert_eq!(issue(|template| template.serial = vec![0, 0xff, 1]).unwrap().serial(), "ff:01");
    assert_eq!(issue(|template| template.serial = vec![0]).unwrap().serial(), "00");
}

#[test]
fn a_certificate_behind_a_header_and_before_padding_is_found() {
    let tpm = SoftTpm::with_shared_key(Soft::P256);
    let der = SoftTpmCa::new().issue(&tpm);
    let length = u16::try_from(der.len()).unwrap().to_be_bytes();
    let header = [&[0x10, 1, 0], length.as_slice()].concat();
    for wrapped in [[der.as_slice(), &[0xff; 300]].concat(), [&header, der.as_slice(), &[0; 300]].concat()] {
        assert_eq!(EkCertificate::parse(&wrapped).unwrap().der(), der);
    }
}

#[test]
fn what_looks_like_an_ek_by_its_purpose_alone_is_refused() {
    assert_eq!(issue(|template| template.ca = true).unwrap_err(), EkCertificateError::IsCa);
    let signs = |template: &mut EkCertTemplate| template.key_usages.push(rcgen::KeyUsagePurpose::KeyCertSign);
    assert_eq!(issue(signs).unwrap_err(), EkCertificateError::IsCa);
}

#[test]
fn certificates_of_other_purposes_are_refused() {
    // TLS server; attestation key (2.23.133.8.3).
    for purpose in [vec![1, 3, 6, 1, 5, 5, 7, 3, 1], vec![2, 23, 133, 8, 3]] {
        let error = issue(|template| template.purposes = vec![purpose]).unwrap_err();
        assert_eq!(error, EkCertificateError::Purpose);
    }
    let signing = vec![rcgen::KeyUsagePurpose::DigitalSignature];
    assert_eq!(issue(|template| template.key_usages = signing).unwrap_err(), EkCertificateError::KeyUsage);
    assert!(issue(|template| template.purposes.clear()).is_ok(), "some makers leave the purpose away");
}

#[test]
fn an_extension_given_twice_is_refused() {
    let twice = (vec![1, 2, 3, 4], false, vec![5, 0]);
    let error = issue(|template| template.extensions = vec![twice.clone(), twice]).unwrap_err();
    assert_eq!(error, EkCertificateError::Certificate(CertificateError::DuplicateExtension));
}

#[test]
fn what_is_no_certificate_is_refused() {
    assert_eq!(EkCertificate::parse(&[]).unwrap_err(), EkCertificateError::Encoding(UnwrapError::Empty));
    let long = vec![0x30; MAX_CERTIFICATE_BYTES + 1];
    assert_eq!(EkCertificate::parse(&long).unwrap_err(), EkCertificateError::Encoding(UnwrapError::TooLong));
    let error = EkCertificate::parse(&[0x30, 3, 2, 1, 0]).unwrap_err();
    assert_eq!(error, EkCertificateError::Certificate(CertificateError::Malformed));
}

#[test]
fn every_truncation_is_refused() {
    let der = SoftTpmCa::new().issue(&SoftTpm::with_shared_key(Soft::P256));
    for length in 0..der.len() {
        assert!(EkCertificate::parse(&der[..length]).is_err(), "{length}");
    }
}

fn rsa_spki(modulus: &[u8], exponent: &[u8], algorithm: &[u8]) -> Vec<u8> {
    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
        let head = match content.len() {
            0..=0x7f => vec![tag, low],
            0x80..=0xff => vec![tag, 0x81, low],
            _ => vec![tag, 0x82, high, low],
        };
        [head, content.to_vec()].concat()
    }
    let integer =
        |number: &[u8]| if number[0] >= 0x80 { tlv(2, &[&[0], number].concat()) } else { tlv(2, number) };
    let key = tlv(0x30, &[integer(modulus), integer(exponent)].concat());
    tlv(0x30, &[tlv(0x30, algorithm), tlv(3, &[&[0], key.as_slice()].concat())].concat())
}

const RSA: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
const RSAES_OAEP: &[u8] = &[0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7, 0x30, 0];

#[test]
fn oaep_keys_get_the_canonical_form() {
    let tpm = SoftTpm::with_shared_key(Soft::Rsa2048);
    let spki = tpm.ek_spki();
    let modulus = &spki[33..289];
    assert_eq!(rsa_spki(modulus, &[1, 0, 1], RSA), spki);
    let ek = EkPublic::from_spki_der(&rsa_spki(modulus, &[1, 0, 1], RSAES_OAEP)).unwrap();
    assert_eq!(ek.spki_der(), spki);
    assert_eq!(ek.fingerprint().as_slice(), tpm.ek_fingerprint());
}

#[test]
fn roca_weak_and_odd_rsa_keys_are_refused() {
    let refuse = |modulus: &[u8], exponent: &[u8]| {
        EkPublic::from_spki_der(&rsa_spki(modulus, exponent, RSA)).unwrap_err()
    };
    let sound = &SoftTpm::with_shared_key(Soft::Rsa2048).ek_spki()[33..289];
    assert_eq!(refuse(&crate::ak::weak_modulus(), &[1, 0, 1]), EkError::Roca);
    assert_eq!(refuse(sound, &[3]), EkError::Exponent);
    assert_eq!(refuse(sound, &[1]), EkError::Key(SpkiError::Malformed));
    assert_eq!(refuse(sound, &[1, 0, 0]), EkError::Key(SpkiError::Malformed));
    assert_eq!(refuse(&sound[128..], &[1, 0, 1]), EkError::Kind);
    let larger = [sound, sound].concat();
    assert_eq!(refuse(&larger, &[1, 0, 1]), EkError::Kind);
    let of_3072_bits = [&sound[..128], sound].concat();
    let ek = EkPublic::from_spki_der(&rsa_spki(&of_3072_bits, &[1, 0, 1], RSA)).unwrap();
    assert_eq!(ek.kind(), EkKind::Rsa3072);
}

#[test]
fn odd_curves_are_refused() {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
    assert_eq!(
        EkPublic::from_spki_der(&rcgen::PublicKeyData::subject_public_key_info(&pair)).unwrap_err(),
        EkError::Kind
    );
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert_eq!(
        EkPublic::from_spki_der(&rcgen::PublicKeyData::subject_public_key_info(&pair)).unwrap_err(),
        EkError::Kind
    );

    // secp256k1 by its identifier 1.3.132.0.10.
    let point = [&[4], [7; 64].as_slice()].concat();
    let algorithm = [0x30, 16, 0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 5, 0x2b, 0x81, 4, 0, 10];
    let spki = [[0x30, 86].as_slice(), &algorithm, &[3, 66, 0], &point].concat();
    let error = EkPublic::from_spki_der(&spki).unwrap_err();
    assert_eq!(error, EkError::Key(SpkiError::Unsupported("EC on curve 1.3.132.0.10".to_owned())));
}

#[test]
fn points_off_the_curve_and_trailing_data_are_refused() {
    let mut spki = SoftTpm::with_shared_key(Soft::P256).ek_spki();
    *spki.last_mut().unwrap() ^= 1;
    assert_eq!(EkPublic::from_spki_der(&spki).unwrap_err(), EkError::Key(SpkiError::NotOnCurve));
    *spki.last_mut().unwrap() ^= 1;
    spki.push(0);
    assert_eq!(EkPublic::from_spki_der(&spki).unwrap_err(), EkError::Key(SpkiError::Malformed));
    assert_eq!(EkPublic::from_spki_der(&[0x30; 4096]).unwrap_err(), EkError::Key(SpkiError::TooLong));
}

#[test]
fn an_attestation_key_is_readable_as_public_key_info() {
    let (_, public): (_, AkPublic) = crate::ak(AkKind::P256);
    assert_eq!(EkPublic::from_spki_der(&public.spki_der()).unwrap().kind(), EkKind::P256);
}
