//! Unknown CAs: an administrator is asked, and acceptance ends the enrolment from the evidence that was kept.

use std::sync::Arc;

use gatehouse_domain::entity::{Review, ReviewReason, ReviewState};
use gatehouse_model::tpm::EkMaterial;
use gatehouse_proto::convert::platform_parameters;
use gatehouse_proto::devicetrust::{DeviceAttestationType, TpmEnrollChallengeResponse};
use gatehouse_proto::gatehouse::v1 as wire;
use gatehouse_testkit::soft_tpm::{AkKind, CaTemplate, EkCertTemplate, EkKind, SoftAk, SoftTpm, SoftTpmCa};
use serde_json::json;
use tonic::Code::{
    AlreadyExists, FailedPrecondition, InvalidArgument, NotFound, PermissionDenied, ResourceExhausted,
};
use tonic::Status;

use crate::rig::{Enrolling, Machine, Person, Rig, hint_of, refused};

const DAY: i64 = 86_400;

struct Case {
    rig: Rig,
    alice: Person,
    /// Allowed.
    listed: SoftTpmCa,
    /// Of the machine's TPM.
    unknown: SoftTpmCa,
    id: String,
    token: String,
    machine: Machine,
}

async fn case() -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let (listed, unknown) = (SoftTpmCa::new(), SoftTpmCa::root(&CaTemplate::new("Unknown TPM CA")));
    rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [listed.pem()]}})).await;
    let mut machine = Machine::new("PF000001");
    machine.ek = unknown.ek_material(&machine.tpm);
    Case { rig, alice, listed, unknown, id, token, machine }
}

impl Case {
    /// Enrols in vain, and gives the review.
    async fn ask(&self) -> wire::ReviewInfo {
        self.refuse("awaiting_review").await;
        let mut reviews = self.rig.reviews(true).await;
        assert_eq!(reviews.len(), 1);
        self.rig.review(&reviews.remove(0).id).await
    }

    async fn refuse(&self, code: &str) -> Status {
        let outcome = self.machine.enrol(&self.alice.connection, &self.token).await;
        let status = outcome.expect_err("the enrolment succeeded");
        assert_eq!(status.metadata().get("gatehouse-code").unwrap(), code, "{status:?}");
        status
    }

    async fn tier(&self) -> DeviceAttestationType {
        self.rig.device(&self.id).await.credential.unwrap().device_attestation_type()
    }
}

impl Rig {
    async fn reviews(&self, pending: bool) -> Vec<wire::ReviewInfo> {
        let request = wire::ListReviewsRequest { pending, ..Default::default() };
        self.admin.reviews().list_reviews(request).await.unwrap().into_inner().reviews
    }

    async fn review(&self, id: &str) -> wire::ReviewInfo {
        let request = wire::GetReviewRequest { id: id.to_owned() };
        self.admin.reviews().get_review(request).await.unwrap().into_inner()
    }

    async fn accept(&self, review: &wire::ReviewInfo) -> Result<(), Status> {
        self.admin.reviews().accept_review(decision(review)).await.map(|_| ())
    }

    async fn trust(&self, review: &wire::ReviewInfo, pem: &str) -> Result<(), Status> {
        let wire::DecideReviewRequest { id, evidence_id } = decision(review);
        let request = wire::TrustReviewRequest { id, evidence_id, certificates: pem.as_bytes().to_vec() };
        self.admin.reviews().trust_review(request).await.map(|_| ())
    }

    async fn refuse_review(&self, review: &wire::ReviewInfo) -> Result<(), Status> {
        self.admin.reviews().refuse_review(decision(review)).await.map(|_| ())
    }
}

fn decision(review: &wire::ReviewInfo) -> wire::DecideReviewRequest {
    wire::DecideReviewRequest { id: review.id.clone(), evidence_id: review.evidence_id.clone() }
}

