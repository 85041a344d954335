use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use gatehouse_attestation::{AkError, AkPublic, Attribute, WireError, verify_raw_signature};
use gatehouse_testkit::soft_tpm::{AK_ATTRIBUTES, AkKind, AkTemplate, SoftAk};

fn parse(change: impl FnOnce(&mut AkTemplate)) -> Result<AkPublic, AkError> {
    parse_kind(AkKind::P256, change)
}

fn parse_kind(kind: AkKind, change: impl FnOnce(&mut AkTemplate)) -> Result<AkPublic, AkError> {
    let mut template = AkTemplate::new(kind);
    change(&mut template);
    AkPublic::parse(SoftAk::with_shared_key(&template).public())
}

#[test]
fn both_kinds_are_read_with_and_without_no_da() {
    for kind in [AkKind::P256, AkKind::Rsa2048] {
        for attributes in [0x0005_0472, 0x0005_0072] {
            let mut template = AkTemplate::new(kind);
            template.attributes = attributes;
            let ak = SoftAk::with_shared_key(&template);
            let public = AkPublic::parse(ak.public()).unwrap();
            assert_eq!(public.bytes(), ak.public());
            assert_eq!(public.name(), ak.name());
        }
    }
    assert!(parse_kind(AkKind::Rsa2048, |template| template.exponent = 65_537).is_ok());
    assert!(
        parse(|template| template.auth_policy = vec![7; 32]).is_ok(),
        "a policy beside the password is no harm"
    );
}

#[test]
fn a_key_without_restricted_is_refused() {
    let error = parse(|template| template.attributes &= !0x0001_0000).unwrap_err();
    assert_eq!(error, AkError::MissingAttribute(Attribute::Restricted));
    assert_eq!(error.to_string(), "the attestation key does not have the attribute restricted");
}

#[test]
fn a_key_without_fixed_tpm_is_refused() {
    let error = parse(|template| template.attributes &= !0x2).unwrap_err();
    assert_eq!(error, AkError::MissingAttribute(Attribute::FixedTpm));
}

#[test]
fn an_imported_key_is_refused() {
    let error = parse(|template| template.attributes &= !0x20).unwrap_err();
    assert_eq!(error, AkError::MissingAttribute(Attribute::SensitiveDataOrigin));
}

#[test]
fn a_key_that_decrypts_is_refused() {
    let error = parse(|template| template.attributes |= 0x0002_0000).unwrap_err();
    assert_eq!(error, AkError::ExtraAttribute(Attribute::Decrypt));
}

#[test]
fn unknown_attribute_bits_are_refused() {
    let error = parse(|template| template.attributes = AK_ATTRIBUTES | 0x8000_0000).unwrap_err();
    assert_eq!(error, AkError::ReservedAttributes(0x8000_0000));
}

#[test]
fn other_algorithms_are_refused() {
    assert_eq!(parse(|template| template.name_alg = 0x0004).unwrap_err(), AkError::NameAlgorithm);
    assert_eq!(parse(|template| template.scheme_hash = 0x0004).unwrap_err(), AkError::Scheme("ECDSA"));
    assert_eq!(parse(|template| template.scheme = 0x001c).unwrap_err(), AkError::Scheme("ECDSA"));
    let rsa = |change: fn(&mut AkTemplate)| parse_kind(AkKind::Rsa2048, change).unwrap_err();
    assert_eq!(rsa(|template| template.scheme_hash = 0x0004), AkError::Scheme("RSASSA"));
    assert_eq!(rsa(|template| template.scheme = 0x0016), AkError::Scheme("RSASSA"));
    assert_eq!(rsa(|template| template.key_bits = 1024), AkError::RsaSize);
    assert_eq!(rsa(|template| template.exponent = 3), AkError::RsaExponent);
}

#[test]
fn odd_curves_and_points_off_the_curve_are_refused() {
    for curve in [0x0001, 0x0002, 0x0004, 0x0005, 0x0010, 0x0020, 0x0030] {
        assert_eq!(parse(|template| template.curve = curve).unwrap_err(), AkError::Curve);
    }
    let (ak, _) = crate::ak(AkKind::P256);
    let mut public = ak.public().to_vec();
    *public.last_mut().unwrap() ^= 1;
    assert_eq!(AkPublic::parse(&public).unwrap_err(), AkError::NotOnCurve);
}

