use std::sync::Arc;

use gatehouse_domain::entity::{
    Session, SessionDevice, SessionKey, SessionKind, Standing, User, WEB_IDLE_SECS,
};
use gatehouse_domain::ports::Store;
use gatehouse_model::ConfirmedBy;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, role, session, session_device, user};

on_both_engines!(
    sessions_are_stored_whole,
    an_ended_session_gains_nothing,
    all_sessions_of_a_user_end_but_one,
    a_device_loses_its_sessions_trust,
    the_trust_of_browsers_is_cut_and_never_lengthened,
    what_was_confirmed_by_a_code_loses_its_trust,
    a_session_is_limited_and_never_lengthened,
    active_sessions_come_in_pages,
    a_standing_is_session_account_and_roles,
    a_cookie_rotates_once,
    a_browsers_session_that_lies_idle_is_not_listed,
);

fn ids(sessions: Vec<Session>) -> Vec<String> {
    sessions.into_iter().map(|session| session.id).collect()
}

async fn sessions_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let web = session("s1", "alice", 1);
    let mut cli = session("s2", "alice", 1);
    cli.kind = gatehouse_domain::entity::SessionKind::Cli;
    (cli.cookie_hash, cli.device) = (None, None);
    let mut other_cli = cli.clone();
    other_cli.id = "s3".to_owned();
    for session in [&web, &cli, &other_cli] {
        work.insert_session(session).await.unwrap();
        assert_eq!(work.session(&session.id).await.unwrap().as_ref(), Some(session));
    }
    let hash = web.cookie_hash.unwrap();
    let found = work.standing(SessionKey::Cookie(&hash)).await.unwrap();
    assert_eq!(found.map(|standing| standing.session).as_ref(), Some(&web));
    work.touch_session("s1", at(20)).await.unwrap();
    work.set_session_factor_time("s1", at(21)).await.unwrap();
    assert!(work.set_session_device("s1", Some(&session_device("d2"))).await.unwrap());
    assert!(work.rotate_session_cookie("s1", &hash, &[9; 32], &[8; 32], at(22)).await.unwrap());
    let changed = Session {
        last_seen: at(20),
        factor_time: at(21),
        device: Some(session_device("d2")),
        cookie_hash: Some([9; 32]),
        rights: Some([8; 32]),
        ..web
    };
    assert_eq!(work.session("s1").await.unwrap(), Some(changed));
    assert!(work.standing(SessionKey::Cookie(&hash)).await.unwrap().is_none());
    assert!(work.set_session_device("s1", None).await.unwrap());
    assert_eq!(work.session("s1").await.unwrap().unwrap().device, None);
    let mut thief = session("s4", "eve", 1);
    thief.cookie_hash = Some([9; 32]);
    assert_eq!(conflict(work.insert_session(&thief).await), "sessions_cookie");
}

async fn an_ended_session_gains_nothing(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_session(&session("s1", "alice", 1)).await.unwrap();
    assert!(work.end_session("s1", at(5)).await.unwrap());
    assert!(!work.end_session("s1", at(6)).await.unwrap());
    assert!(!work.end_session("none", at(6)).await.unwrap());
    assert!(!work.set_session_device("s1", Some(&session_device("d2"))).await.unwrap());
    let hash = session("s1", "alice", 1).cookie_hash.unwrap();
    assert!(!work.rotate_session_cookie("s1", &hash, &[9; 32], &[8; 32], at(6)).await.unwrap());
    let ended = Session { ended: Some(at(5)), ..session("s1", "alice", 1) };
    assert_eq!(work.session("s1").await.unwrap(), Some(ended));
}

async fn all_sessions_of_a_user_end_but_one(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for id in ["s1", "s2", "s3"] {
        work.insert_session(&session(id, "alice", 1)).await.unwrap();
    }
    work.insert_session(&session("s4", "bob", 1)).await.unwrap();
    assert_eq!(work.end_sessions_of_user("alice", Some("s2"), at(5)).await.unwrap(), 2);
    assert_eq!(ids(work.active_sessions(Some("alice"), None, at(6), 10).await.unwrap()), ["s2"]);
    assert_eq!(work.end_sessions_of_user("alice", None, at(5)).await.unwrap(), 1);
    assert_eq!(ids(work.active_sessions(None, None, at(6), 10).await.unwrap()), ["s4"]);
}

