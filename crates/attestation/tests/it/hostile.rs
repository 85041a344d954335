//! Structures cut short, changed and made up: nothing may panic, and nothing that was changed may pass.

use gatehouse_attestation::{
    AkPublic, AllowedCas, EkCertificate, EkPublic, verify_creation, verify_device_key, verify_ek_chain,
    verify_platform, verify_raw_signature,
};
use gatehouse_model::tpm::{AttestationParameters, PlatformParameters, Quote};
use gatehouse_testkit::soft_tpm::{AkKind, EkKind, Platform, SoftTpm, SoftTpmCa};
use proptest::prelude::*;

use crate::{NONCE, ak, now};

fn changed(bytes: &[u8], position: usize, mask: u8) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let length = changed.len();
    changed[position % length] ^= mask;
    changed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_changed_public_area_is_another_key_or_none(position: usize, mask in 1_u8..) {
        let (soft, good) = ak(AkKind::Rsa2048);
        if let Ok(other) = AkPublic::parse(&changed(soft.public(), position, mask)) {
            prop_assert_ne!(other.name(), good.name());
            prop_assert!(verify_creation(&other, &soft.attestation_parameters()).is_err());
        }
    }

    #[test]
    fn a_changed_creation_attestation_does_not_pass(part in 0..3, position: usize, mask in 1_u8..) {
        let (soft, public) = ak(AkKind::P256);
        let good = soft.attestation_parameters();
        let bad = match part {
            0 => AttestationParameters { create_data: changed(&good.create_data, position, mask), ..good },
            1 => AttestationParameters {
                create_attestation: changed(&good.create_attestation, position, mask), ..good
            },
            _ => AttestationParameters { create_signature: changed(&good.create_signature, position, mask), ..good },
        };
        prop_assert!(verify_creation(&public, &bad).is_err());
    }

    #[test]
    fn a_changed_or_truncated_quote_does_not_pass(
        kind in prop_oneof![Just(AkKind::P256), Just(AkKind::Rsa2048)],
        signature: bool,
        position: usize,
        mask: u8,
    ) {
        let (soft, public) = ak(kind);
        let mut params = Platform::new(&NONCE).sign(&soft);
        let Quote { quote, signature: signed } = &mut params.quotes[1];
        let target = if signature { signed } else { quote };
        if mask == 0 {
            let length = position % target.len();
            target.truncate(length);
        } else {
            *target = changed(target, position, mask);
        }
        prop_assert!(verify_platform(&public, &NONCE, &params).is_err());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let (soft, public) = ak(AkKind::P256);
        let _ = AkPublic::parse(&bytes);
        let _ = EkPublic::from_spki_der(&bytes);
        let _ = EkCertificate::parse(&bytes);
        let _ = verify_device_key(&bytes, &NONCE, &bytes);
        let _ = verify_raw_signature(&bytes, &NONCE, &bytes);
        let _ = AllowedCas::from_pems(&[String::from_utf8_lossy(&bytes).into_owned()]);
        let creation = AttestationParameters {
            public: bytes.clone(),
            create_data: bytes.clone(),
            create_attestation: bytes.clone(),
            create_signature: bytes.clone(),
        };
        prop_assert!(verify_creation(&public, &creation).is_err());
        let mut params = Platform::new(&NONCE).sign(&soft);
        params.quotes[0].quote.clone_from(&bytes);
        prop_assert!(verify_platform(&public, &NONCE, &params).is_err());
    }

    #[test]
    fn any_pcr_list_is_survived(
        index: i32, bank: u64, digest in prop::collection::vec(any::<u8>(), 0..70), at in 0_usize..48
    ) {
        let (soft, public) = ak(AkKind::P256);
        let mut params: PlatformParameters = Platform::new(&NONCE).sign(&soft);
        params.pcrs[at].index = index;
        params.pcrs[at].digest_alg = bank;
        params.pcrs[at].digest = digest;
        prop_assert!(verify_platform(&public, &NONCE, &params).is_err());
    }

    #[test]
    fn a_changed_certificate_does_not_chain(position: usize, mask in 1_u8.., cut: bool) {
        use std::sync::OnceLock;
        static ISSUED: OnceLock<(Vec<u8>, AllowedCas)> = OnceLock::new();
        let (der, anchors) = ISSUED.get_or_init(|| {
            let ca = SoftTpmCa::new();
            let der = ca.issue(&SoftTpm::with_shared_key(EkKind::Rsa2048));
            (der, AllowedCas::from_pems(&[ca.pem()]).unwrap())
        });
        let bad = if cut { der[..position % der.len()].to_vec() } else { changed(der, position, mask) };
        if let Ok(leaf) = EkCertificate::parse(&bad) {
            prop_assert!(verify_ek_chain(&leaf, anchors, &[], now()).is_err());
        }
    }
}
