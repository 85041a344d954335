//! What is asked together at every call and in every ceremony is what the single questions answer.

use std::sync::Arc;

use gatehouse_domain::entity::{
    AuditFilter, Credential, Lock, PreferenceKey, SessionKey, Standing, StoredValue,
};
use gatehouse_domain::ports::Store;
use gatehouse_domain::ports::ceremony_rows::{AuthenticationEnd, CallerRecord, EnrolmentEnd};
use gatehouse_model::OsType;
use gatehouse_model::resource::LockTarget;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, event, lock, role, session, session_device, token, user};

on_both_engines!(
    a_caller_comes_with_locks_and_mode,
    an_opening_is_preference_find_and_lock,
    an_enrolment_holds_its_device_and_spends_its_token,
    an_enrolment_binds_device_and_credential,
    an_authentication_holds_its_device_and_takes_its_session,
    a_use_is_written_to_both,
);

fn on(user: Option<&str>, role: Option<&str>, device: Option<&str>) -> LockTarget {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    LockTarget { user: owned(user), role: owned(role), device: owned(device) }
}

/// A lock that runs out.
fn passing(id: &str, target: LockTarget) -> Lock {
    Lock { expires: Some(at(50)), ..lock(id, target, 2) }
}

fn mode(json: &str) -> StoredValue {
    StoredValue {
        key: PreferenceKey::Mode.as_str().to_owned(),
        json: json.to_owned(),
        updated: at(1),
        updated_by: "admin".to_owned(),
    }
}

async fn a_caller_comes_with_locks_and_mode(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in ["access", "editor"] {
        work.insert_role(&role(name)).await.unwrap();
    }
    work.insert_user(&user("alice")).await.unwrap();
    let web = session("s1", "alice", 1);
    work.insert_session(&web).await.unwrap();
    work.commit().await.unwrap();

    let standing = Standing {
        session: web.clone(),
        account: Some(user("alice")),
        roles: vec![role("editor"), role("access")],
    };
    let caller = async |key: SessionKey<'_>, device: Option<&str>, now: i64| {
        store.look().await.unwrap().caller(key, device, at(now)).await.unwrap()
    };
    let plain = CallerRecord { standing: standing.clone(), lock: None, mode: None };
    let hash = web.cookie_hash.unwrap();
    assert_eq!(caller(SessionKey::Id("s1"), None, 5).await, Some(plain.clone()));
    assert_eq!(caller(SessionKey::Cookie(&hash), None, 5).await, Some(plain));
    assert_eq!(caller(SessionKey::Id("none"), None, 5).await, None);
    assert_eq!(caller(SessionKey::Cookie(&[77; 32]), None, 5).await, None);

    // Locks on others, and on what a role that the user lacks is for, do not count.
    let mut work = store.begin().await.unwrap();
    work.put_preference_value(&mode("\"required\"")).await.unwrap();
    for (id, target) in [
        ("l1", on(Some("bob"), None, None)),
        ("l2", on(None, Some("auditor"), None)),
        ("l3", on(None, None, Some("d9"))),
    ] {
        work.insert_lock(&lock(id, target, 1)).await.unwrap();
    }
    work.commit().await.unwrap();
    let found = caller(SessionKey::Id("s1"), Some("d1"), 5).await.unwrap();
    assert_eq!((found.lock, found.mode.as_deref()), (None, Some("\"required\"")));

    let own = web.device.as_ref().unwrap().device_id.clone();
    for (id, target) in [
        ("l4", on(Some("alice"), None, None)),
        ("l5", on(None, Some("access"), None)),
        ("l6", on(None, None, Some(&own))),
    ] {
        let one = passing(id, target.clone());
        store.act().await.unwrap().insert_lock(&one).await.unwrap();
        let by_id = caller(SessionKey::Id("s1"), Some(&own), 5).await.unwrap();
        let by_cookie = caller(SessionKey::Cookie(&hash), None, 5).await.unwrap();
        assert_eq!(by_id.standing, standing, "a lock does not change who calls");
        assert_eq!([by_id.lock, by_cookie.lock], [Some(target.clone()), Some(target)]);
        let after = caller(SessionKey::Id("s1"), Some(&own), 50).await.unwrap();
        assert_eq!(after.lock, None, "the lock has run out");
        store.act().await.unwrap().delete_lock(id).await.unwrap();
    }
    let elsewhere = lock("l7", on(None, None, Some(&own)), 2);
    store.act().await.unwrap().insert_lock(&elsewhere).await.unwrap();
    assert_eq!(caller(SessionKey::Id("s1"), None, 5).await.unwrap().lock, None);
}

