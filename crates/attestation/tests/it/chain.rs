use gatehouse_attestation::{
    AllowedCas, AllowedCasReason, ChainError, ChainErrorKind, ChainPolicy, EkCertificate, EkPath,
    FindingKind, Intermediates, Leniency, MAX_PATH_CERTIFICATES, verify_ek_chain, verify_ek_path,
};
use gatehouse_model::AttestationTier;
use gatehouse_testkit::soft_tpm::{CaTemplate, EkCertTemplate, EkKind, SoftTpm, SoftTpmCa};
use rcgen::{KeyUsagePurpose, date_time_ymd};

use crate::now;

fn tpm() -> SoftTpm {
    SoftTpm::with_shared_key(EkKind::P256)
}

fn allow(cas: &[&SoftTpmCa]) -> AllowedCas {
    AllowedCas::from_pems(&cas.iter().map(|ca| ca.pem()).collect::<Vec<_>>()).unwrap()
}

fn verify(
    issuer: &SoftTpmCa,
    anchors: &[&SoftTpmCa],
    intermediates: &[&SoftTpmCa],
) -> Result<EkPath, ChainError> {
    let leaf = EkCertificate::parse(&issuer.issue(&tpm())).unwrap();
    let intermediates: Vec<Vec<u8>> = intermediates.iter().map(|ca| ca.der()).collect();
    verify_ek_chain(&leaf, &allow(anchors), &intermediates, now())
}

fn subjects(path: &EkPath) -> Vec<&str> {
    path.intermediates.iter().map(|certificate| certificate.subject.as_str()).collect()
}

fn verify_leaf(change: impl FnOnce(&mut EkCertTemplate)) -> Result<EkPath, ChainError> {
    let root = SoftTpmCa::new();
    let mut template = EkCertTemplate::new(EkKind::P256);
    change(&mut template);
    let leaf = EkCertificate::parse(&root.issue_with(&tpm(), &template)).unwrap();
    verify_ek_chain(&leaf, &allow(&[&root]), &[], now())
}

/// Root, intermediate falsified by `change`, leaf.
fn verify_below(change: impl FnOnce(&mut CaTemplate)) -> ChainErrorKind {
    let root = SoftTpmCa::new();
    let mut template = CaTemplate::new("Soft TPM Intermediate CA");
    change(&mut template);
    let intermediate = root.intermediate(&template);
    verify(&intermediate, &[&root], &[&intermediate]).unwrap_err().kind
}

#[test]
fn every_kind_of_key_chains_to_a_root_and_over_an_intermediate() {
    let root = SoftTpmCa::new();
    let intermediate = root.intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    for kind in [EkKind::Rsa2048, EkKind::P256, EkKind::P384] {
        let leaf = EkCertificate::parse(&intermediate.issue(&SoftTpm::with_shared_key(kind))).unwrap();
        let path = verify_ek_chain(&leaf, &allow(&[&root]), &[intermediate.der()], now()).unwrap();
        assert_eq!(path.anchor.subject, "CN=Soft TPM Root CA");
        assert_eq!(subjects(&path), ["CN=Soft TPM Intermediate CA"]);
        assert_eq!((path.tier, path.findings), (AttestationTier::TpmEkcertTrusted, Vec::new()));
    }
    assert!(verify(&root, &[&root], &[]).unwrap().intermediates.is_empty());
}

#[test]
fn an_intermediate_may_be_the_anchor() {
    let intermediate = SoftTpmCa::new().intermediate(&CaTemplate::new("Soft TPM Intermediate CA"));
    let path = verify(&intermediate, &[&intermediate], &[]).unwrap();
    assert_eq!(path.anchor.subject, "CN=Soft TPM Intermediate CA");
}

#[test]
fn unknown_issuers_are_named() {
    let error =
        verify(&SoftTpmCa::new(), &[&SoftTpmCa::root(&CaTemplate::new("Another CA"))], &[]).unwrap_err();
    assert_eq!((error.code(), error.issuer.as_str()), ("unknown_issuer", "CN=Soft TPM Root CA"));
    assert!(error.aki.is_some());
    let empty = AllowedCas::from_pems(&[]).unwrap();
    assert!(empty.is_empty());
    let leaf = EkCertificate::parse(&SoftTpmCa::new().issue(&tpm())).unwrap();
    assert_eq!(verify_ek_chain(&leaf, &empty, &[], now()).unwrap_err().kind, ChainErrorKind::UnknownIssuer);
}