#[tokio::test]
async fn an_unknown_ca_awaits_review_and_is_accepted_once() {
    let case = case().await;
    let status = case.refuse("awaiting_review").await;
    assert_eq!(status.code(), FailedPrecondition);
    assert!(status.message().starts_with("awaiting review"), "{status:?}");
    assert!(hint_of(&status).contains("7 days"));
    case.rig.assert_untouched(&case.id).await;
    assert_eq!(case.rig.tokens(&case.id).await[0].attempts, 0, "it does not count against the token");

    let review = case.rig.review(&case.rig.reviews(true).await[0].id).await;
    assert_eq!((review.reason.as_str(), review.state.as_str()), ("unknown_ca", "pending"));
    assert_eq!((review.user.as_str(), review.asset_tag.as_str()), ("alice", "PF000001"));
    let facts = review.unknown_ca.clone().unwrap();
    assert!(facts.issuer.contains("Unknown TPM CA") && facts.refusal_code == "unknown_issuer", "{facts:?}");
    assert!(facts.refusal_hint.contains("tctl ekcas add"), "{}", facts.refusal_hint);
    assert_eq!(facts.ek_sha256.len(), 64);

    case.rig.accept(&review).await.unwrap();
    assert_eq!(case.tier().await, DeviceAttestationType::TpmEkcert);
    assert_eq!(case.rig.device(&case.id).await.owner, "alice");
    // The AK that asked is the one that counts: the next login is trusted.
    case.machine.authenticate(&case.alice).await.unwrap();
    let enrolled = case.rig.events("device.enroll").await.remove(0);
    assert_eq!(enrolled["details"]["review"], review.id.as_str());
    assert_eq!(enrolled["details"]["requested_by"], "alice");
    assert_eq!(enrolled["details"]["findings"][0]["code"], "accepted_in_review");
    assert_eq!(case.rig.events("review.create").await.len(), 1);
    assert_eq!(case.rig.events("review.accept").await.len(), 1);
    let evidence = case.rig.evidence(&case.id).await.remove(0);
    assert_eq!((evidence.verdict.as_str(), evidence.findings.len()), ("success", 1));
    // Once: the next TPM of that CA awaits review again.
    let (_, token) = case.rig.register_linux("PF000002").await;
    let mut other = Machine::new("PF000002");
    other.ek = case.unknown.ek_material(&other.tpm);
    refused(other.enrol(&case.alice.connection, &token).await, FailedPrecondition, "awaiting_review");
}

#[tokio::test]
async fn trusting_the_ca_enrols_the_device_as_trusted_and_the_next_without_review() {
    let case = case().await;
    let review = case.ask().await;
    let outcome = case.rig.trust(&review, "").await;
    refused(outcome, InvalidArgument, "ca_certificate_missing");
    let outcome = case.rig.trust(&review, &SoftTpmCa::new().pem()).await;
    refused(outcome, InvalidArgument, "ca_does_not_cover");
    case.rig.trust(&review, &case.unknown.pem()).await.unwrap();
    assert_eq!(case.tier().await, DeviceAttestationType::TpmEkcertTrusted);
    case.machine.authenticate(&case.alice).await.unwrap();
    let (id, token) = case.rig.register_linux("PF000002").await;
    let mut other = Machine::new("PF000002");
    other.ek = case.unknown.ek_material(&other.tpm);
    other.enrol(&case.alice.connection, &token).await.unwrap();
    assert!(case.rig.device(&id).await.credential.is_some());
    // The list holds both: what was allowed before stays.
    let (_, token) = case.rig.register_linux("PF000003").await;
    let mut third = Machine::new("PF000003");
    third.ek = case.listed.ek_material(&third.tpm);
    third.enrol(&case.alice.connection, &token).await.unwrap();
}

#[tokio::test]
async fn a_ca_that_is_listed_meanwhile_makes_the_accepted_device_trusted() {
    let case = case().await;
    let review = case.ask().await;
    case.rig.prefer(json!({"device_trust": {"ekcert_allowed_cas": [case.unknown.pem()]}})).await;
    assert_eq!(case.rig.review(&review.id).await.unknown_ca.unwrap().refusal_code, "");
    case.rig.accept(&review).await.unwrap();
    assert_eq!(case.tier().await, DeviceAttestationType::TpmEkcertTrusted);
}

#[tokio::test]
async fn a_refusal_holds() {
    let case = case().await;
    let review = case.ask().await;
    case.rig.refuse_review(&review).await.unwrap();
    let status = case.refuse("review_refused").await;
    assert_eq!(status.code(), PermissionDenied);
    refused(case.rig.accept(&review).await, AlreadyExists, "review_decided");
}

