use gatehouse_model::Timestamp;
use gatehouse_model::resource::UserKind;

use super::*;
use crate::ports::DeviceExtensions;

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

pub(crate) fn signed_in(roles: &[&str]) -> SignedIn {
    SignedIn {
        name: "alice".to_owned(),
        kind: UserKind::Human,
        roles: preset_roles(NOW).into_iter().filter(|role| roles.contains(&role.name.as_str())).collect(),
        logins: Vec::new(),
        session_id: "session".to_owned(),
        device: None,
        trust: None,
        certificate_has_device: false,
        factor_time: NOW,
        device_required: false,
        has_enrolled_device: false,
        tls_public_key_der: Vec::new(),
        expires: NOW.plus_secs(3600),
        cookie_hash: None,
        renewed: Renewed::default(),
    }
}

pub(crate) fn principal(actor: Actor) -> Principal {
    Principal { actor, now: NOW, request_id: String::new(), remote_address: String::new() }
}

pub(crate) fn user(signed_in: SignedIn) -> Principal {
    principal(Actor::User(Box::new(signed_in)))
}

/// What each caller gets for every capability: one letter each.
fn row(principal: &Principal) -> Vec<(&'static str, &'static str)> {
    macro_rules! outcomes {
        ($($capability:ident),+ $(,)?) => {
            vec![$((stringify!($capability), match principal.grant::<$capability>() {
                Ok(_) => "yes",
                Err(AuthzError::Anonymous) => "anonymous",
                Err(AuthzError::NotAllowed { .. }) => "no",
                Err(AuthzError::DeviceRequired) => "device",
                Err(AuthzError::FreshFactorRequired) => "factor",
                Err(AuthzError::AccountRequired) => "account",
                Err(AuthzError::StaleFactor) => "stale factor",
            })),+]
        };
    }
    outcomes!(
        FindDevices,
        ListDevices,
        ReadDevice,
        CreateDevice,
        CreateDevices,
        UpdateDevice,
        DeleteDevice,
        ExportEvidence,
        CreateEnrollToken,
        AnnounceTpms,
        RevokeEnrollToken,
        ListReviews,
        ReadReview,
        DecideReview,
        ListUsers,
        ReadUser,
        CreateUser,
        UpdateUser,
        DeleteUser,
        ListRoles,
        ReadRole,
        CreateRole,
        UpdateRole,
        ForeseeRole,
        DeleteRole,
        ListLocks,
        ReadLock,
        CreateLock,
        DeleteLock,
        ReadPreference,
        UpdatePreference,
        ForeseePreference,
        ListSessions,
        DeleteSession,
        ListEvents,
        ReadStatus,
    )
}

#[test]
fn every_capability_against_every_caller() {
    let untrusted = |roles: &[&str]| SignedIn { device_required: true, ..signed_in(roles) };
    let device = DeviceExtensions {
        device_id: "d".to_owned(),
        asset_tag: "t".to_owned(),
        credential_id: "c".to_owned(),
    };
    let callers = [
        ("anonymous", principal(Actor::Anonymous)),
        ("host admin", principal(Actor::HostAdmin { uid: 0 })),
        ("access", user(signed_in(&["access"]))),
        ("device-enroll", user(signed_in(&["device-enroll"]))),
        ("device-admin", user(signed_in(&["device-admin"]))),
        ("editor", user(signed_in(&["editor"]))),
        ("editor, required, trusted", user(SignedIn { device: Some(device), ..untrusted(&["editor"]) })),
        ("editor, required, fresh", user(untrusted(&["editor"]))),
        (
            "editor, required, stale",
            user(SignedIn { factor_time: NOW.plus_secs(-FRESH_FACTOR_SECS), ..untrusted(&["editor"]) }),
        ),
        (
            "editor, required, has device",
            user(SignedIn { has_enrolled_device: true, ..untrusted(&["editor"]) }),
        ),
        ("access, required", user(untrusted(&["access"]))),
        (
            "editor, browser, stale",
            user(SignedIn {
                cookie_hash: Some([1; 32]),
                factor_time: NOW.plus_secs(-FRESH_FACTOR_SECS),
                ..signed_in(&["editor"])
            }),
        ),
        ("editor, browser, fresh", user(SignedIn { cookie_hash: Some([1; 32]), ..signed_in(&["editor"]) })),
        (
            "editor, command line, stale",
            user(SignedIn { factor_time: NOW.plus_secs(-FRESH_FACTOR_SECS), ..signed_in(&["editor"]) }),
        ),
    ];
    let mut table = String::new();
    for (name, caller) in callers {
        let outcomes = row(&caller);
        assert_eq!(outcomes.len(), CAPABILITIES.len(), "the table covers every capability");
        for kind in ["yes", "no", "anonymous", "device", "factor", "stale factor"] {
            let named: Vec<_> =
                outcomes.iter().filter(|(_, outcome)| *outcome == kind).map(|(name, _)| *name).collect();
            if !named.is_empty() {
                table.push_str(&format!("{name}: {kind}: {}\n", named.join(" ")));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_a_stale_factor_holds_up_is_still_offered() {
    let stale = |roles: &[&str]| {
        let factor_time = NOW.plus_secs(-FRESH_FACTOR_SECS);
        user(SignedIn { cookie_hash: Some([1; 32]), factor_time, ..signed_in(roles) })
    };
    assert_eq!(stale(&["editor"]).grant::<UpdateUser>().err(), Some(AuthzError::StaleFactor));
    assert!(stale(&["editor"]).may::<UpdateUser>());
    assert!(!stale(&["access"]).may::<UpdateUser>());
    assert!(!principal(Actor::Anonymous).may::<UpdateUser>());
}

#[test]
fn the_own_account_is_open_without_a_trusted_device() {
    let caller =
        user(SignedIn { device_required: true, has_enrolled_device: true, ..signed_in(&["access"]) });
    assert!(caller.lacks_required_device());
    assert!(caller.account().is_ok());
    assert_eq!(principal(Actor::Anonymous).account().err(), Some(AuthzError::Anonymous));
    assert_eq!(principal(Actor::HostAdmin { uid: 0 }).account().err(), Some(AuthzError::AccountRequired));
}

#[test]
fn a_device_admin_may_lock_devices_but_not_people() {
    let caller = user(signed_in(&["device-admin"]));
    let device = gatehouse_model::resource::LockTarget { device: Some("d".to_owned()), ..Default::default() };
    let person = gatehouse_model::resource::LockTarget { user: Some("bob".to_owned()), ..Default::default() };
    assert!(caller.grant_lock(&device).is_ok());
    assert!(caller.grant_lock(&person).is_err());
}