#[test]
fn the_missing_link_is_named_not_the_leaf() {
    let root = SoftTpmCa::new();
    let upper = root.intermediate(&CaTemplate::new("Upper CA"));
    let lower = upper.intermediate(&CaTemplate::new("Lower CA"));
    let error = verify(&lower, &[&root], &[&lower]).unwrap_err();
    assert_eq!((error.kind, error.issuer.as_str()), (ChainErrorKind::UnknownIssuer, "CN=Upper CA"));
    verify(&lower, &[&root], &[&lower, &upper]).unwrap();
}

#[test]
fn a_ca_of_the_same_name_with_another_key_is_refused() {
    let error = verify(&SoftTpmCa::new(), &[&SoftTpmCa::new()], &[]).unwrap_err();
    assert_eq!(error.kind, ChainErrorKind::Signature);
    // It does no harm beside the right one.
    let root = SoftTpmCa::new();
    verify(&root, &[&SoftTpmCa::new(), &root, &SoftTpmCa::new()], &[]).unwrap();
}

#[test]
fn intermediates_are_no_anchors() {
    let root = SoftTpmCa::new();
    let other = SoftTpmCa::root(&CaTemplate::new("Another CA"));
    assert!(verify(&root, &[&other], &[&root]).is_err());
}

#[test]
fn an_ek_issued_by_something_that_is_no_ca_is_refused() {
    assert_eq!(verify_below(|template| template.ca = false), ChainErrorKind::NotAnIssuer);
    let usages = vec![KeyUsagePurpose::DigitalSignature];
    assert_eq!(verify_below(|template| template.key_usages = usages), ChainErrorKind::NotAnIssuer);
    // A CA for TLS servers only.
    let purposes = vec![vec![1, 3, 6, 1, 5, 5, 7, 3, 1]];
    assert_eq!(verify_below(|template| template.purposes = purposes), ChainErrorKind::NotAnIssuer);
}

#[test]
fn path_length_constraints_hold() {
    let root = SoftTpmCa::root(&CaTemplate { path_len: Some(0), ..CaTemplate::new("Root") });
    let intermediate = root.intermediate(&CaTemplate::new("Intermediate"));
    verify(&root, &[&root], &[]).unwrap();
    let error = verify(&intermediate, &[&root], &[&intermediate]).unwrap_err();
    assert_eq!(error.kind, ChainErrorKind::PathLength);
}

#[test]
fn the_end_of_an_ek_certificate_is_not_enforced_but_its_beginning_is() {
    verify_leaf(|template| template.not_after = date_time_ymd(2025, 1, 1)).unwrap();
    let error = verify_leaf(|template| template.not_before = date_time_ymd(2027, 1, 1)).unwrap_err();
    assert_eq!(error.kind, ChainErrorKind::NotYetValid);
}

fn kinds(path: &EkPath) -> Vec<(FindingKind, bool)> {
    path.findings.iter().map(|finding| (finding.kind, finding.lowers_tier)).collect()
}

#[test]
fn an_expired_intermediate_lowers_the_tier_or_what_the_policy_says() {
    let root = SoftTpmCa::new();
    let expired =
        |year| CaTemplate { not_after: date_time_ymd(year, 1, 1), ..CaTemplate::new("Intermediate") };
    let later = root.intermediate(&expired(2025));
    let path = verify(&later, &[&root], &[&later]).unwrap();
    assert_eq!((path.tier, kinds(&path)), (AttestationTier::TpmEkcert, vec![(FindingKind::ExpiredCa, true)]));

    let leaf = EkCertificate::parse(&later.issue(&tpm())).unwrap();
    let (anchors, sent) = (allow(&[&root]), Intermediates::from_ders([later.der()]));
    let judge = |expired_ca| {
        let policy = ChainPolicy { expired_ca, ..ChainPolicy::default() };
        verify_ek_path(&leaf, &anchors, &[&sent], &policy, now())
    };
    let path = judge(Leniency::Accept).unwrap();
    assert_eq!(
        (path.tier, kinds(&path)),
        (AttestationTier::TpmEkcertTrusted, vec![(FindingKind::ExpiredCa, false)])
    );
    assert_eq!(judge(Leniency::Refuse).unwrap_err().code(), "expired_ca");
    // Listed, it is trusted as listed.
    let path = verify(&later, &[&later], &[]).unwrap();
    assert_eq!(
        (path.tier, kinds(&path)),
        (AttestationTier::TpmEkcertTrusted, vec![(FindingKind::ExpiredAnchor, false)])
    );
}

