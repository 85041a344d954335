//! The editor of the CAs whose TPMs are trusted, and reviews, as pages without scripts.

use gatehouse_domain::entity::{
    DeviceEk, EkVerdictCode, Evidence, RecordKind, Review, ReviewReason, ReviewState,
};
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};
use gatehouse_model::{AttestationTier, CollectedData, OsType};
use gatehouse_testkit::soft_tpm::{CaTemplate, EkKind, SoftTpm, SoftTpmCa};
use http::StatusCode;

use super::browser::{Cluster, cluster};
use super::people::{hidden, person};

const PATH: &str = "/web/settings/cas";

fn ca(name: &str) -> SoftTpmCa {
    SoftTpmCa::root(&CaTemplate::new(name))
}

fn sha256(ca: &SoftTpmCa) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(ca.der()))
}

/// A registered device that has shown a TPM of the CA.
async fn shown(cluster: &Cluster, tag: &str, ca: &SoftTpmCa) -> (String, Vec<u8>) {
    let id = cluster.register(OsType::Linux, tag).await;
    let leaf = ca.issue(&SoftTpm::with_shared_key(EkKind::P256));
    let certificate = gatehouse_attestation::EkCertificate::parse(&leaf).unwrap();
    let ek = DeviceEk {
        device_id: id.clone(),
        certificate: leaf.clone(),
        intermediates: Vec::new(),
        issuer_key: certificate.issuer_key(),
        top_key: certificate.issuer_key(),
        verdict: EkVerdictCode(String::new()),
        updated: cluster.clock.now(),
    };
    let mut work = cluster.store.begin().await.unwrap();
    work.put_device_ek(&ek).await.unwrap();
    work.commit().await.unwrap();
    (id, leaf)
}

/// The text of a hidden field, as a browser would send it back.
fn field(page: &str, name: &str) -> String {
    hidden(page, name).replace("&#10;", "\n").replace("&amp;", "&")
}

#[tokio::test]
async fn cas_are_pasted_looked_at_saved_and_removed_with_a_preview_each() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let maker = ca("A <b>maker</b>");
    shown(&cluster, "PF-COVERED", &maker).await;
    shown(&cluster, "PF-OTHER", &ca("Another")).await;
    root.get("/web/settings").await.holds("None is listed").holds(PATH);
    let page = root.get(PATH).await;
    page.holds("None is listed").holds("Add CAs").lacks("could not enrol today");

    let page = root.post(PATH, &[("do", "preview_add"), ("text", "no certificate")]).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("invalid_ekcert_ca").holds("no certificate");
    root.post(PATH, &[("do", "preview_add")]).await.holds("hoose a file or paste certificates");

    let pem = maker.pem();
    let page = root.post(PATH, &[("do", "preview_add"), ("text", &pem)]).await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("What they would do")
        .lacks("<b>maker")
        .holds("0 enrolled and 1 registered devices")
        .holds("PF-COVERED")
        .lacks("PF-OTHER")
        .holds("it is not among the TPM makers' CAs that this release knows")
        .holds("Nothing was verified so far")
        .holds(&sha256(&maker));
    root.get(PATH).await.holds("None is listed");
    let (revision, certificates) = (hidden(&page.body, "revision"), field(&page.body, "certificates"));
    let add = [("do", "add"), ("revision", revision.as_str()), ("certificates", certificates.as_str())];
    assert_eq!(root.post(PATH, &add).await.location(), PATH);
    let page = root.get(PATH).await;
    page.holds("One CA was added")
        .holds(&sha256(&maker))
        .holds("dynamic value")
        .holds("could not enrol today");
    // Somebody else was faster: the same preview no longer counts.
    let page =
        root.post(PATH, &[("do", "add"), ("revision", &revision), ("certificates", &ca("x").pem())]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);

    let page = root.post(PATH, &[("do", "preview_remove"), ("ca", &sha256(&maker))]).await;
    page.holds("What removing would do").holds("No CA is left then");
    let revision = hidden(&page.body, "revision");
    let remove = [("do", "remove"), ("revision", revision.as_str()), ("ca", &sha256(&maker))];
    assert_eq!(root.post(PATH, &remove).await.location(), PATH);
    root.get(PATH).await.holds("One CA was removed").holds("None is listed");
}

