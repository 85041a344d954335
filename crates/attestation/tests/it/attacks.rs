//! Published attacks on verifiers, as far as they concern certificates, quotes and event logs. Those that have a place of
//! their own stand there: event-type confusion in `event_log`, what a quote covers and its bank in `quote`, ROCA and odd
//! curves in `ek_certificate` and `ak`, trusted-hash injection beside the reader of signature lists.

use gatehouse_attestation::{
    AkPublic, AllowedCas, AllowedCasReason, ChainPolicy, EkCertificate, EventLog, Intermediates, Leniency,
    SignatureLists, boot_state, verify_ek_path, verify_platform,
};
use gatehouse_model::tpm::PlatformParameters;
use gatehouse_testkit::soft_tpm::{AkKind, EkKind, Platform, SoftTpm};

use crate::made::*;
use crate::{NONCE, ak, now};

fn root() -> (&'static Key, Vec<u8>) {
    let key = Key::rsa();
    (key, Made::ca(common_name("Maker Root CA"), key).sign(key, Signing::RsaSha256))
}

fn ek() -> Made {
    Made::ek(common_name("Maker Root CA"), SoftTpm::with_shared_key(EkKind::Rsa2048).ek_spki())
}

/// GHSA-hcm6-rjfh-f25p and its like: lengths that are not there, and that overflow when they are added.
#[test]
fn huge_lengths_in_an_event_log_are_the_end_of_it() {
    let header = crate::event_log::sample();
    for length in [u32::MAX, u32::MAX - 3, 0x8000_0000, 0x10_0000] {
        let mut log = header.clone();
        log.extend([7, 4, 1_u32].map(u32::to_le_bytes).concat());
        log.extend([0x0b, 0]);
        log.extend([0; 32]);
        log.extend(length.to_le_bytes());
        assert_eq!(EventLog::parse(&log).unwrap().unread(), log.len() - header.len());
        let mut first = vec![0; 28];
        first.extend(length.to_le_bytes());
        assert!(EventLog::parse(&first).is_err());
    }
    // A variable whose name has more characters than there are numbers for bytes.
    for name_units in [u64::MAX, u64::MAX / 2, 1 << 63] {
        let mut data = vec![0; 16];
        data.extend(name_units.to_le_bytes());
        data.extend(u64::MAX.to_le_bytes());
        let log = legacy(7, 0x8000_0001, &data);
        let read = EventLog::parse(&log).unwrap();
        assert_eq!(read.describe().next().unwrap().text, None);
        let _ = boot_state(&PlatformParameters { event_log: log.clone(), ..PlatformParameters::default() });
    }
    assert_eq!(SignatureLists::parse(&[0xff; 28]), None);
}

fn legacy(pcr: u32, kind: u32, data: &[u8]) -> Vec<u8> {
    let mut event = [pcr, kind].map(u32::to_le_bytes).concat();
    event.extend([0; 20]);
    event.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    event.extend(data);
    event
}

#[test]
fn huge_lengths_in_a_certificate_are_refused() {
    let good = ek().sign(root().0, Signing::RsaSha256);
    for position in 0..good.len() {
        for head in [[0x84, 0xff, 0xff, 0xff, 0xff], [0x88, 0x7f, 0xff, 0xff, 0xff], [0x80, 0, 0, 0, 0]] {
            let mut changed = good.clone();
            let end = (position + head.len()).min(changed.len());
            changed[position..end].copy_from_slice(&head[..end - position]);
            if let Ok(leaf) = EkCertificate::parse(&changed) {
                let allowed = &AllowedCas::default();
                assert!(verify_ek_path(&leaf, allowed, &[], &ChainPolicy::LENIENT, now()).is_err());
            }
        }
    }
}

