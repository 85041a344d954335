//! Entities to store. Every field that can differ from its default does, so that a column that is lost shows.

use gatehouse_domain::entity::*;
use gatehouse_model::resource::{LockTarget, RoleAllow, RoleOptions, RoleSpec, Rule, UserKind};
use gatehouse_model::tpm::{AttestationParameters, Pcr, PlatformParameters, Quote};
use gatehouse_model::{
    AssetTag, AttestationTier, CollectedData, ConfirmedBy, DeviceOrigin, DeviceTrustMode, EnrollStatus,
    OsType, Timestamp,
};

/// `secs` after the tests' epoch, with microseconds.
pub(crate) fn at(secs: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_123 + secs * 1_000_000)
}

pub(crate) fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        kind: UserKind::Bot,
        roles: vec!["editor".to_owned(), "access".to_owned()],
        logins: vec!["root".to_owned(), "ub\"untu".to_owned()],
        password_hash: Some("$argon2id$…".to_owned()),
        totp_last_step: 7,
        created: at(1),
        updated: at(2),
    }
}

pub(crate) fn link(byte: u8, user: &str) -> UserLink {
    UserLink {
        hash: [byte; 32],
        purpose: LinkPurpose::Invite,
        user: user.to_owned(),
        created: at(1),
        created_by: "admin".to_owned(),
        expires: at(100),
        used: None,
        failures: 0,
    }
}

pub(crate) fn role(name: &str) -> Role {
    let rules = vec![Rule { resources: vec!["device".to_owned()], verbs: vec!["*".to_owned()] }];
    Role {
        name: name.to_owned(),
        description: "what it is for".to_owned(),
        spec: RoleSpec {
            allow: RoleAllow { rules, logins: vec!["root".to_owned()] },
            options: RoleOptions {
                device_trust_mode: Some(DeviceTrustMode::Required),
                max_session_ttl: Some("8h".to_owned()),
                remote_browser: Some(false),
            },
        },
        created: at(1),
        updated: at(2),
    }
}

pub(crate) fn lock(id: &str, target: LockTarget, created: i64) -> Lock {
    Lock {
        id: id.to_owned(),
        target,
        message: "stolen".to_owned(),
        created: at(created),
        created_by: "admin".to_owned(),
        expires: None,
    }
}

pub(crate) fn session(id: &str, user: &str, created: i64) -> Session {
    let byte = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    Session {
        id: id.to_owned(),
        kind: SessionKind::Web,
        cookie_hash: Some([byte; 32]),
        user: user.to_owned(),
        created: at(created),
        last_seen: at(created + 1),
        expires: at(1000),
        ended: None,
        factor_time: at(created + 2),
        device: Some(session_device("d1")),
        remote_address: "192.0.2.1".to_owned(),
        user_agent: "Mozilla/5.0".to_owned(),
        rights: Some([byte ^ 1; 32]),
    }
}

pub(crate) fn cli_login(id: &str) -> CliLogin {
    CliLogin {
        id: id.to_owned(),
        user: "alice".to_owned(),
        user_code: "ABCD-EFGH".to_owned(),
        challenge: [3; 32],
        tls_public_key_der: vec![1, 2, 3],
        ssh_public_key: Some("ssh-ed25519 AAAA".to_owned()),
        ttl_secs: Some(3600),
        delivery: CliDelivery::Loopback { port: 65_535, state: "st".to_owned() },
        machine: CliMachine {
            host_name: "laptop".to_owned(),
            os_user: "alice".to_owned(),
            os: "linux".to_owned(),
        },
        remote_address: "192.0.2.1:5".to_owned(),
        created: at(10),
        expires: at(100),
        decision: None,
        spent: None,
        failures: 0,
    }
}

pub(crate) fn web_attempt(id: &str) -> DeviceWebAttempt {
    DeviceWebAttempt {
        id: id.to_owned(),
        session_id: "s1".to_owned(),
        user: "alice".to_owned(),
        token_hash: [3; 32],
        code_hash: Some([4; 32]),
        expected_devices: vec!["d1".to_owned(), "d\"2".to_owned()],
        user_agent: "Mozilla".to_owned(),
        remote_address: "192.0.2.1:5".to_owned(),
        redirect: "/web/devices?x=y".to_owned(),
        correlation_id: "r1".to_owned(),
        created: at(10),
        expires: at(100),
        failures: 0,
        refused: None,
        proof: None,
        remote: None,
        confirmed: None,
    }
}

pub(crate) fn session_device(device_id: &str) -> SessionDevice {
    SessionDevice {
        device_id: device_id.to_owned(),
        asset_tag: "TAG".to_owned(),
        credential_id: "c".to_owned(),
        since: at(3),
        tier: Some(AttestationTier::TpmEkpub),
        until: Some(at(90)),
        confirmed_by: Some(ConfirmedBy::Browser),
    }
}