async fn an_opening_is_preference_find_and_lock(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (one, grant) = (device("d1", OsType::Linux, "ONE"), token("t1", "d1", 1));
    let bound = credential(OsType::Linux, "c1", "d1", 1);
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_device(&one).await.unwrap();
    work.insert_enroll_token(&grant).await.unwrap();
    work.put_credential(&bound).await.unwrap();
    work.add_device_user("d1", "alice", at(1)).await.unwrap();
    work.commit().await.unwrap();

    let mut look = store.look().await.unwrap();
    let enrolment = look.open_enrolment(&grant.hash, at(5)).await.unwrap();
    assert_eq!(enrolment.found, Some((grant.clone(), one.clone())));
    assert_eq!((enrolment.preference, enrolment.lock), (vec![], None));
    assert_eq!(look.open_enrolment(&[99; 32], at(5)).await.unwrap().found, None);
    for (name, is_user) in [("alice", true), ("bob", false)] {
        let opening = look.open_authentication(OsType::Linux, "c1", name, at(5)).await.unwrap();
        let found = opening.found.unwrap();
        assert_eq!((found.credential, found.device, found.is_user), (bound.clone(), one.clone(), is_user));
        assert_eq!(opening.lock, None);
    }
    assert_eq!(look.open_authentication(OsType::Macos, "c1", "alice", at(5)).await.unwrap().found, None);

    let mut work = store.begin().await.unwrap();
    work.put_preference_value(&mode("\"off\"")).await.unwrap();
    let (ours, others) = (on(None, None, Some("d1")), on(None, None, Some("d2")));
    let one = passing("l1", ours);
    work.insert_lock(&one).await.unwrap();
    work.insert_lock(&lock("l0", others, 1)).await.unwrap();
    work.commit().await.unwrap();
    let enrolment = look.open_enrolment(&grant.hash, at(5)).await.unwrap();
    assert_eq!((enrolment.preference, enrolment.lock.as_ref()), (vec![mode("\"off\"")], Some(&one)));
    let opening = look.open_authentication(OsType::Linux, "c1", "alice", at(5)).await.unwrap();
    assert_eq!((opening.preference, opening.lock.as_ref()), (vec![mode("\"off\"")], Some(&one)));
    let end = at(50);
    assert_eq!(look.open_enrolment(&grant.hash, end).await.unwrap().lock, None);
    assert_eq!(look.open_authentication(OsType::Linux, "c1", "alice", end).await.unwrap().lock, None);
}

async fn an_enrolment_holds_its_device_and_spends_its_token(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (one, bound) = (device("d1", OsType::Linux, "ONE"), credential(OsType::Linux, "c1", "d1", 1));
    work.insert_device(&one).await.unwrap();
    work.insert_enroll_token(&token("t1", "d1", 1)).await.unwrap();
    work.put_credential(&bound).await.unwrap();
    work.set_counter_alarm("d1", Some(at(7))).await.unwrap();
    let locked = lock("l1", on(None, None, Some("d1")), 2);
    work.insert_lock(&locked).await.unwrap();
    assert!(work.open_challenge("t1", "x1", at(3), at(0)).await.unwrap());
    work.commit().await.unwrap();

    let end = EnrolmentEnd {
        device_id: "d1",
        os_type: OsType::Linux,
        credential_id: "c1",
        token_id: "t1",
        challenge_id: "x1",
    };
    let mut work = store.begin().await.unwrap();
    let (held, known, spent) = work.hold_for_enrolment(end, at(5)).await.unwrap();
    let held = held.unwrap();
    assert_eq!((held.device, held.alarm, held.lock), (one, Some(at(7)), Some(locked)));
    assert_eq!((known, spent), (Some(bound), true));
    // Nothing of it stays unless it is committed.
    drop(work);
    let mut work = store.begin().await.unwrap();
    let stranger = EnrolmentEnd { device_id: "none", credential_id: "none", challenge_id: "x2", ..end };
    let (held, known, spent) = work.hold_for_enrolment(stranger, at(5)).await.unwrap();
    assert_eq!((held, known, spent), (None, None, false));
    assert!(work.hold_for_enrolment(end, at(5)).await.unwrap().2);
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    assert!(!work.hold_for_enrolment(end, at(5)).await.unwrap().2, "spent");
    assert_eq!(work.enroll_token("t1").await.unwrap().unwrap().spent, Some(at(5)));
}