#[tokio::test]
async fn a_file_may_be_der_or_a_bundle_and_what_removing_loses_is_named() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let (one, two) = (ca("One"), ca("Two"));
    shown(&cluster, "PF-ONE", &one).await;
    let page = root.upload(PATH, &[("do", "preview_add"), ("text", "")], "one.der", &one.der()).await;
    page.holds("PF-ONE");
    let bundle = format!("{}{}{}", one.pem(), two.pem(), one.pem());
    let page = root.upload(PATH, &[("do", "preview_add"), ("text", "")], "all.pem", bundle.as_bytes()).await;
    page.holds("Allow these 2 CAs");
    let (revision, certificates) = (hidden(&page.body, "revision"), field(&page.body, "certificates"));
    let add = [("do", "add"), ("revision", revision.as_str()), ("certificates", certificates.as_str())];
    assert_eq!(root.post(PATH, &add).await.location(), PATH);
    let page = root.post(PATH, &[("do", "preview_remove"), ("ca", &sha256(&one))]).await;
    page.holds("Could not enrol any more").holds("PF-ONE");
    root.post(PATH, &[("do", "preview_remove"), ("ca", &sha256(&two))])
        .await
        .holds("no device that is known here");
    root.post(PATH, &[("do", "preview_remove")]).await.holds("no_certificate");
}

#[tokio::test]
async fn makers_and_policies_are_saved_key_by_key() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let revision = hidden(&root.get(PATH).await.body, "revision");
    let form = |vendor: &'static str, sha1: &'static str, revision: &str| {
        vec![
            ("do".to_owned(), "policy".to_owned()),
            ("vendor".to_owned(), vendor.to_owned()),
            ("sha1".to_owned(), sha1.to_owned()),
            ("expired_ca".to_owned(), "lower_tier".to_owned()),
            ("expired_ek".to_owned(), "accept".to_owned()),
            ("revision".to_owned(), revision.to_owned()),
        ]
    };
    for (vendor, sha1, code) in
        [("acme", "refuse", "invalid_ekcert_vendor"), ("infineon", "perhaps", "invalid_setting")]
    {
        let fields = form(vendor, sha1, &revision);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        root.post(PATH, &fields).await.holds(code);
    }
    let fields = form("infineon", "accept", &revision);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(root.post(PATH, &fields).await.location(), PATH);
    let document = cluster.services.preference.document().await.unwrap();
    let trust = &document.dynamic.device_trust;
    assert_eq!(trust.ekcert_allowed_vendors.as_ref().unwrap().names(), ["infineon"]);
    assert_eq!(trust.ekcert_sha1, Some(gatehouse_model::Leniency::Accept));
    assert_eq!(
        (trust.ekcert_expired_ca, trust.ekcert_expired_ek),
        (None, None),
        "what was not changed is not pinned"
    );
    root.get(PATH).await.holds("The policies have been saved");
}