pub(crate) fn device(id: &str, os_type: OsType, tag: &str) -> Device {
    Device {
        id: id.to_owned(),
        os_type,
        asset_tag: AssetTag::try_from(tag).unwrap(),
        created: at(1),
        updated: at(2),
        enroll_status: EnrollStatus::Enrolled,
        owner: Some("alice".to_owned()),
        source: Some(DeviceSource { name: "jamf".to_owned(), origin: DeviceOrigin::Jamf }),
        profile: Some(DeviceProfile {
            update_time: Some(at(3)),
            os_usernames: vec!["alice".to_owned()],
            ..DeviceProfile::default()
        }),
        anchor: None,
        last_authenticated: Some(at(4)),
    }
}

pub(crate) fn credential(os_type: OsType, id: &str, device_id: &str, last_used: i64) -> Credential {
    Credential {
        id: id.to_owned(),
        device_id: device_id.to_owned(),
        os_type,
        public_key_der: vec![0, 1, 2],
        tier: AttestationTier::TpmEkcert,
        ekcert_serial: "ab:cd".to_owned(),
        ak_public: Vec::new(),
        user: "alice".to_owned(),
        created: at(1),
        last_used: at(last_used),
        counters: Some(Counters { reset_count: u32::MAX, restart_count: 1, clock: u64::MAX - 1 }),
    }
}

pub(crate) fn record(kind: RecordKind, time: i64) -> CollectedRecord {
    let mut data = CollectedData::new(at(time - 1), OsType::Linux, "SERIAL");
    data.record_time = Some(at(time));
    data.os_username = "alice".to_owned();
    CollectedRecord { kind, data }
}

pub(crate) fn token(id: &str, device_id: &str, created: i64) -> EnrollToken {
    let byte = id.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    EnrollToken {
        id: id.to_owned(),
        hash: [byte; 32],
        device_id: device_id.to_owned(),
        purpose: TokenPurpose::AutoEnroll,
        created_by: "admin".to_owned(),
        bound_user: Some("alice".to_owned()),
        created: at(created),
        expires: at(100),
        challenges: 0,
        open_challenge: None,
        spent: None,
        revoked: None,
        note: "for the \"new\" laptop".to_owned(),
    }
}

pub(crate) fn evidence(id: &str, device_id: &str, time: i64) -> Evidence {
    Evidence {
        id: id.to_owned(),
        device_id: device_id.to_owned(),
        user: "alice".to_owned(),
        kind: RecordKind::Authenticate,
        time: at(time),
        verdict: "ok".to_owned(),
        credential_id: "c".to_owned(),
        nonce: vec![1; 32],
        ek_public: vec![2; 300],
        ek_certificate: Vec::new(),
        ak: AttestationParameters {
            public: vec![3; 90],
            create_data: vec![4; 70],
            create_attestation: vec![5; 140],
            create_signature: vec![6; 72],
        },
        platform: PlatformParameters {
            quotes: vec![Quote { quote: vec![7; 145], signature: vec![8; 262] }],
            pcrs: (0..24).map(|index| Pcr { index, digest: vec![9; 32], digest_alg: 5 }).collect(),
            event_log: vec![10; 3000],
        },
        intermediates: vec![13; 700],
        basis: Some([14; 32]),
        device_key: vec![11; 91],
        signature: vec![12; 72],
        tier: AttestationTier::TpmEkcertTrusted,
        findings: vec![EkFinding {
            code: "expired_ek".to_owned(),
            about: "CN=\"EK\"".to_owned(),
            lowers_tier: true,
        }],
    }
}

pub(crate) fn review(id: &str, subject: &str, created: i64) -> Review {
    Review {
        id: id.to_owned(),
        reason: ReviewReason::UnknownCa,
        subject: subject.to_owned(),
        state: ReviewState::Pending,
        created: at(created),
        expires: at(created + 100),
        device_id: "d1".to_owned(),
        asset_tag: "TAG \"1\"".to_owned(),
        os_type: OsType::Windows,
        user: "alice".to_owned(),
        credential_id: "c1".to_owned(),
        evidence_id: "e1".to_owned(),
        details: serde_json::json!({"token_id": "t1", "intermediates": ["30"]}),
        decided: None,
    }
}

pub(crate) fn device_ek(device_id: &str, verdict: &str) -> DeviceEk {
    DeviceEk {
        device_id: device_id.to_owned(),
        certificate: vec![0x30, 1],
        intermediates: vec![0x30, 2],
        issuer_key: [1; 32],
        top_key: [2; 32],
        verdict: EkVerdictCode(verdict.to_owned()),
        updated: at(9),
    }
}

pub(crate) fn event(uid: &str, event: &str, user: &str, device_id: Option<&str>, time: i64) -> AuditEvent {
    AuditEvent {
        uid: uid.to_owned(),
        time: at(time),
        event: event.to_owned(),
        code: "TV005I".to_owned(),
        cluster_name: "example.com".to_owned(),
        user: user.to_owned(),
        user_kind: Some(1),
        success: true,
        error: String::new(),
        reason: String::new(),
        message: "said".to_owned(),
        device: device_id.map(|id| DeviceMetadata::new(id, OsType::Linux, "TAG", "c")),
        trusted_device: None,
        session_id: "s".to_owned(),
        request_id: "r".to_owned(),
        remote_address: "192.0.2.1".to_owned(),
        target: String::new(),
        details: serde_json::json!({"count": 3}),
    }
}