#[tokio::test]
async fn after_a_refusal_has_expired_the_same_tpm_can_ask_again() {
    let case = case().await;
    let now = case.rig.now();
    let refused_before = Review {
        id: "before".to_owned(),
        reason: ReviewReason::UnknownCa,
        subject: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(case.machine.tpm.ek_spki())),
        state: ReviewState::Refused,
        created: now,
        expires: now.plus_secs(3600),
        device_id: case.id.clone(),
        asset_tag: "PF000001".to_owned(),
        os_type: gatehouse_model::OsType::Linux,
        user: "alice".to_owned(),
        credential_id: "c".to_owned(),
        evidence_id: "e".to_owned(),
        details: serde_json::Value::Null,
        decided: None,
    };
    let mut work = case.rig.store.begin().await.unwrap();
    work.insert_review(&refused_before).await.unwrap();
    work.commit().await.unwrap();
    case.refuse("review_refused").await;
    case.rig.clock.advance(3600);
    let token = case.rig.token(&case.id).await;
    let outcome = case.machine.enrol(&case.alice.connection, &token).await;
    refused(outcome, FailedPrecondition, "awaiting_review");
    assert_eq!(case.rig.reviews(true).await.len(), 1);
}

#[tokio::test]
async fn one_review_waits_for_each_ek_and_asking_again_is_free() {
    let case = case().await;
    let review = case.ask().await;
    for _ in 0..7 {
        case.refuse("awaiting_review").await;
    }
    assert_eq!(case.rig.tokens(&case.id).await[0].attempts, 0);
    let reviews = case.rig.reviews(true).await;
    assert_eq!((reviews.len(), &reviews[0].evidence_id), (1, &review.evidence_id));
    assert_eq!(case.rig.events("review.create").await.len(), 1);
    assert_eq!(case.rig.evidence(&case.id).await.len(), 1);
    // Nor does it wait for the same TPM elsewhere.
    let (_, token) = case.rig.register_linux("PF000002").await;
    let twin = Machine { serial: "PF000002".to_owned(), ..case.machine.clone() };
    let outcome = twin.enrol(&case.alice.connection, &token).await;
    refused(outcome, FailedPrecondition, "other_review");
}

#[tokio::test]
async fn another_key_of_the_same_tpm_takes_the_place_and_nobody_decides_what_they_have_not_seen() {
    let mut case = case().await;
    let seen = case.ask().await;
    case.machine.ak = SoftAk::generate(AkKind::P256);
    let renewed = case.ask().await;
    assert_eq!(seen.id, renewed.id);
    assert_ne!(seen.evidence_id, renewed.evidence_id);
    assert_eq!(case.rig.tokens(&case.id).await[0].attempts, 1, "this one counts");
    refused(case.rig.accept(&seen).await, AlreadyExists, "review_changed");
    case.rig.accept(&renewed).await.unwrap();
    case.machine.authenticate(&case.alice).await.unwrap();
}

#[tokio::test]
async fn a_user_has_five_reviews_at_most() {
    let case = case().await;
    for number in 10..16 {
        let tag = format!("PF{number}");
        let (_, token) = case.rig.register_linux(&tag).await;
        let mut machine = Machine::new(&tag);
        machine.ek = case.unknown.ek_material(&machine.tpm);
        let outcome = machine.enrol(&case.alice.connection, &token).await;
        if number < 15 {
            refused(outcome, FailedPrecondition, "awaiting_review");
        } else {
            refused(outcome, ResourceExhausted, "too_many_reviews");
        }
    }
    assert_eq!(case.rig.reviews(true).await.len(), 5);
}

#[tokio::test]
async fn nothing_is_asked_before_activation_and_quotes_have_passed() {
    let case = case().await;
    let begin = || Enrolling::begin_tpm(&case.alice.connection, case.machine.init(&case.token));
    let (stream, challenge) = begin().await.unwrap();
    let answer = TpmEnrollChallengeResponse { solution: vec![7; 32], ..case.machine.solve(&challenge) };
    refused(stream.finish_tpm(answer).await, PermissionDenied, "activation_wrong");
    let (stream, challenge) = begin().await.unwrap();
    let platform = platform_parameters(case.machine.quote(&[9; 32]));
    let answer =
        TpmEnrollChallengeResponse { platform_parameters: Some(platform), ..case.machine.solve(&challenge) };
    refused(stream.finish_tpm(answer).await, InvalidArgument, "quote_invalid");
    assert!(case.rig.reviews(true).await.is_empty());
    assert_eq!(case.rig.tokens(&case.id).await[0].attempts, 2);
}