async fn a_device_loses_its_sessions_trust(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_session(&session("s1", "alice", 1)).await.unwrap();
    work.insert_session(&session("s2", "bob", 1)).await.unwrap();
    work.set_session_device("s2", Some(&session_device("d2"))).await.unwrap();
    assert_eq!(work.untrust_sessions_of_device("d1").await.unwrap(), 1);
    assert_eq!(work.untrust_sessions_of_device("d1").await.unwrap(), 0);
    assert_eq!(work.session("s1").await.unwrap().unwrap().device, None);
    assert!(work.session("s2").await.unwrap().unwrap().device.is_some());
}

async fn active_sessions_come_in_pages(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, user, created) in
        [("s1", "alice", 1), ("s2", "alice", 2), ("s3", "bob", 2), ("s4", "bob", 3), ("s5", "bob", 4)]
    {
        work.insert_session(&session(id, user, created)).await.unwrap();
    }
    work.end_session("s4", at(5)).await.unwrap();
    let first = work.active_sessions(None, None, at(10), 2).await.unwrap();
    let last = first.last().map(|session| (session.created, session.id.clone()));
    assert_eq!(ids(first), ["s5", "s3"]);
    assert_eq!(ids(work.active_sessions(None, last.as_ref(), at(10), 2).await.unwrap()), ["s2", "s1"]);
    assert_eq!(ids(work.active_sessions(Some("bob"), None, at(10), 2).await.unwrap()), ["s5", "s3"]);
    assert_eq!(work.count_active_sessions(at(10)).await.unwrap(), 4);
    assert_eq!(work.count_active_sessions(at(1000)).await.unwrap(), 0, "expired");
    assert_eq!(ids(work.active_sessions(None, None, at(1000), 9).await.unwrap()), [""; 0]);
    work.purge_sessions(at(1000)).await.unwrap();
    assert!(work.session("s1").await.unwrap().is_some());
    work.purge_sessions(at(1001)).await.unwrap();
    assert!(work.session("s1").await.unwrap().is_none());
}

async fn a_standing_is_session_account_and_roles(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in ["zeta", "access", "other"] {
        work.insert_role(&role(name)).await.unwrap();
    }
    let many =
        User { roles: ["zeta", "none", "access", "zeta"].map(str::to_owned).to_vec(), ..user("alice") };
    let bare = User { roles: Vec::new(), ..user("bob") };
    for (n, account, roles) in
        [(1, Some(many), vec![role("zeta"), role("access")]), (2, Some(bare), vec![]), (3, None, vec![])]
    {
        let name = account.as_ref().map_or("carol", |account| &account.name);
        let session = session(&format!("s{n}"), name, n);
        work.insert_session(&session).await.unwrap();
        if let Some(account) = &account {
            work.insert_user(account).await.unwrap();
        }
        let expected = Some(Standing { session: session.clone(), account, roles });
        assert_eq!(work.standing(SessionKey::Id(&session.id)).await.unwrap(), expected);
        let hash = session.cookie_hash.unwrap();
        assert_eq!(work.standing(SessionKey::Cookie(&hash)).await.unwrap(), expected);
    }
    assert_eq!(work.standing(SessionKey::Id("none")).await.unwrap(), None);
    assert_eq!(work.standing(SessionKey::Cookie(&[77; 32])).await.unwrap(), None);
}

async fn a_cookie_rotates_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let first = session("s1", "alice", 1);
    work.insert_session(&first).await.unwrap();
    let old = first.cookie_hash.unwrap();
    assert!(work.rotate_session_cookie("s1", &old, &[9; 32], &[8; 32], at(5)).await.unwrap());
    // A request that still has the old one cannot rotate it away under the one who has the new one.
    assert!(!work.rotate_session_cookie("s1", &old, &[7; 32], &[8; 32], at(6)).await.unwrap());
    assert!(work.standing(SessionKey::Cookie(&old)).await.unwrap().is_none());
    assert!(work.standing(SessionKey::Cookie(&[9; 32])).await.unwrap().is_some());
    assert!(work.cookie_was_rotated(&old, at(4)).await.unwrap());
    assert!(!work.cookie_was_rotated(&old, at(5)).await.unwrap(), "too long ago");
    assert!(!work.cookie_was_rotated(&[9; 32], at(4)).await.unwrap(), "in force");
    work.end_session("s1", at(7)).await.unwrap();
    assert!(!work.cookie_was_rotated(&old, at(4)).await.unwrap(), "ended");
}