async fn pending(cluster: &Cluster) -> (Review, SoftTpmCa) {
    let maker = ca("Unknown maker");
    let (id, leaf) = shown(cluster, "PF-WAITS", &maker).await;
    let now = cluster.clock.now();
    let evidence = Evidence {
        id: "e1".to_owned(),
        device_id: id.clone(),
        user: "root".to_owned(),
        kind: RecordKind::Enroll,
        time: now,
        verdict: "awaiting_review".to_owned(),
        credential_id: "credential-1".to_owned(),
        nonce: vec![1; 32],
        ek_public: Vec::new(),
        ek_certificate: leaf,
        intermediates: maker.der().to_vec(),
        basis: None,
        ak: AttestationParameters::default(),
        platform: PlatformParameters::default(),
        device_key: Vec::new(),
        signature: Vec::new(),
        tier: AttestationTier::TpmEkcert,
        findings: Vec::new(),
    };
    let details = serde_json::json!({
        "token_id": "t", "auto_enroll": false, "data": CollectedData::new(now, OsType::Linux, "PF-WAITS"),
        "intermediates": [hex::encode(maker.der())],
    });
    let review = Review {
        id: "r1".to_owned(),
        reason: ReviewReason::UnknownCa,
        subject: "s".to_owned(),
        state: ReviewState::Pending,
        created: now,
        expires: now.plus_secs(7 * 86_400),
        device_id: id,
        asset_tag: "PF-WAITS".to_owned(),
        os_type: OsType::Linux,
        user: "root".to_owned(),
        credential_id: "credential-1".to_owned(),
        evidence_id: "e1".to_owned(),
        details,
        decided: None,
    };
    let mut work = cluster.store.begin().await.unwrap();
    work.insert_evidence(&evidence).await.unwrap();
    work.insert_review(&review).await.unwrap();
    work.commit().await.unwrap();
    (review, maker)
}

#[tokio::test]
async fn a_review_shows_what_it_is_to_be_decided_by_and_is_refused() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    root.get("/web/reviews").await.holds("Nothing awaits review");
    let (_, maker) = pending(&cluster).await;
    root.get("/web/reviews").await.holds("PF-WAITS").holds("TPM of a CA that is not known here");
    let page = root.get("/web/reviews/r1").await;
    page.holds("Unknown maker")
        .holds(&sha256(&maker))
        .holds("Allow the CA and accept")
        .holds("Accept once")
        .holds("0 enrolled and 1 registered devices");
    assert_eq!(hidden(&page.body, "evidence"), "e1");
    // Evidence that proves nothing enrols nobody, whoever accepts it.
    let page = root.post("/web/reviews/r1", &[("do", "accept"), ("evidence", "e1")]).await;
    page.holds("ak_invalid");
    let page = root.post("/web/reviews/r1", &[("do", "accept"), ("evidence", "e0")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    page.holds("review_changed");
    let page = root.post("/web/reviews/r1", &[("do", "preview"), ("text", &ca("Other").pem())]).await;
    page.holds("no device that is known here");
    let page = root.post("/web/reviews/r1", &[("do", "refuse"), ("evidence", "e1")]).await;
    assert_eq!(page.location(), "/web/reviews/r1");
    root.get("/web/reviews/r1").await.holds("refused").lacks("Accept once");
    root.get("/web/reviews").await.holds("Nothing awaits review");
    root.get("/web/reviews?state=decided").await.holds("PF-WAITS");
    let page = root.post("/web/reviews/r1", &[("do", "accept"), ("evidence", "e1")]).await;
    page.holds("review_decided");
}

#[tokio::test]
async fn who_may_not_decide_sees_it_and_who_may_not_list_devices_does_not() {
    let cluster = cluster().await;
    let _root = cluster.admin().await;
    pending(&cluster).await;
    let mut admin = person(&cluster, "bea", &["device-admin"]).await;
    admin
        .get("/web/reviews/r1")
        .await
        .holds("Unknown maker")
        .lacks("Accept once")
        .holds("verb review on device");
    let page = admin.post("/web/reviews/r1", &[("do", "refuse"), ("evidence", "e1")]).await;
    page.holds("not_allowed");
    let mut alice = person(&cluster, "alice", &["access"]).await;
    alice.get("/web/reviews").await.holds("not_allowed");
    alice.get("/web/reviews/r1").await.holds("not_allowed");
    alice.get(PATH).await.holds("not_allowed");
    let page = alice.post(PATH, &[("do", "preview_add"), ("text", &ca("x").pem())]).await;
    page.holds("not_allowed");
}