#[tokio::test]
async fn what_a_policy_refuses_is_no_question_for_a_review() {
    let mut case = case().await;
    case.rig
        .prefer(json!({"device_trust": {
            "ekcert_allowed_cas": [case.listed.pem()], "ekcert_expired_ek": "refuse",
        }}))
        .await;
    let ended =
        EkCertTemplate { not_after: rcgen::date_time_ymd(2025, 1, 1), ..EkCertTemplate::new(EkKind::P256) };
    case.machine.ek = EkMaterial::Certificate(case.listed.issue_with(&case.machine.tpm, &ended));
    case.refuse("ekcert_untrusted").await;
    let event = case.rig.events("device.enroll").await.remove(0);
    assert_eq!(event["details"]["reason"], "expired_ek");
    assert!(case.rig.reviews(true).await.is_empty());
    // Records of one moment have no order.
    case.rig.clock.advance(1);
    case.rig
        .prefer(json!({"device_trust": {
            "ekcert_allowed_cas": [case.listed.pem()], "ekcert_expired_ek": "lower_tier",
        }}))
        .await;
    case.machine.enrol(&case.alice.connection, &case.token).await.unwrap();
    assert_eq!(case.tier().await, DeviceAttestationType::TpmEkcert);
    let event = case.rig.events("device.enroll").await.remove(0);
    assert_eq!(event["details"]["findings"][0]["code"], "expired_ek");
    assert_eq!(case.rig.evidence(&case.id).await[0].findings[0].code, "expired_ek");
}

#[tokio::test]
async fn two_administrators_at_once_accept_one_review_once() {
    let case = Arc::new(case().await);
    let review = case.ask().await;
    let (one, other) = tokio::join!(case.rig.accept(&review), case.rig.accept(&review));
    let lost = if one.is_ok() { other } else { one };
    refused(lost, AlreadyExists, "review_decided");
    assert_eq!(case.rig.events("review.accept").await.len(), 1);
    refused(case.rig.refuse_review(&review).await, AlreadyExists, "review_decided");
}

#[tokio::test]
async fn a_device_that_is_deleted_meanwhile_is_not_enrolled() {
    let case = case().await;
    let review = case.ask().await;
    case.rig.delete_device(&case.id).await;
    refused(case.rig.accept(&review).await, FailedPrecondition, "device_gone");
    assert_eq!(case.rig.reviews(true).await.len(), 1, "nothing was decided");
    case.rig.refuse_review(&review).await.unwrap();
}

#[tokio::test]
async fn an_ek_that_is_enrolled_elsewhere_meanwhile_is_not_enrolled_again() {
    let case = case().await;
    let review = case.ask().await;
    case.rig.prefer(json!({"device_trust": {}})).await;
    let (_, token) = case.rig.register_linux("PF000002").await;
    let twin =
        Machine { serial: "PF000002".to_owned(), ak: SoftAk::generate(AkKind::P256), ..case.machine.clone() };
    twin.enrol(&case.alice.connection, &token).await.unwrap();
    refused(case.rig.accept(&review).await, PermissionDenied, "key_in_use");
    case.rig.assert_untouched(&case.id).await;
    assert_eq!(case.rig.reviews(true).await.len(), 1, "nothing was decided");
}

#[tokio::test]
async fn a_device_that_is_enrolled_with_another_tpm_meanwhile_keeps_it() {
    let case = case().await;
    let review = case.ask().await;
    let token = case.rig.token(&case.id).await;
    let mut other =
        Machine::with_tpm("PF000001", SoftTpm::generate(EkKind::P256), SoftAk::generate(AkKind::P256));
    other.ek = case.listed.ek_material(&other.tpm);
    other.enrol(&case.alice.connection, &token).await.unwrap();
    refused(case.rig.accept(&review).await, PermissionDenied, "enrolled_with_other_key");
}

#[tokio::test]
async fn acceptance_comes_in_time_or_not_at_all_whatever_the_token_lives() {
    let case = case().await;
    let review = case.ask().await;
    // The token has ended long since.
    case.rig.clock.advance(7 * DAY - 1);
    case.rig.accept(&review).await.unwrap();
    let late = self::case().await;
    let review = late.ask().await;
    late.rig.clock.advance(7 * DAY);
    refused(late.rig.accept(&review).await, FailedPrecondition, "review_expired");
    assert_eq!(late.rig.review(&review.id).await.state, "expired");
    late.rig.assert_untouched(&late.id).await;
}