/// Structures inside of structures: device paths, DER, tagged events of Windows.
#[test]
fn recursion_is_bounded_whatever_is_nested() {
    let deep = (0..3500).fold(vec![5, 0], |inner, _| tlv(SEQUENCE, &[&inner]));
    assert!(deep.len() < 16 * 1024 - 800, "{}", deep.len());
    for id in [ALTERNATIVE_NAME, POLICIES, AUTHORITY_KEY_ID, EXTENDED_KEY_USAGE, AUTHORITY_INFO, &[0x2a, 3]] {
        let made = ek().without(id).with(extension(id, None, &deep));
        let _ = EkCertificate::parse(&made.sign(root().0, Signing::RsaSha256));
    }
    let mut named = ek();
    named.subject = deep;
    assert!(EkCertificate::parse(&named.sign(root().0, Signing::RsaSha256)).is_err());

    // Nodes of a device path without an end, of no length, and longer than the path.
    for node in [&[4, 4, 4, 0][..], &[4, 4, 0, 0], &[4, 4, 3, 0], &[4, 4, 0xff, 0xff]] {
        let path = node.repeat(5000);
        let mut image = vec![0; 24];
        image.extend(u64::try_from(path.len()).unwrap().to_le_bytes());
        image.extend(path);
        let log = legacy(4, 0x8000_0003, &image);
        assert_eq!(EventLog::parse(&log).unwrap().describe().next().unwrap().text, None);
    }
    // ELAM's lists in lists (EV_EVENT_TAG) are data, and never opened.
    let tagged = (0..1000).fold(vec![], |inner: Vec<u8>, _| {
        let size = u32::try_from(inner.len()).unwrap().to_le_bytes();
        [&[1, 0, 1, 0x40], size.as_slice(), &inner].concat()
    });
    let log = legacy(12, 6, &tagged);
    assert_eq!(EventLog::parse(&log).unwrap().describe().next().unwrap().text, None);
}

/// Digests of other algorithms than the header has, twice the same, or none at all.
#[test]
fn mixed_algorithms_in_an_event_log_neither_panic_nor_count() {
    let header = crate::event_log::sample();
    let events = EventLog::parse(&header).unwrap().len();
    let event = |algorithms: &[(u16, usize)]| {
        let mut log = header.clone();
        log.extend([7, 4, u32::try_from(algorithms.len()).unwrap()].map(u32::to_le_bytes).concat());
        for (algorithm, size) in algorithms {
            log.extend(algorithm.to_le_bytes());
            log.extend(vec![1; *size]);
        }
        log.extend([0; 4]);
        log
    };
    for bad in [&[(4_u16, 20_usize)][..], &[(0x0b, 32), (0x0b, 32)], &[(0x0b, 32), (4, 20)], &[(0xffff, 0)]] {
        assert_eq!(EventLog::parse(&event(bad)).unwrap().len(), events, "{bad:?}");
    }
    // An event that the bank has no digest of changes nothing in it.
    let none = event(&[]);
    let (with, without) = (EventLog::parse(&none).unwrap(), EventLog::parse(&header).unwrap());
    assert_eq!(with.len(), events + 1);
    let bank = gatehouse_attestation::Bank::Sha256;
    assert_eq!(with.replay(bank), without.replay(bank));
}

/// A check that answers "yes" where it could not check: every way in which a signature cannot be verified is a refusal.
#[test]
fn signature_checks_fail_closed() {
    let (soft, public): (_, AkPublic) = ak(AkKind::P256);
    let good = Platform::new(&NONCE).sign(&soft);
    verify_platform(&public, &NONCE, &good).unwrap();
    let ecdsa = |r: &[u8], s: &[u8]| {
        let part = |number: &[u8]| [&u16::try_from(number.len()).unwrap().to_be_bytes(), number].concat();
        [&[0, 0x18, 0, 0x0b], part(r).as_slice(), &part(s)].concat()
    };
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    for signature in [
        vec![],
        vec![0, 0x10],
        ecdsa(&[], &[]),
        ecdsa(&[0; 32], &[0; 32]),
        ecdsa(&[1], &[1]),
        ecdsa(&order, &order),
        ecdsa(&[0xff; 33], &[1; 32]),
        [&[0, 0x14, 0, 0x0b, 1, 0][..], &[0; 256]].concat(),
    ] {
        let mut params = good.clone();
        params.quotes[0].signature = signature;
        assert!(verify_platform(&public, &NONCE, &params).is_err());
    }
    // Certificates: another algorithm than the key's, one that is not known, no signature at all.
    let (key, root) = root();
    let mut allowed = AllowedCas::default();
    allowed.add(&root).unwrap();
    let der = ek().sign(key, Signing::RsaSha256);
    let algorithm = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    for last in [1, 2, 4, 7, 10, 14] {
        let mut changed = der.clone();
        for start in 0..changed.len() - algorithm.len() {
            if changed[start..].starts_with(&algorithm) {
                changed[start + 8] = last;
            }
        }
        let leaf = EkCertificate::parse(&changed).unwrap();
        let error = verify_ek_path(&leaf, &allowed, &[], &ChainPolicy::LENIENT, now()).unwrap_err();
        assert_eq!(error.code(), "unsupported_algorithm", "{last}");
    }
    let curve = Key::ec(Signing::P256Sha256);
    let leaf = EkCertificate::parse(&ek().sign(&curve, Signing::P256Sha256)).unwrap();
    let error = verify_ek_path(&leaf, &allowed, &[], &ChainPolicy::LENIENT, now()).unwrap_err();
    assert_eq!(error.code(), "bad_signature");
}

