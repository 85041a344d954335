//! Quirks of genuine TPM makers' certificates, each made here: none of them needs real data.

use gatehouse_attestation::{
    AllowedCas, ChainError, ChainPolicy, EkCertificate, EkKind, EkPath, EkPublic, FindingKind, Intermediates,
    Leniency, Quirk, certificate_chain, verify_ek_path,
};
use gatehouse_model::AttestationTier;
use gatehouse_testkit::soft_tpm::{EkKind as Soft, SoftTpm};

use crate::made::*;
use crate::now;

const OAEP: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7];

fn rsa_ek() -> Vec<u8> {
    SoftTpm::with_shared_key(Soft::Rsa2048).ek_spki()
}

fn allow(der: &[u8]) -> AllowedCas {
    let mut allowed = AllowedCas::default();
    allowed.add(der).unwrap();
    allowed
}

/// A root with an RSA key, and what it is called.
fn root() -> (&'static Key, Vec<u8>) {
    let key = Key::rsa();
    (key, Made::ca(common_name("Maker Root CA"), key).sign(key, Signing::RsaSha256))
}

fn ek() -> Made {
    Made::ek(common_name("Maker Root CA"), rsa_ek())
}

fn judge(leaf: &[u8], anchor: &[u8], links: &[Vec<u8>]) -> Result<EkPath, ChainError> {
    let leaf = EkCertificate::parse(leaf).unwrap();
    let links = Intermediates::from_ders(links);
    verify_ek_path(&leaf, &allow(anchor), &[&links], &ChainPolicy::default(), now())
}

/// What becomes of an EK certificate right below a root.
fn accepted(made: &Made) -> EkCertificate {
    let (key, root) = root();
    let der = made.sign(key, Signing::RsaSha256);
    let path = judge(&der, &root, &[]).unwrap();
    assert_eq!(path.tier, AttestationTier::TpmEkcertTrusted);
    EkCertificate::parse(&der).unwrap()
}

#[test]
fn a_certificate_without_quirks_has_none() {
    let leaf = accepted(&ek().with(extension(AUTHORITY_KEY_ID, None, &tlv(SEQUENCE, &[&[0x80, 2, 1, 2]]))));
    assert_eq!(leaf.quirks(), []);
    assert_eq!(leaf.tpm().model.as_deref(), Some("Made"));
}

/// Nuvoton: all attributes in one SET that is not sorted; what was signed are the bytes as they are.
#[test]
fn nuvoton_names_in_one_unsorted_set_are_read_and_verified_over_the_original_bytes() {
    let key = Key::rsa();
    let attributes = vec![
        attribute(CN, PRINTABLE, "Root 2111"),
        attribute(O, PRINTABLE, "Nuvoton"),
        attribute(C, PRINTABLE, "TW"),
    ];
    let subject = joined_name(&attributes);
    let sorted = joined_name(&[attributes[2].clone(), attributes[0].clone(), attributes[1].clone()]);
    assert_ne!(subject, sorted);
    let anchor = Made::ca(subject.clone(), key).sign(key, Signing::RsaSha256);
    let mut made = Made::ek(subject, rsa_ek()).without(ALTERNATIVE_NAME);
    made.extensions.push(extension(
        ALTERNATIVE_NAME,
        Some(true),
        &alternative_name(&joined_name(&tpm_attributes(PRINTABLE))),
    ));
    let der = made.sign(key, Signing::RsaSha256);
    judge(&der, &anchor, &[]).unwrap();
    let tpm = EkCertificate::parse(&der).unwrap().tpm().clone();
    assert_eq!((tpm.manufacturer.as_deref(), tpm.firmware_version.as_deref()), (Some("TEST"), Some("0102")));
    // The same attributes in DER's order are the same name.
    judge(&Made::ek(sorted, rsa_ek()).sign(key, Signing::RsaSha256), &anchor, &[]).unwrap();
}

#[test]
fn a_critical_alternative_name_of_a_directory_name_alone_and_an_empty_subject_are_accepted() {
    let leaf = accepted(&ek());
    assert!(leaf.tpm().manufacturer.is_some());
    let mut named = ek();
    named.subject = common_name("PlutonId");
    accepted(&named);
}

