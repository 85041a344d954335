//! What the pages of the cluster ask for.

use std::sync::Arc;

use gatehouse_domain::entity::{AuditFilter, DeviceScope, SealedSecret, SecretPurpose};
use gatehouse_domain::ports::Store;
use gatehouse_model::resource::{LockTarget, UserKind};
use gatehouse_model::{EnrollStatus, OsType};

use crate::engines::on_both_engines;
use crate::samples::{at, device, event, lock, session, user};

on_both_engines!(
    users_are_found_by_the_beginning_of_their_name,
    a_glance_tells_of_sessions_codes_and_devices,
    users_are_listed_by_role,
    users_without_an_enrolled_device_are_listed_and_counted,
    locks_come_in_pages,
    locks_on_people_are_found_together,
    changes_of_administrators_wait_for_each_other,
    events_are_read_by_time_and_in_both_directions,
    every_filter_finds_its_events,
);

fn named<T>(items: &[T], name: impl Fn(&T) -> &String) -> Vec<&str> {
    items.iter().map(|item| name(item).as_str()).collect()
}

async fn users_are_found_by_the_beginning_of_their_name(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in ["alice", "al", "alan", "am", "bob"] {
        work.insert_user(&user(name)).await.unwrap();
    }
    let mut find = async |prefix: &str, after: Option<&str>, limit| {
        let found = work.user_glances(prefix, after, limit).await.unwrap();
        assert!(found.iter().all(|glance| glance.user == user(&glance.user.name)), "each with all its roles");
        found.into_iter().map(|glance| glance.user.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(find("", None, 10).await, "al alan alice am bob");
    assert_eq!(find("al", None, 10).await, "al alan alice");
    assert_eq!(find("al", Some("al"), 1).await, "alan");
    assert_eq!(find("ali", Some("alice"), 10).await, "");
    assert_eq!(find("%", None, 10).await, "", "no character is special");
    let mut find = async |prefix: &str, before: &str, limit| {
        let found = work.user_glances_before(prefix, before, limit).await.unwrap();
        assert!(found.iter().all(|glance| glance.user == user(&glance.user.name)), "each with all its roles");
        found.into_iter().map(|glance| glance.user.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(find("", "am", 2).await, "alan alice", "the nearest, in the order of their names");
    assert_eq!(find("al", "bob", 10).await, "al alan alice");
    assert_eq!(find("al", "al", 10).await, "");
}

async fn a_glance_tells_of_sessions_codes_and_devices(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    let glance = work.user_glance("alice").await.unwrap().unwrap();
    assert_eq!((glance.last_seen, glance.has_totp, glance.enrolled_devices), (None, false, 0));
    assert_eq!(glance.passkeys, 0);
    assert_eq!(work.user_glance("bob").await.unwrap(), None);
    for (id, created) in [("s1", 10), ("s2", 30), ("s3", 20)] {
        work.insert_session(&session(id, "alice", created)).await.unwrap();
    }
    let secret = |row: &str| SealedSecret {
        purpose: SecretPurpose::Totp,
        row: row.to_owned(),
        key_id: "k".to_owned(),
        ciphertext: vec![1],
        public: Vec::new(),
    };
    work.put_sealed_secret(&secret("alice")).await.unwrap();
    work.put_sealed_secret(&secret("bob")).await.unwrap();
    for (id, status) in [("d1", EnrollStatus::Enrolled), ("d2", EnrollStatus::NotEnrolled)] {
        let mut device = device(id, OsType::Linux, id);
        device.enroll_status = status;
        work.insert_device(&device).await.unwrap();
        work.add_device_user(id, "alice", at(1)).await.unwrap();
    }
    let glance = work.user_glance("alice").await.unwrap().unwrap();
    assert_eq!((glance.last_seen, glance.has_totp, glance.enrolled_devices), (Some(at(31)), true, 1));
    assert_eq!(glance.user, user("alice"));
    assert_eq!(work.user_glances("", None, 5).await.unwrap(), [glance]);
}

async fn users_are_listed_by_role(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (name, roles) in [
        ("alice", &["editor", "access"] as &[&str]),
        ("bob", &["access", "access"]),
        ("carol", &["access"]),
        ("dave", &[]),
    ] {
        let mut user = user(name);
        user.roles = roles.iter().map(ToString::to_string).collect();
        work.insert_user(&user).await.unwrap();
    }
    let mut list = async |role: &str, after: Option<&str>, limit| {
        let found = work.users_with_role(role, after, limit).await.unwrap();
        found.into_iter().map(|user| (user.name, user.roles.len())).collect::<Vec<_>>()
    };
    assert_eq!(list("editor", None, 9).await, [("alice".to_owned(), 2)], "each with all its roles");
    assert_eq!(list("access", None, 2).await, [("alice".to_owned(), 2), ("bob".to_owned(), 2)]);
    assert_eq!(list("access", Some("bob"), 9).await, [("carol".to_owned(), 1)]);
    assert_eq!(list("none", None, 9).await, []);
    let counts = work.count_users_by_role().await.unwrap();
    assert_eq!(counts, [("access".to_owned(), 3), ("editor".to_owned(), 1)]);
}

async fn users_without_an_enrolled_device_are_listed_and_counted(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (name, kind) in [
        ("alice", UserKind::Human),
        ("bob", UserKind::Human),
        ("carol", UserKind::Human),
        ("robot", UserKind::Bot),
    ] {
        let mut user = user(name);
        user.kind = kind;
        if name == "carol" {
            user.roles = vec!["access".to_owned()];
        }
        work.insert_user(&user).await.unwrap();
    }
    for (id, status, user) in
        [("d1", EnrollStatus::Enrolled, "alice"), ("d2", EnrollStatus::NotEnrolled, "bob")]
    {
        let mut device = device(id, OsType::Linux, id);
        device.enroll_status = status;
        work.insert_device(&device).await.unwrap();
        work.add_device_user(id, user, at(1)).await.unwrap();
    }
    let scope = |role: Option<&str>, humans_only| DeviceScope { role: role.map(str::to_owned), humans_only };
    for (scope, expected) in [
        (scope(None, false), &["bob", "carol", "robot"] as &[&str]),
        (scope(None, true), &["bob", "carol"]),
        (scope(Some("editor"), false), &["bob", "robot"]),
        (scope(Some("editor"), true), &["bob"]),
        (scope(Some("access"), true), &["bob", "carol"]),
        (scope(Some("none"), false), &[]),
    ] {
        assert_eq!(work.users_without_device(&scope, None, 9).await.unwrap(), expected, "{scope:?}");
        let (all, most) = (expected.len() as i64, 1.min(expected.len() as i64));
        assert_eq!(work.count_users_without_device(&scope, 9).await.unwrap(), all, "{scope:?}");
        assert_eq!(work.count_users_without_device(&scope, 1).await.unwrap(), most, "{scope:?}");
    }
    let rest = work.users_without_device(&scope(None, false), Some("bob"), 1).await.unwrap();
    assert_eq!(rest, ["carol"]);
    let rest = work.users_without_device(&scope(Some("access"), true), Some("bob"), 9).await.unwrap();
    assert_eq!(rest, ["carol"]);
}

fn on_user(name: &str) -> LockTarget {
    LockTarget { user: Some(name.to_owned()), ..LockTarget::default() }
}

async fn locks_come_in_pages(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, created, expires) in
        [("l1", 1, None), ("l2", 2, Some(5)), ("l3", 2, Some(20)), ("l4", 3, Some(10)), ("l5", 4, None)]
    {
        let mut lock = lock(id, on_user("alice"), created);
        lock.expires = expires.map(at);
        work.insert_lock(&lock).await.unwrap();
    }
    let in_force = work.locks_page(true, None, at(10), 2).await.unwrap();
    assert_eq!(named(&in_force, |lock| &lock.id), ["l5", "l3"]);
    let before = (in_force[1].created, in_force[1].id.clone());
    let rest = work.locks_page(true, Some(&before), at(10), 9).await.unwrap();
    assert_eq!(named(&rest, |lock| &lock.id), ["l1"]);
    let expired = work.locks_page(false, None, at(10), 9).await.unwrap();
    assert_eq!(named(&expired, |lock| &lock.id), ["l4", "l2"], "a lock ends at its end");
}

async fn locks_on_people_are_found_together(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let on_role = LockTarget { role: Some("access".to_owned()), ..LockTarget::default() };
    let on_device = LockTarget { device: Some("bob".to_owned()), ..LockTarget::default() };
    let mut ended = lock("l6", on_user("bob"), 6);
    ended.expires = Some(at(7));
    for lock in [
        lock("l1", on_user("alice"), 1),
        lock("l2", on_user("bob"), 2),
        lock("l3", on_user("dave"), 3),
        lock("l4", on_role, 4),
        lock("l5", on_device, 5),
        ended,
    ] {
        work.insert_lock(&lock).await.unwrap();
    }
    let found = work.locks_on_people("b", "carol", at(7)).await.unwrap();
    assert_eq!(named(&found, |lock| &lock.id), ["l4", "l2"]);
    let found = work.locks_on_people("alice", "bob", at(6)).await.unwrap();
    assert_eq!(named(&found, |lock| &lock.id), ["l6", "l4", "l2", "l1"]);
}

async fn changes_of_administrators_wait_for_each_other(store: Arc<dyn Store>) {
    let mut first = store.begin().await.unwrap();
    first.hold_administrators().await.unwrap();
    first.insert_user(&user("alice")).await.unwrap();
    let second = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut second = store.begin().await.unwrap();
            second.hold_administrators().await.unwrap();
            second.user("alice").await.unwrap().is_some()
        }
    });
    first.commit().await.unwrap();
    assert!(second.await.unwrap(), "the second sees what the first has done");
    let mut again = store.begin().await.unwrap();
    again.hold_administrators().await.unwrap();
    again.hold_administrators().await.unwrap();
}