/// The algorithm that is outside of the signed part must be the one inside.
#[test]
fn mixed_algorithms_in_a_certificate_are_refused() {
    let der = ek().sign(root().0, Signing::RsaSha256);
    let algorithm = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11];
    let at: Vec<usize> = (0..der.len() - 9).filter(|start| der[*start..].starts_with(&algorithm)).collect();
    assert_eq!(at.len(), 2);
    for start in at {
        let mut changed = der.clone();
        changed[start + 8] = 5;
        assert_eq!(EkCertificate::parse(&changed).unwrap_err().code(), "malformed_certificate");
    }
}

#[test]
fn trailing_data_is_refused_wherever_it_is_signed_or_not() {
    let (key, _) = root();
    let der = ek().sign(key, Signing::RsaSha256);
    // Behind the certificate it is padding of the NV index, and no part of what is judged.
    assert_eq!(EkCertificate::parse(&[der.as_slice(), b"more"].concat()).unwrap().der(), der);
    let mut inside = ek();
    inside.trailing = vec![5, 0];
    assert_eq!(
        EkCertificate::parse(&inside.sign(key, Signing::RsaSha256)).unwrap_err().code(),
        "malformed_certificate"
    );
    // Behind the signature, within the outer SEQUENCE.
    let content = [&der[4..], &[5, 0]].concat();
    assert!(EkCertificate::parse(&tlv(SEQUENCE, &[&content])).is_err());

    let (soft, public) = ak(AkKind::P256);
    let good = Platform::new(&NONCE).sign(&soft);
    for part in 0..2 {
        let mut params = good.clone();
        let quote = &mut params.quotes[0];
        if part == 0 {
            quote.quote.push(0)
        } else {
            quote.signature.push(0)
        }
        assert!(verify_platform(&public, &NONCE, &params).is_err());
    }
}

/// CVE-2017-15361 reaches keys that sign as well, and a short RSA key is no better.
#[test]
fn roca_weak_and_short_keys_of_cas_are_refused() {
    let key = Key::rsa();
    let with = |modulus: &[u8]| {
        let Key::Rsa { exponent, private, .. } = key else { panic!("an RSA key") };
        let weak = Key::Rsa {
            modulus: num_bigint::BigUint::from_bytes_be(modulus),
            exponent: exponent.clone(),
            private: private.clone(),
        };
        let mut made = Made::ca(common_name("Weak CA"), &weak);
        made.issuer = common_name("Maker Root CA");
        made.sign(key, Signing::RsaSha256)
    };
    let sound = SoftTpm::with_shared_key(EkKind::Rsa2048).ek_spki()[33..289].to_vec();
    let (weak, short) = (with(&crate::ak::weak_modulus()), with(&sound[128..]));
    for der in [&weak, &short] {
        let error = AllowedCas::default().add(der).unwrap_err();
        assert!(matches!(error, AllowedCasReason::Key(_)), "{error}");
    }
    // As an intermediate it stops the path.
    let (_, root) = root();
    let mut allowed = AllowedCas::default();
    allowed.add(&root).unwrap();
    let mut leaf = ek();
    leaf.issuer = common_name("Weak CA");
    let leaf = EkCertificate::parse(&leaf.sign(key, Signing::RsaSha256)).unwrap();
    let links = Intermediates::from_ders([&weak]);
    let error = verify_ek_path(&leaf, &allowed, &[&links], &ChainPolicy::LENIENT, now()).unwrap_err();
    assert_eq!(error.code(), "weak_issuer_key");
}

/// Roots of the public web, or what a device sends, are nobody's business here: only what is listed is trusted.
#[test]
fn public_webpki_roots_are_no_anchors_for_attestation() {
    let (key, root) = root();
    let leaf = EkCertificate::parse(&ek().sign(key, Signing::RsaSha256)).unwrap();
    let links = Intermediates::from_ders([&root]);
    let policy = ChainPolicy { sha1: Leniency::Accept, ..ChainPolicy::LENIENT };
    let error = verify_ek_path(&leaf, &AllowedCas::default(), &[&links], &policy, now()).unwrap_err();
    assert_eq!(error.code(), "unknown_issuer");
}