#[test]
fn keys_marked_rsaes_oaep_are_rsa_keys_and_the_same_ek() {
    let key = Key::rsa();
    for parameters in [&[][..], &[5, 0], &[SEQUENCE, 0]] {
        let mut made = ek();
        made.spki = key.spki_as(OAEP, parameters);
        let leaf = accepted(&made);
        assert_eq!(leaf.ek(), &EkPublic::from_spki_der(&key.spki()).unwrap());
        assert_eq!(leaf.ek().spki_der(), key.spki(), "re-wrapped as rsaEncryption for activation");
        assert!(leaf.quirks().contains(&Quirk::OaepKey));
    }
}

#[test]
fn intel_writes_critical_false_out() {
    let sda = tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&oid(&[0x67, 0x81, 5, 2, 16]), &tlv(SET, &[&[5, 0]])])]);
    accepted(&ek().with(extension(SUBJECT_DIRECTORY_ATTRIBUTES, Some(false), &sda)));
}

#[test]
fn infineon_and_swtpm_count_unused_bits_wrong() {
    for bits in [&[3, 2, 0, 0x20][..], &[3, 2, 1, 0x20], &[3, 3, 7, 0x20, 0]] {
        accepted(&ek().without(KEY_USAGE).with(extension(KEY_USAGE, Some(true), bits)));
    }
    // A bit that is set and said to be unused is neither.
    let (key, _) = root();
    let made = ek().without(KEY_USAGE).with(extension(KEY_USAGE, Some(true), &[3, 2, 7, 0x20]));
    let error = EkCertificate::parse(&made.sign(key, Signing::RsaSha256)).unwrap_err();
    assert_eq!(error.code(), "malformed_certificate");
}

/// Serial numbers are shown, never compared with those in key identifiers.
#[test]
fn odd_serial_numbers_are_accepted_and_shown() {
    for (serial, shown) in [
        (vec![0, 0, 0, 2], "02"),
        (vec![0xff, 1], "ff:01"),
        (vec![0], "00"),
        (
            vec![1; 30],
            "01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01:01",
        ),
    ] {
        let mut made = ek();
        made.serial = serial;
        let leaf = accepted(&made);
        assert_eq!(leaf.serial(), shown);
        assert!(leaf.quirks().contains(&Quirk::OddSerial), "{shown}");
    }
}

#[test]
fn issuers_on_p384_and_p521_and_longer_hashes_are_verified() {
    for signing in [Signing::P256Sha256, Signing::P384Sha384, Signing::P521Sha512] {
        let key = Key::ec(signing);
        let anchor = Made::ca(common_name("Maker Root CA"), &key).sign(&key, signing);
        let der = ek().sign(&key, signing);
        judge(&der, &anchor, &[]).unwrap();
        let mut changed = der;
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(judge(&changed, &anchor, &[]).unwrap_err().code(), "bad_signature");
    }
}

#[test]
fn google_leaves_purpose_and_tpm_attributes_away() {
    let made = ek().without(EXTENDED_KEY_USAGE).without(ALTERNATIVE_NAME).without(BASIC_CONSTRAINTS);
    let leaf = accepted(&made);
    let quirks = leaf.quirks();
    for quirk in [Quirk::NoPurpose, Quirk::NoTpmAttributes, Quirk::NoBasicConstraints] {
        assert!(quirks.contains(&quirk), "{quirk:?}");
    }
    assert!(accepted(&ek().without(KEY_USAGE)).quirks().contains(&Quirk::NoKeyUsage));
}

#[test]
fn a_critical_purpose_and_critical_policies_are_accepted() {
    let purpose = extension(EXTENDED_KEY_USAGE, Some(true), &tlv(SEQUENCE, &[&oid(EK_PURPOSE)]));
    let policies = tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&oid(&[0x2a, 3])])]);
    accepted(&ek().without(EXTENDED_KEY_USAGE).with(purpose).with(extension(
        POLICIES,
        Some(true),
        &policies,
    )));
    let key = Key::rsa();
    let ca = Made::ca(common_name("Maker Root CA"), key).with(extension(POLICIES, Some(true), &policies));
    judge(&ek().sign(key, Signing::RsaSha256), &ca.sign(key, Signing::RsaSha256), &[]).unwrap();
}

/// Pluton's RSA keys agree, Intel's and Nationz' curves encipher: what counts is that it is no key for signing.
#[test]
fn key_usages_of_the_other_kind_of_key_are_accepted() {
    let agreement = [3, 2, 3, 0x08];
    let leaf = accepted(&ek().without(KEY_USAGE).with(extension(KEY_USAGE, Some(true), &agreement)));
    assert_eq!(leaf.quirks().first(), Some(&Quirk::OtherKeyUsage));
    let mut curve = ek();
    curve.spki = SoftTpm::with_shared_key(Soft::P256).ek_spki();
    let leaf = accepted(&curve);
    assert_eq!(leaf.ek().kind(), EkKind::P256);
    assert!(leaf.quirks().contains(&Quirk::OtherKeyUsage));
}

