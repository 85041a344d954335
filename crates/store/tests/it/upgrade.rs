//! A database of the first release, with people, devices and a log in it, is opened by this one: nothing is lost, and what
//! later steps count, list and look up is there for the old rows too.

use gatehouse_domain::entity::*;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{AttestationTier, EnrollStatus, OsType};
use gatehouse_store::{Location, POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, open};
use gatehouse_testkit::postgres::Postgres;
use sqlx::AssertSqlSafe;

use crate::samples::{at, event, record};

/// The last step of the first release.
const FIRST_RELEASE: i64 = 4;

/// What the first release left behind; bytes are written as `{01ff}`.
fn rows() -> Vec<String> {
    let t = |secs: i64| at(secs).micros();
    let mut rows = vec![
        format!("insert into users values ('alice', 'human', '[]', 'hash', 0, {0}, {0})", t(1)),
        format!("insert into users values ('bob', 'human', '[]', null, 0, {0}, {0})", t(1)),
        "insert into user_roles values ('alice', 0, 'editor')".to_owned(),
        format!("insert into cluster_values values ('name', 'example.com')"),
        // One that is enrolled, one that is not, one that is locked.
        format!(
            "insert into devices values ('d1', 1, 'PF-One', 'pf-one', {0}, {0}, 2, 'alice', null, null, null, {{{2}}}, {1}, null)",
            t(1),
            t(50),
            "01".repeat(32)
        ),
        format!(
            "insert into devices values ('d2', 2, 'MAC-2', 'mac-2', {0}, {0}, 1, null, 'jamf', 'jamf', null, null, null, null)",
            t(2)
        ),
        format!(
            "insert into devices values ('d3', 1, 'PF-Three', 'pf-three', {0}, {0}, 1, null, null, null, null, null, null, null)",
            t(3)
        ),
        format!("insert into device_users values ('d1', 'alice', {0}), ('d1', 'bob', {0})", t(5)),
        format!(
            "insert into credentials values (1, 'c1', 'd1', {{02}}, 2, '', {{03}}, 'alice', {0}, {0}, 1, 2, 3)",
            t(5)
        ),
        format!(
            "insert into enroll_tokens values
             ('t1', {{{}}}, 'd2', 'admin', 'alice', null, {}, {}, 1, null, null, null, null)",
            "07".repeat(32),
            t(6),
            t(600)
        ),
        format!("insert into locks values ('l1', null, null, 'd3', 'stolen', {}, 'alice', null)", t(7)),
        format!(
            "insert into sessions values
             ('s1', 'cli', null, 'alice', {0}, {1}, {2}, null, {0}, 'd1', 'PF-One', 'c1', {0}, '192.0.2.1:5')",
            t(8),
            t(9),
            t(1000)
        ),
    ];
    let mut told = record(RecordKind::Enroll, 50);
    told.data.serial_number = "SN-4711".to_owned();
    rows.push(format!(
        "insert into collected (device_id, kind, recorded, data) values ('d1', 'enroll', {}, '{}')",
        t(50),
        serde_json::to_string(&told.data).unwrap().replace('\'', "''")
    ));
    for (uid, name, success, secs) in [
        ("e1", "device.enroll", true, 50),
        ("e2", "device.enroll", false, 51),
        ("e3", "device.authenticate", true, 52),
        ("e4", "device.authenticate", false, 50 + 86_400),
        ("e5", "role.update", true, 60),
    ] {
        let about = AuditEvent {
            success,
            target: if uid == "e5" { "editor".to_owned() } else { String::new() },
            request_id: format!("request-{uid}"),
            ..event(uid, name, "alice", Some("d1").filter(|_| uid != "e5"), secs)
        };
        let body = serde_json::to_string(&about).unwrap().replace('\'', "''");
        rows.push(format!(
            "insert into audit_events (uid, time, event, code, user_name, device_id, success, body)
             values ('{uid}', {}, '{name}', 'X', 'alice', {}, {}, '{body}')",
            t(secs),
            if uid == "e5" { "null" } else { "'d1'" },
            i32::from(success),
        ));
    }
    rows
}

/// Replaces `{01ff}` outside of JSON by the engine's way to write bytes.
fn with_bytes(statement: &str, before: &str, after: &str) -> String {
    let mut written = String::new();
    let mut rest = statement;
    while let Some((head, tail)) = rest.split_once('{') {
        written.push_str(head);
        match tail.split_once('}') {
            Some((hex, tail)) if !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                written.push_str(&format!("{before}{hex}{after}"));
                rest = tail;
            }
            _ => {
                written.push('{');
                rest = tail;
            }
        }
    }
    written + rest
}