async fn a_browsers_session_that_lies_idle_is_not_listed(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let web = Session { expires: at(100_000), last_seen: at(0), ..session("s1", "alice", 0) };
    let cli = Session {
        id: "s2".to_owned(),
        kind: gatehouse_domain::entity::SessionKind::Cli,
        cookie_hash: None,
        ..web.clone()
    };
    work.insert_session(&web).await.unwrap();
    work.insert_session(&cli).await.unwrap();
    for (user, secs, listed) in [
        (None, WEB_IDLE_SECS - 1, &["s2", "s1"][..]),
        (None, WEB_IDLE_SECS, &["s2"]),
        (Some("alice"), WEB_IDLE_SECS - 1, &["s2", "s1"]),
        (Some("alice"), WEB_IDLE_SECS, &["s2"]),
    ] {
        assert_eq!(ids(work.active_sessions(user, None, at(secs), 10).await.unwrap()), listed);
        let count = work.count_active_sessions(at(secs)).await.unwrap();
        assert_eq!(count, i64::try_from(listed.len()).unwrap());
    }
}

/// A session with a device since 3.
fn trusted(id: &str, kind: SessionKind, until: Option<i64>, way: ConfirmedBy) -> Session {
    let until = until.map(at);
    let device = SessionDevice { until, confirmed_by: Some(way), ..session_device("d1") };
    Session { kind, cookie_hash: None, device: Some(device), ..session(id, "alice", 1) }
}

async fn the_trust_of_browsers_is_cut_and_never_lengthened(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, kind, until) in [
        ("s1", SessionKind::Web, None),
        ("s2", SessionKind::Web, Some(50)),
        ("s3", SessionKind::Web, Some(5)),
        ("s4", SessionKind::Cli, None),
    ] {
        work.insert_session(&trusted(id, kind, until, ConfirmedBy::Browser)).await.unwrap();
    }
    let none = Session { cookie_hash: None, device: None, ..session("s5", "alice", 1) };
    work.insert_session(&none).await.unwrap();
    assert_eq!(work.shorten_web_trust(10).await.unwrap(), 2);
    assert_eq!(work.shorten_web_trust(10).await.unwrap(), 0, "a second time changes nothing");
    for (id, until) in [("s1", Some(13)), ("s2", Some(13)), ("s3", Some(5)), ("s4", None)] {
        let device = work.session(id).await.unwrap().unwrap().device.unwrap();
        assert_eq!(device.until, until.map(at), "{id}");
    }
    assert_eq!(work.session("s5").await.unwrap(), Some(none));
}

async fn what_was_confirmed_by_a_code_loses_its_trust(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, way) in [("s1", ConfirmedBy::Code), ("s2", ConfirmedBy::Browser)] {
        let one = trusted(id, SessionKind::Web, None, way);
        work.insert_session(&one).await.unwrap();
        assert_eq!(work.session(id).await.unwrap(), Some(one));
    }
    assert_eq!(work.untrust_sessions_confirmed_by(ConfirmedBy::Code).await.unwrap(), 1);
    assert_eq!(work.untrust_sessions_confirmed_by(ConfirmedBy::Code).await.unwrap(), 0);
    assert_eq!(work.session("s1").await.unwrap().unwrap().device, None);
    assert!(work.session("s2").await.unwrap().unwrap().device.is_some());
}

async fn a_session_is_limited_and_never_lengthened(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = session("s1", "alice", 1);
    work.insert_session(&one).await.unwrap();
    work.limit_session("s1", one.expires.plus_secs(1)).await.unwrap();
    assert_eq!(work.session("s1").await.unwrap().unwrap().expires, one.expires);
    work.limit_session("s1", at(50)).await.unwrap();
    assert_eq!(work.session("s1").await.unwrap().unwrap().expires, at(50));
}