#[test]
fn dates_reach_from_the_past_to_the_year_9999() {
    let mut made = ek();
    made.not_after = tlv(0x18, &[b"99991231235959Z"]);
    assert!(accepted(&made).quirks().contains(&Quirk::NoEnd));
    made.not_after = tlv(0x17, &[b"210101000000Z"]);
    let (key, root) = root();
    let path = judge(&made.sign(key, Signing::RsaSha256), &root, &[]).unwrap();
    assert_eq!(path.findings[0].kind, FindingKind::ExpiredEk);
}

/// AMD and STM: the CA calls itself by PrintableString, what it issued calls it by UTF8String.
#[test]
fn amd_and_stm_mix_string_types() {
    let key = Key::rsa();
    let printable =
        name(&[attribute(O, PRINTABLE, "Advanced  Micro Devices"), attribute(CN, PRINTABLE, "AMDTPM")]);
    let utf8 = name(&[attribute(O, UTF8, "advanced micro devices"), attribute(CN, UTF8, "AMDTPM")]);
    let anchor = Made::ca(printable, key).sign(key, Signing::RsaSha256);
    judge(&Made::ek(utf8, rsa_ek()).sign(key, Signing::RsaSha256), &anchor, &[]).unwrap();
}

/// STM has issued one CA three times; Google has two CAs of one name.
#[test]
fn issuers_of_one_name_with_one_key_or_with_several_are_all_tried() {
    let (root_key, root) = root();
    let (one, two) = (Key::ec(Signing::P256Sha256), Key::ec(Signing::P256Sha256));
    let issued = |key: &Key, serial: Vec<u8>| {
        let mut made = Made::ca(common_name("Maker CA 02"), key);
        (made.issuer, made.serial) = (common_name("Maker Root CA"), serial);
        made.sign(root_key, Signing::RsaSha256)
    };
    let links = [issued(&one, vec![0, 0, 0, 2]), issued(&two, vec![2]), issued(&two, vec![0x40, 0, 0, 2])];
    for key in [&one, &two] {
        let leaf = Made::ek(common_name("Maker CA 02"), rsa_ek()).sign(key, Signing::P256Sha256);
        assert_eq!(judge(&leaf, &root, &links).unwrap().intermediates.len(), 1);
    }
}

/// Infineon: issuer and serial number in the identifier are of a certificate that nobody has.
#[test]
fn a_key_identifier_by_issuer_and_serial_is_a_hint_only() {
    let wrong = tlv(
        SEQUENCE,
        &[
            &[0x80, 3, 9, 9, 9],
            &tlv(0xa1, &[&tlv(0xa4, &[&common_name("Somebody Else")])]),
            &[0x82, 2, 0x17, 0x17],
        ],
    );
    let leaf = accepted(&ek().with(extension(AUTHORITY_KEY_ID, None, &wrong)));
    assert_eq!(leaf.aki().as_deref(), Some("09:09:09"));
}

/// Google's issuers have names of more than 64 characters.
#[test]
fn long_names_are_names() {
    let key = Key::rsa();
    let long = common_name(&"tpm_ek_v1_cloud_host-signer ".repeat(5));
    let anchor = Made::ca(long.clone(), key).sign(key, Signing::RsaSha256);
    judge(&Made::ek(long, rsa_ek()).sign(key, Signing::RsaSha256), &anchor, &[]).unwrap();
}

#[test]
fn sha1_is_refused_or_what_the_policy_says() {
    let (key, root) = root();
    let leaf = EkCertificate::parse(&ek().sign(key, Signing::RsaSha1)).unwrap();
    assert!(leaf.quirks().contains(&Quirk::Sha1));
    let judge = |sha1| {
        let policy = ChainPolicy { sha1, ..ChainPolicy::default() };
        verify_ek_path(&leaf, &allow(&root), &[], &policy, now())
    };
    assert_eq!(judge(Leniency::Refuse).unwrap_err().code(), "sha1_signature");
    let path = judge(Leniency::LowerTier).unwrap();
    assert_eq!((path.tier, path.findings[0].kind), (AttestationTier::TpmEkcert, FindingKind::Sha1));
    assert_eq!(judge(Leniency::Accept).unwrap().tier, AttestationTier::TpmEkcertTrusted);
    // A wrong signature is never a matter of policy.
    let mut changed = ek().sign(key, Signing::RsaSha1);
    *changed.last_mut().unwrap() ^= 1;
    let leaf = EkCertificate::parse(&changed).unwrap();
    let error = verify_ek_path(&leaf, &allow(&root), &[], &ChainPolicy::LENIENT, now()).unwrap_err();
    assert_eq!(error.code(), "bad_signature");
}