#[test]
fn what_a_ca_issued_after_its_end_is_refused_whatever_the_policy() {
    let root = SoftTpmCa::new();
    let before = CaTemplate { not_after: date_time_ymd(2023, 1, 1), ..CaTemplate::new("Intermediate") };
    let before = root.intermediate(&before);
    assert_eq!(verify(&before, &[&root], &[&before]).unwrap_err().kind, ChainErrorKind::IssuerExpired);
    let leaf = EkCertificate::parse(&before.issue(&tpm())).unwrap();
    let sent = Intermediates::from_ders([before.der()]);
    let error = verify_ek_path(&leaf, &allow(&[&root]), &[&sent], &ChainPolicy::LENIENT, now()).unwrap_err();
    assert_eq!(error.code(), "issuer_expired");
    let future = |template: &mut CaTemplate| template.not_before = date_time_ymd(2027, 1, 1);
    assert_eq!(verify_below(future), ChainErrorKind::NotYetValid);
}

/// Makers issue a CA's certificate anew, with the same name and key and another end.
#[test]
fn a_path_without_faults_is_preferred_to_one_that_lowers_the_tier() {
    let root = SoftTpmCa::new();
    let template = CaTemplate::new("Intermediate");
    let current = root.intermediate(&template);
    let expired = root.reissue(&current, &CaTemplate { not_after: date_time_ymd(2025, 1, 1), ..template });
    for order in [[&current, &expired], [&expired, &current]] {
        let path = verify(&current, &[&root], &order).unwrap();
        assert_eq!((path.tier, kinds(&path)), (AttestationTier::TpmEkcertTrusted, vec![]));
    }
    let path = verify(&current, &[&root], &[&expired]).unwrap();
    assert_eq!(path.tier, AttestationTier::TpmEkcert);
}

#[test]
fn an_expired_ek_certificate_is_accepted_or_what_the_policy_says() {
    let root = SoftTpmCa::new();
    let mut template = EkCertTemplate::new(EkKind::P256);
    template.not_after = date_time_ymd(2025, 1, 1);
    let leaf = EkCertificate::parse(&root.issue_with(&tpm(), &template)).unwrap();
    let anchors = allow(&[&root]);
    for (expired_ek, tier) in [
        (Leniency::Accept, Some(AttestationTier::TpmEkcertTrusted)),
        (Leniency::LowerTier, Some(AttestationTier::TpmEkcert)),
        (Leniency::Refuse, None),
    ] {
        let policy = ChainPolicy { expired_ek, ..ChainPolicy::default() };
        let verdict = verify_ek_path(&leaf, &anchors, &[], &policy, now());
        assert_eq!(verdict.as_ref().ok().map(|path| path.tier), tier);
        match verdict {
            Ok(path) => assert_eq!(path.findings[0].kind, FindingKind::ExpiredEk),
            Err(error) => assert_eq!(error.code(), "expired_ek"),
        }
    }
}

#[test]
fn unknown_critical_extensions_are_refused() {
    let unknown = (vec![1, 2, 3, 4], true, vec![5, 0]);
    let expected = ChainErrorKind::CriticalExtension("1.2.3.4".to_owned());
    let error = verify_leaf(|template| template.extensions = vec![unknown.clone()]).unwrap_err();
    assert_eq!(error.kind, expected);
    assert_eq!(verify_below(|template| template.extensions = vec![unknown]), expected);
    let harmless = (vec![1, 2, 3, 4], false, vec![5, 0]);
    verify_leaf(|template| template.extensions = vec![harmless]).unwrap();
    // Critical certificate policies are everyday on TPM makers' certificates.
    let policies = (vec![2, 5, 29, 32], true, vec![0x30, 6, 0x30, 4, 0x06, 2, 0x2a, 3]);
    verify_leaf(|template| template.extensions = vec![policies]).unwrap();
}