#[test]
fn weak_rsa_keys_are_refused() {
    let public = SoftAk::rsa_public(&AkTemplate::new(AkKind::Rsa2048), &weak_modulus());
    assert_eq!(AkPublic::parse(&public).unwrap_err(), AkError::Roca);
}

/// A number of 2048 bits that is 1 modulo every odd prime up to 167, as only broken generators make them.
pub(crate) fn weak_modulus() -> Vec<u8> {
    let is_prime = |n: u32| n > 1 && (2..n).all(|divisor| !n.is_multiple_of(divisor));
    let mut product = vec![1_u8];
    for prime in (3..=167).filter(|n| is_prime(*n)) {
        let mut carry = 0;
        for byte in &mut product {
            let sum = u32::from(*byte) * prime + carry;
            *byte = sum.to_le_bytes()[0];
            carry = sum >> 8;
        }
        while carry != 0 {
            product.push(carry.to_le_bytes()[0]);
            carry >>= 8;
        }
    }
    // Little-endian. Shifting left keeps every remainder at 0; the final 1 makes each of them 1, a power of 65537.
    while product.len() < 256 {
        product.insert(0, 0);
    }
    while product[255] < 0x80 {
        let mut carry = 0;
        for byte in &mut product {
            let doubled = (u16::from(*byte) << 1) | carry;
            *byte = doubled.to_le_bytes()[0];
            carry = doubled >> 8;
        }
    }
    product[0] |= 1;
    product.reverse();
    product
}

#[test]
fn nothing_may_be_left_over_or_missing() {
    let (ak, _) = crate::ak(AkKind::P256);
    let longer = [ak.public(), &[0]].concat();
    assert_eq!(
        AkPublic::parse(&longer).unwrap_err(),
        AkError::Wire(WireError::Trailing { what: "public area" })
    );
    for length in 0..ak.public().len() {
        assert!(AkPublic::parse(&ak.public()[..length]).is_err(), "{length}");
    }
    assert!(matches!(AkPublic::parse(&[0; 4096]), Err(AkError::Wire(WireError::TooLong { .. }))));
}

#[test]
fn the_credential_id_is_the_digest_of_the_bare_key() {
    let (ak, public) = crate::ak(AkKind::Rsa2048);
    let modulus = &ak.public()[ak.public().len() - 256..];
    let expected = digest(&SHA256, &[&[1, 0, 1], modulus].concat());
    assert_eq!(public.credential_id(), STANDARD_NO_PAD.encode(expected));

    let (ak, public) = crate::ak(AkKind::P256);
    let unique = &ak.public()[ak.public().len() - 68..];
    let point = [&[4], &unique[2..34], &unique[36..]].concat();
    assert_eq!(public.credential_id(), STANDARD_NO_PAD.encode(digest(&SHA256, &point)));
}

#[test]
fn coordinates_without_leading_zeros_are_the_same_key() {
    // One key in 128 has a short coordinate.
    let mut found = false;
    for _ in 0..4000 {
        let mut template = AkTemplate::new(AkKind::P256);
        template.strip_coordinates = true;
        let ak = SoftAk::from_template(&template);
        if ak.public().len() < SoftAk::with_shared_key(&AkTemplate::new(AkKind::P256)).public().len() {
            let public = AkPublic::parse(ak.public()).unwrap();
            assert_eq!(public.name(), ak.name());
            gatehouse_attestation::verify_creation(&public, &ak.attestation_parameters()).unwrap();
            found = true;
            break;
        }
    }
    assert!(found, "no key with a short coordinate in 4000");
}

#[test]
fn the_public_key_info_is_that_of_the_signing_key() {
    let (ak, public) = crate::ak(AkKind::Rsa2048);
    let signature = ak.sign(&crate::NONCE);
    verify_raw_signature(&public.spki_der(), &crate::NONCE, &signature[6..]).unwrap();
}