#[tokio::test]
async fn a_lock_on_device_or_user_and_a_revoked_token_hold_up_the_acceptance() {
    let case = case().await;
    let review = case.ask().await;
    let lock = case.rig.lock(json!({"device": case.id})).await;
    refused(case.rig.accept(&review).await, PermissionDenied, "device_locked");
    case.rig.unlock(&lock).await;
    let lock = case.rig.lock(json!({"user": "alice"})).await;
    refused(case.rig.accept(&review).await, PermissionDenied, "device_locked");
    case.rig.unlock(&lock).await;
    case.rig.revoke(&case.rig.tokens(&case.id).await[0].id).await;
    refused(case.rig.accept(&review).await, PermissionDenied, "token_revoked");
    case.rig.assert_untouched(&case.id).await;
}

#[tokio::test]
async fn a_ca_is_only_trusted_if_the_device_can_be_enrolled() {
    let case = case().await;
    let review = case.ask().await;
    let before = case.rig.events("cluster_auth_preference.update").await.len();
    let lock = case.rig.lock(json!({"device": case.id})).await;
    refused(case.rig.trust(&review, &case.unknown.pem()).await, PermissionDenied, "device_locked");
    assert_eq!(case.rig.events("cluster_auth_preference.update").await.len(), before);
    assert!(case.rig.reviews(true).await.iter().any(|waiting| waiting.id == review.id), "still waits");
    case.rig.assert_untouched(&case.id).await;
    // Another machine of that maker is still unknown.
    let (_, token) = case.rig.register_linux("PF000002").await;
    let mut other = Machine::new("PF000002");
    other.ek = case.unknown.ek_material(&other.tpm);
    let outcome = other.enrol(&case.alice.connection, &token).await;
    refused(outcome.map(|_| ()), FailedPrecondition, "awaiting_review");
    case.rig.unlock(&lock).await;
    case.rig.trust(&review, &case.unknown.pem()).await.unwrap();
    assert_eq!(case.tier().await, DeviceAttestationType::TpmEkcertTrusted);
    assert_eq!(case.rig.events("cluster_auth_preference.update").await.len(), before + 1);
}

#[tokio::test]
async fn a_device_that_enrols_itself_is_accepted_by_the_rules_of_auto_enrolment() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, _) = rig.register_linux("PF000001").await;
    let listed = SoftTpmCa::new();
    let spec =
        |auto: bool| json!({"device_trust": {"auto_enroll": auto, "ekcert_allowed_cas": [listed.pem()]}});
    rig.prefer(spec(true)).await;
    let mut machine = Machine::new("PF000001");
    machine.ek = SoftTpmCa::root(&CaTemplate::new("Unknown TPM CA")).ek_material(&machine.tpm);
    // Each login asks for a token of its own and takes back the one before.
    for _ in 0..2 {
        let request = gatehouse_proto::devicetrust::CreateDeviceEnrollTokenRequest {
            device_data: Some(machine.data()),
            ..Default::default()
        };
        let token = alice.connection.devices().create_device_enroll_token(request).await.unwrap();
        let outcome = machine.enrol(&alice.connection, &token.into_inner().token).await;
        refused(outcome, FailedPrecondition, "awaiting_review");
    }
    let review = rig.reviews(true).await.remove(0);
    rig.prefer(spec(false)).await;
    refused(rig.accept(&review).await, PermissionDenied, "auto_enroll_refused");
    rig.prefer(spec(true)).await;
    rig.accept(&review).await.unwrap();
    assert!(rig.device(&id).await.credential.is_some());
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn reviews_are_for_those_whose_roles_say_so() {
    let case = case().await;
    let review = case.ask().await;
    let list = || wire::ListReviewsRequest { pending: true, ..Default::default() };
    refused(case.alice.connection.reviews().list_reviews(list()).await, PermissionDenied, "not_allowed");
    let admin = case.rig.person("bob", &["device-admin"]).await;
    assert_eq!(admin.connection.reviews().list_reviews(list()).await.unwrap().into_inner().reviews.len(), 1);
    let outcome = admin.connection.reviews().accept_review(decision(&review)).await;
    refused(outcome, PermissionDenied, "not_allowed");
    let editor = case.rig.person("eve", &["editor"]).await;
    editor.connection.reviews().accept_review(decision(&review)).await.unwrap();
    let outcome = editor.connection.reviews().get_review(wire::GetReviewRequest { id: "x".to_owned() }).await;
    refused(outcome, NotFound, "review_not_found");
}

#[tokio::test]
async fn another_ca_of_a_listed_name_is_for_a_person_to_judge() {
    let mut case = case().await;
    case.machine.ek = SoftTpmCa::new().ek_material(&case.machine.tpm);
    case.refuse("awaiting_review").await;
    assert_eq!(case.rig.reviews(true).await.len(), 1);
}