#[test]
fn name_constraints_are_refused_rather_than_ignored() {
    // permittedSubtrees of one directoryName.
    let constraint = vec![0x30, 8, 0xa0, 6, 0x30, 4, 0xa4, 2, 0x30, 0];
    let extension = (vec![2, 5, 29, 30], false, constraint);
    let kind = verify_below(|template| template.extensions = vec![extension]);
    assert_eq!(kind, ChainErrorKind::CriticalExtension("2.5.29.30".to_owned()));
}

#[test]
fn the_depth_is_bounded() {
    let mut cas = vec![SoftTpmCa::new()];
    for level in 1..MAX_PATH_CERTIFICATES {
        cas.push(cas[level - 1].intermediate(&CaTemplate::new(&format!("Level {level}"))));
    }
    let all: Vec<&SoftTpmCa> = cas.iter().collect();
    // Leaf, six intermediates, root: eight.
    verify(all[MAX_PATH_CERTIFICATES - 2], &[all[0]], &all[1..]).unwrap();
    let error = verify(all[MAX_PATH_CERTIFICATES - 1], &[all[0]], &all[1..]).unwrap_err();
    assert_eq!(error.kind, ChainErrorKind::TooDeep);
}

#[test]
fn rings_and_crowds_of_candidates_come_to_an_end() {
    // Sixty CAs of one name, each signed by another one of that name.
    let template = CaTemplate::new("Ring");
    let mut ring = vec![SoftTpmCa::root(&template)];
    for index in 0..59 {
        let next = ring[index].intermediate(&template);
        ring.push(next);
    }
    let members: Vec<&SoftTpmCa> = ring.iter().collect();
    let error = verify(members[59], &[&SoftTpmCa::new()], &members).unwrap_err();
    assert!(matches!(
        error.kind,
        ChainErrorKind::TooManyCandidates | ChainErrorKind::TooDeep | ChainErrorKind::Signature
    ));
}

#[test]
fn unreadable_intermediates_are_passed_over() {
    let root = SoftTpmCa::new();
    let intermediate = root.intermediate(&CaTemplate::new("Intermediate"));
    let leaf = EkCertificate::parse(&intermediate.issue(&tpm())).unwrap();
    let list = [vec![], vec![0x30; 70_000], intermediate.der()];
    verify_ek_chain(&leaf, &allow(&[&root]), &list, now()).unwrap();
}

#[test]
fn changed_certificates_are_refused() {
    let root = SoftTpmCa::new();
    let der = root.issue(&tpm());
    let anchors = allow(&[&root]);
    for index in 0..der.len() {
        let mut changed = der.clone();
        changed[index] ^= 1;
        if let Ok(leaf) = EkCertificate::parse(&changed) {
            assert!(verify_ek_chain(&leaf, &anchors, &[], now()).is_err(), "byte {index}");
        }
    }
}

#[test]
fn faults_in_the_list_are_located() {
    let root = SoftTpmCa::new();
    let tpm = tpm();
    let pem = |der: &[u8]| {
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
    };
    let fault = |entries: &[String]| {
        let error = AllowedCas::from_pems(entries).unwrap_err();
        (error.entry, error.certificate, error.reason)
    };
    let bundle = root.pem() + "a remark\n" + &root.pem();
    assert_eq!(AllowedCas::from_pems(&[bundle]).unwrap().len(), 2);

    let (entry, certificate, reason) = fault(&[root.pem(), root.pem() + &pem(&root.issue(&tpm))]);
    assert_eq!((entry, certificate), (2, Some(2)));
    assert!(matches!(reason, AllowedCasReason::NotACa(_)));
    assert_eq!(fault(&["nothing".to_owned()]), (1, None, AllowedCasReason::NoCertificate));
    assert_eq!(fault(&[String::new()]), (1, None, AllowedCasReason::NoCertificate));
    assert!(matches!(fault(&[pem(&[0x30, 0])]), (1, Some(1), AllowedCasReason::Certificate(_))));
    let key = root.pem().replace("CERTIFICATE", "PRIVATE KEY");
    assert_eq!(fault(&[key]), (1, Some(1), AllowedCasReason::Label("PRIVATE KEY".to_owned())));
    let cut = root.pem().replace("-----END", "");
    assert_eq!(fault(&[cut]), (1, Some(1), AllowedCasReason::Pem));
    let error = AllowedCas::from_pems(&["nothing".to_owned()]).unwrap_err();
    assert!(error.to_string().starts_with("entry 1 of the allowed EK CAs: holds no PEM certificate"));
}