async fn an_enrolment_binds_device_and_credential(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (mut one, mut two) = (device("d1", OsType::Linux, "ONE"), device("d2", OsType::Linux, "TWO"));
    two.anchor = Some([8; 32]);
    (one.anchor, one.owner, one.enroll_status) = (None, None, gatehouse_model::EnrollStatus::NotEnrolled);
    for device in [&one, &two] {
        work.insert_device(device).await.unwrap();
    }
    let bound = credential(OsType::Linux, "c1", "d1", 1);
    (one.owner, one.updated) = (Some("alice".to_owned()), at(50));
    (one.enroll_status, one.anchor) = (gatehouse_model::EnrollStatus::Enrolled, Some([9; 32]));
    work.append_event(&event("u1", "device.enroll", "alice", Some("d1"), 1)).await.unwrap();
    work.commit_enrolment(&one, &bound).await.unwrap();
    let mut look = store.look().await.unwrap();
    assert_eq!(look.device("d1").await.unwrap().as_ref(), Some(&one));
    assert_eq!(look.credential(OsType::Linux, "c1").await.unwrap().as_ref(), Some(&bound));

    assert_eq!(look.events(&AuditFilter::default(), 10).await.unwrap().len(), 1);

    // Of what conflicts nothing stays, nor of what came before.
    let mut copied = one.clone();
    copied.anchor = two.anchor;
    let stolen = credential(OsType::Linux, "c1", "d2", 2);
    for (device, credential, rule) in
        [(&copied, &bound, "devices_os_anchor"), (&two, &stolen, "credentials_os_id")]
    {
        let mut work = store.begin().await.unwrap();
        work.append_event(&event("u2", "device.enroll", "alice", Some("d1"), 2)).await.unwrap();
        assert_eq!(conflict(work.commit_enrolment(device, credential).await), rule);
        assert_eq!(look.events(&AuditFilter::default(), 10).await.unwrap().len(), 1);
        assert_eq!(look.credential(OsType::Linux, "c1").await.unwrap().as_ref(), Some(&bound));
        assert_eq!(look.device("d1").await.unwrap().as_ref(), Some(&one));
    }
    // Anew, with what is new.
    let again = Credential { last_used: at(70), ekcert_serial: "ef".to_owned(), ..bound };
    store.begin().await.unwrap().commit_enrolment(&one, &again).await.unwrap();
    assert_eq!(look.credentials_of_device("d1").await.unwrap(), [again]);
}

async fn an_authentication_holds_its_device_and_takes_its_session(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (one, bound) = (device("d1", OsType::Linux, "ONE"), credential(OsType::Linux, "c1", "d1", 1));
    work.insert_user(&user("alice")).await.unwrap();
    work.insert_device(&one).await.unwrap();
    work.put_credential(&bound).await.unwrap();
    work.add_device_user("d1", "alice", at(1)).await.unwrap();
    work.insert_session(&session("s1", "alice", 1)).await.unwrap();
    work.commit().await.unwrap();

    // More roles than one statement takes.
    let roles: Vec<String> = (0..20).map(|number| format!("role{number}")).collect();
    let end = AuthenticationEnd {
        device_id: "d1",
        os_type: OsType::Linux,
        credential_id: "c1",
        user: "alice",
        roles: &roles,
    };
    let trusted = session_device("d1");
    let mut work = store.begin().await.unwrap();
    let (held, found, took) = work.hold_for_authentication(end, Some(("s1", &trusted)), at(5)).await.unwrap();
    let held = held.unwrap();
    assert_eq!((held.device, held.alarm, held.lock), (one, None, None));
    let found = found.unwrap();
    assert_eq!((found.credential, found.is_user, took), (bound, true, true));
    assert_eq!(work.session("s1").await.unwrap().unwrap().device, Some(trusted.clone()));
    drop(work);

    for target in [on(Some("alice"), None, None), on(None, Some("role19"), None), on(None, None, Some("d1"))]
    {
        let mut work = store.begin().await.unwrap();
        work.insert_lock(&lock("l1", target.clone(), 2)).await.unwrap();
        let (held, ..) = work.hold_for_authentication(end, Some(("s1", &trusted)), at(5)).await.unwrap();
        assert_eq!(held.unwrap().lock.map(|lock| lock.target), Some(target));
    }
    let mut work = store.begin().await.unwrap();
    work.end_session("s1", at(4)).await.unwrap();
    let nobody = AuthenticationEnd { device_id: "none", user: "bob", ..end };
    let (held, found, took) =
        work.hold_for_authentication(nobody, Some(("s1", &trusted)), at(5)).await.unwrap();
    assert_eq!((held, found.map(|found| found.is_user), took), (None, Some(false), false));
    // A browser's session takes its device later.
    let (held, found, took) = work.hold_for_authentication(end, None, at(5)).await.unwrap();
    assert!(held.is_some() && found.is_some() && !took);
}

async fn a_use_is_written_to_both(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut one = device("d1", OsType::Linux, "ONE");
    let mut bound = credential(OsType::Linux, "c1", "d1", 1);
    work.insert_device(&one).await.unwrap();
    work.put_credential(&bound).await.unwrap();
    one.last_authenticated = Some(at(60));
    (bound.last_used, bound.counters) = (at(61), None);
    work.record_use(&one, &bound).await.unwrap();
    assert_eq!(work.device("d1").await.unwrap(), Some(one));
    assert_eq!(work.credential(OsType::Linux, "c1").await.unwrap(), Some(bound));
}