async fn events_are_read_by_time_and_in_both_directions(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    // Clocks of several servers differ: what is written later may be older.
    for (uid, time) in [("u1", 10), ("u2", 30), ("u3", 20), ("u4", 20), ("u5", 40)] {
        work.append_event(&event(uid, "user.login", "alice", None, time)).await.unwrap();
    }
    let all = work.events(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(named(&all, |stored| &stored.event.uid), ["u5", "u2", "u4", "u3", "u1"]);
    let sequence = |uid: &str| all.iter().find(|stored| stored.event.uid == uid).unwrap().sequence;
    let none = AuditFilter::default();
    let filters = [
        (AuditFilter { before: Some(sequence("u2")), ..none.clone() }, 2, "u4 u3"),
        (AuditFilter { before: Some(sequence("u4")), ..none.clone() }, 9, "u3 u1"),
        (AuditFilter { before: Some(sequence("u1")), ..none.clone() }, 9, ""),
        (AuditFilter { after: Some(sequence("u1")), ..none.clone() }, 2, "u4 u3"),
        (AuditFilter { after: Some(sequence("u3")), ..none.clone() }, 9, "u5 u2 u4"),
        (AuditFilter { after: Some(sequence("u5")), ..none.clone() }, 9, ""),
        (AuditFilter { since: Some(at(20)), until: Some(at(30)), ..none.clone() }, 9, "u4 u3"),
        (AuditFilter { since: Some(at(20)), ..none.clone() }, 9, "u5 u2 u4 u3"),
        (AuditFilter { until: Some(at(20)), ..none.clone() }, 9, "u1"),
        (AuditFilter { until: Some(at(40)), before: Some(sequence("u2")), ..none.clone() }, 9, "u4 u3 u1"),
        (AuditFilter { since: Some(at(20)), after: Some(sequence("u3")), ..none.clone() }, 1, "u4"),
        (AuditFilter { before: Some(i64::MAX), ..none.clone() }, 9, ""),
        (AuditFilter { after: Some(i64::MAX), ..none.clone() }, 1, "u1"),
    ];
    for (filter, limit, expected) in filters {
        let found = work.events(&filter, limit).await.unwrap();
        assert_eq!(named(&found, |stored| &stored.event.uid).join(" "), expected, "{filter:?}");
    }
    assert_eq!(work.event("u3").await.unwrap().as_ref(), all.iter().find(|one| one.event.uid == "u3"));
    assert_eq!(work.event("u9").await.unwrap(), None);
}

async fn every_filter_finds_its_events(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut sample =
        async |uid: &str, name: &str, user: &str, device, about: &str, success, request: &str| {
            let mut event = event(uid, name, user, device, 1);
            (event.target, event.success, event.request_id) = (about.to_owned(), success, request.to_owned());
            work.append_event(&event).await.unwrap();
        };
    sample("u1", "user.login", "alice", None, "", true, "r1").await;
    sample("u2", "user.login", "bob", None, "", false, "r2").await;
    sample("u3", "user.update", "alice", None, "bob", true, "r3").await;
    sample("u4", "device.enroll", "bob", Some("d1"), "", true, "r4").await;
    sample("u5", "device.enroll", "alice", Some("d1"), "", false, "r4").await;
    sample("u6", "role.update", "alice", None, "bob", false, "").await;
    let filter = |text: &str| {
        let mut filter = AuditFilter::default();
        for part in text.split_whitespace() {
            let (key, value) = part.split_once('=').unwrap();
            let value = Some(value.to_owned());
            match key {
                "event" => filter.event = value,
                "user" => filter.user = value,
                "device" => filter.device_id = value,
                "target" => filter.target = value,
                "request" => filter.request_id = value,
                _ => filter.success = Some(value.as_deref() == Some("yes")),
            }
        }
        filter
    };
    for (asked, expected) in [
        ("", "u6 u5 u4 u3 u2 u1"),
        ("event=user.login", "u2 u1"),
        ("user=alice", "u6 u5 u3 u1"),
        ("user=alice event=user.login", "u1"),
        ("device=d1", "u5 u4"),
        ("device=d1 user=bob", "u4"),
        ("target=bob", "u6 u3"),
        ("target=bob event=role.update user=alice", "u6"),
        ("request=r4", "u5 u4"),
        ("request=r4 success=no", "u5"),
        ("success=no", "u6 u5 u2"),
        ("success=yes", "u4 u3 u1"),
        ("success=no event=device.enroll", "u5"),
        ("success=no user=alice", "u6 u5"),
        ("success=no user=alice event=role.update device=d1", ""),
        ("success=yes user=alice", "u3 u1"),
        ("success=yes event=user.login", "u1"),
        ("device=d1 success=no", "u5"),
        ("target=bob success=yes", "u3"),
    ] {
        let asked = filter(asked);
        for direction in [asked.clone(), AuditFilter { after: Some(0), ..asked.clone() }] {
            let found = work.events(&direction, 9).await.unwrap();
            assert_eq!(named(&found, |stored| &stored.event.uid).join(" "), expected, "{direction:?}");
        }
    }
}