async fn is_whole(location: &Location) {
    let store = open(location).await.unwrap();
    let mut work = store.read().await.unwrap();
    // The inventory lists, counts and finds what was there.
    let words = Vec::new();
    let everything = ListRequest {
        filter: ListFilter::default(),
        words: &words,
        order: ListOrder::Tag,
        descending: false,
        after: None,
        limit: 10,
        counted: true,
        now: at(100),
    };
    let part = work.listed(&everything).await.unwrap();
    assert_eq!(part.count, Some(ListCount::Exactly(3)));
    let listed = part.devices;
    let tags: Vec<_> = listed.iter().map(|device| device.asset_tag.as_str()).collect();
    assert_eq!(tags, ["MAC-2", "PF-One", "PF-Three"]);
    let one = &listed[1];
    assert_eq!((one.cell.os, one.cell.status), (OsType::Linux, EnrollStatus::Enrolled));
    assert_eq!((one.owner.as_str(), one.other_users, one.serial.as_str()), ("alice", 1, "SN-4711"));
    assert_eq!(one.last_authenticated, Some(at(50)));
    assert!(listed[2].is_locked(at(100)) && !one.is_locked(at(100)));
    assert_eq!(work.cell_counts().await.unwrap().iter().map(|(_, devices)| devices).sum::<i64>(), 3);
    for word in ["sn-4711", "pf-o", "alice"] {
        let words = vec![word.to_owned()];
        let request = ListRequest { words: &words, ..everything.clone() };
        let found = work.listed(&request).await.unwrap().devices;
        assert_eq!(
            found.iter().map(|device| device.device_id.as_str()).collect::<Vec<_>>(),
            ["d1"],
            "{word}"
        );
    }
    let credentials = work.credentials_of_device("d1").await.unwrap();
    assert_eq!((credentials.len(), credentials[0].id.as_str()), (1, "c1"));
    assert_eq!(credentials[0].tier, AttestationTier::TpmEkcert);
    // Tokens have no note, sessions no browser's name, accounts no passkeys.
    let token = work.enroll_token("t1").await.unwrap().unwrap();
    assert_eq!((token.note.as_str(), token.challenges, token.state(at(100))), ("", 1, TokenState::Active));
    let session = work.session("s1").await.unwrap().unwrap();
    assert_eq!((session.user_agent.as_str(), session.rights), ("", None));
    assert_eq!(session.device.unwrap().asset_tag, "PF-One");
    let glance = work.user_glance("alice").await.unwrap().unwrap();
    assert_eq!((glance.passkeys, glance.enrolled_devices, glance.last_seen), (0, 1, Some(at(9))));
    let lock = work.lock("l1").await.unwrap().unwrap();
    assert_eq!(lock.target, LockTarget { device: Some("d3".to_owned()), ..LockTarget::default() });
    // The log is found by what later steps look it up by, and counted by day.
    for (filter, expected) in [
        (AuditFilter { request_id: Some("request-e3".to_owned()), ..AuditFilter::default() }, "e3"),
        (AuditFilter { target: Some("editor".to_owned()), ..AuditFilter::default() }, "e5"),
    ] {
        let found = work.events(&filter, 10).await.unwrap();
        assert_eq!(found.iter().map(|stored| stored.event.uid.as_str()).collect::<Vec<_>>(), [expected]);
    }
    let failed = AuditFilter { success: Some(false), ..AuditFilter::default() };
    assert_eq!(work.events(&failed, 10).await.unwrap().len(), 2);
    let first = at(50).secs().div_euclid(86_400);
    let count = |day: i64, detail: &str| DailyCount { day, detail: detail.to_owned(), count: 1 };
    let enrolments = work.daily_counts("device.enroll", 0).await.unwrap();
    assert_eq!(enrolments, [count(first, ""), count(first, "unknown")]);
    let authentications = work.daily_counts("device.authenticate", 0).await.unwrap();
    assert_eq!(authentications, [count(first + 1, "unknown")]);
    drop(work);
    // And what is written from now on goes on from there.
    let mut work = store.begin().await.unwrap();
    work.append_event(&event("e6", "device.enroll", "bob", None, 70)).await.unwrap();
    work.hold_administrators().await.unwrap();
    work.delete_user("bob").await.unwrap();
    work.commit().await.unwrap();
    let mut work = store.read().await.unwrap();
    let enrolments = work.daily_counts("device.enroll", 0).await.unwrap();
    assert_eq!(enrolments[0], DailyCount { count: 2, ..count(first, "") });
    assert_eq!(work.listed(&everything).await.unwrap().devices[1].other_users, 0);
    // A second start finds nothing left to do.
    drop((work, store));
    assert_eq!(open(location).await.unwrap().read().await.unwrap().count_devices().await.unwrap().0, 3);
}

/// Terms were bare words before they had kinds.
macro_rules! terms_get_their_kinds {
    ($pool:expr, $location:expr) => {{
        let terms = async || -> Vec<(String, i64, i64)> {
            let all =
                sqlx::query_as("select term, device, shared from device_terms order by term, device, shared");
            all.fetch_all(&$pool).await.unwrap()
        };
        let expected = terms().await;
        let begins: Vec<&str> = expected.iter().filter_map(|(term, ..)| term.get(..2)).collect();
        for kind in ["0T", "0O", "0X", "1T", "1X"] {
            assert!(begins.contains(&kind), "{kind}: {expected:?}");
        }
        for back in [
            "update device_terms set term = substr(term, 3)",
            "delete from _sqlx_migrations where version = 18",
        ] {
            sqlx::query(back).execute(&$pool).await.unwrap();
        }
        drop(open($location).await.unwrap());
        assert_eq!(terms().await, expected);
    }};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_first_release_is_carried_on_by_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gatehouse.db");
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    SQLITE_MIGRATIONS.run_to(FIRST_RELEASE, &pool).await.unwrap();
    for row in rows() {
        let statement = with_bytes(&row, "x'", "'");
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let location = Location::Sqlite(path.clone());
    is_whole(&location).await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    terms_get_their_kinds!(pool, &location);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_first_release_is_carried_on_by_postgres() {
    let url = Postgres::shared().fresh_database();
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    POSTGRES_MIGRATIONS.run_to(FIRST_RELEASE, &pool).await.unwrap();
    for row in rows() {
        let statement = with_bytes(&row, "'\\x", "'::bytea");
        sqlx::query(AssertSqlSafe(statement)).execute(&pool).await.unwrap();
    }
    pool.close().await;
    let location = Location::Postgres(url.clone());
    is_whole(&location).await;
    let pool = sqlx::PgPool::connect(&url).await.unwrap();
    terms_get_their_kinds!(pool, &location);
}