/// Intel from its 11th generation on keeps the intermediates in the TPM itself.
#[test]
fn intermediates_come_from_the_devices_own_memory() {
    let (root_key, root) = root();
    let key = Key::ec(Signing::P384Sha384);
    let mut ca = Made::ca(common_name("On-die CA"), &key);
    ca.issuer = common_name("Maker Root CA");
    let ca = ca.sign(root_key, Signing::RsaSha256);
    let leaf = Made::ek(common_name("On-die CA"), rsa_ek()).sign(&key, Signing::P384Sha384);
    let leaf = EkCertificate::parse(&leaf).unwrap();
    let sent = certificate_chain(&[[ca.as_slice(), &[0xff; 100]].concat(), vec![0; 512]]);
    let sent = Intermediates::from_device(&sent);
    let path = verify_ek_path(&leaf, &allow(&root), &[&sent], &ChainPolicy::default(), now()).unwrap();
    assert_eq!(path.intermediates[0].subject, "CN=On-die CA");
    // What a device sends is never an anchor.
    let error =
        verify_ek_path(&leaf, &AllowedCas::default(), &[&sent], &ChainPolicy::default(), now()).unwrap_err();
    assert_eq!((error.code(), error.issuer.as_str()), ("unknown_issuer", "CN=Maker Root CA"));
}

#[test]
fn a_refusal_names_issuer_key_and_the_place_of_what_is_missing() {
    let url = tlv(
        SEQUENCE,
        &[&tlv(
            SEQUENCE,
            &[&oid(&[0x2b, 6, 1, 5, 5, 7, 0x30, 2]), &tlv(0x86, &[b"http://pki.example/ca.crt"])],
        )],
    );
    let made = ek()
        .with(extension(AUTHORITY_KEY_ID, None, &tlv(SEQUENCE, &[&[0x80, 2, 0xab, 0xcd]])))
        .with(extension(AUTHORITY_INFO, None, &url));
    let (key, _) = root();
    let leaf = EkCertificate::parse(&made.sign(key, Signing::RsaSha256)).unwrap();
    let error =
        verify_ek_path(&leaf, &AllowedCas::default(), &[], &ChainPolicy::default(), now()).unwrap_err();
    assert_eq!(error.issuer, "CN=Maker Root CA");
    assert_eq!(error.aki.as_deref(), Some("ab:cd"));
    assert_eq!(error.issuer_url.as_deref(), Some("http://pki.example/ca.crt"));
    let hint = error.hint().unwrap();
    for fact in ["CN=Maker Root CA", "ab:cd", "http://pki.example/ca.crt"] {
        assert!(hint.contains(fact), "{hint}");
    }
}

#[test]
fn the_subjects_key_identifier_orders_candidates() {
    let (root_key, key) = (Key::ec(Signing::P256Sha256), Key::ec(Signing::P256Sha256));
    let root = Made::ca(common_name("Maker Root CA"), &root_key).sign(&root_key, Signing::P256Sha256);
    let issued = |mut made: Made, serial: u8| {
        (made.issuer, made.serial) = (common_name("Maker Root CA"), vec![1, serial]);
        made.sign(&root_key, Signing::P256Sha256)
    };
    // More namesakes than the budget has checks; the right one is last.
    let mut links: Vec<Vec<u8>> =
        (0..80).map(|serial| issued(Made::ca(common_name("Crowd"), &root_key), serial)).collect();
    let identifier = extension(SUBJECT_KEY_ID, None, &tlv(4, &[&[7, 7]]));
    links.push(issued(Made::ca(common_name("Crowd"), &key).with(identifier), 80));
    let leaf = Made::ek(common_name("Crowd"), rsa_ek());
    let hinted = leaf.clone().with(extension(AUTHORITY_KEY_ID, None, &tlv(SEQUENCE, &[&[0x80, 2, 7, 7]])));
    judge(&hinted.sign(&key, Signing::P256Sha256), &root, &links).unwrap();
    let error = judge(&leaf.sign(&key, Signing::P256Sha256), &root, &links).unwrap_err();
    assert_eq!(error.code(), "too_many_candidates");
}
