use std::sync::Arc;

use gatehouse_domain::authz::Attribution;
use gatehouse_domain::entity::{
    BootRecord, DeviceImport, DeviceMetadata, Evidence, ImportChunk, ImportContents, ImportLine,
    ImportProgress, ImportState, LineVerdict, RecordKind,
};
use gatehouse_domain::ports::{Store, UnitOfWork};
use gatehouse_model::OsType;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::tpm::PlatformParameters;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, device, evidence, lock};

on_both_engines!(
    a_boot_is_kept_once_a_device_and_goes_with_it,
    an_unchanged_boot_keeps_its_beginning,
    a_device_comes_with_its_alarm_and_locks,
    the_evidence_of_a_credential_is_its_last_good_enrolment,
    tags_in_use_are_found_however_many_are_asked,
    an_import_is_stored_whole,
    an_import_starts_once_and_not_after_its_hour,
    chunks_are_dealt_with_once_and_in_order,
    drafts_are_their_users_alone,
    old_imports_are_purged_unless_they_run,
);

fn boot(device_id: &str, time: i64, byte: u8) -> BootRecord {
    let platform = evidence("e", device_id, 1).platform;
    BootRecord {
        device_id: device_id.to_owned(),
        kind: RecordKind::Authenticate,
        user: "alice".to_owned(),
        time: at(time),
        since: at(time),
        fingerprint: [byte; 32],
        platform: PlatformParameters { quotes: Vec::new(), event_log: vec![byte; 5], ..platform },
    }
}

async fn with_device(store: &Arc<dyn Store>) -> Box<dyn UnitOfWork> {
    let mut work = store.begin().await.unwrap();
    work.insert_device(&device("d1", OsType::Linux, "ONE")).await.unwrap();
    work
}

async fn a_boot_is_kept_once_a_device_and_goes_with_it(store: Arc<dyn Store>) {
    let mut work = with_device(&store).await;
    assert_eq!(work.boot("d1").await.unwrap(), None);
    for record in [boot("d1", 1, 1), boot("d1", 2, 2)] {
        work.note_boot(&record).await.unwrap();
        assert_eq!(work.boot("d1").await.unwrap(), Some(record));
    }
    work.forget_boot("d1").await.unwrap();
    assert_eq!(work.boot("d1").await.unwrap(), None);
    work.note_boot(&boot("d1", 3, 3)).await.unwrap();
    work.delete_device("d1").await.unwrap();
    assert_eq!(work.boot("d1").await.unwrap(), None);
}

async fn an_unchanged_boot_keeps_its_beginning(store: Arc<dyn Store>) {
    let mut work = with_device(&store).await;
    work.note_boot(&BootRecord { kind: RecordKind::Enroll, ..boot("d1", 1, 1) }).await.unwrap();
    work.note_boot(&BootRecord { user: "bob".to_owned(), ..boot("d1", 5, 1) }).await.unwrap();
    let stored = work.boot("d1").await.unwrap().unwrap();
    assert_eq!((stored.since, stored.time), (at(1), at(5)));
    assert_eq!((stored.kind, stored.user.as_str()), (RecordKind::Authenticate, "bob"));
}

async fn a_device_comes_with_its_alarm_and_locks(store: Arc<dyn Store>) {
    let mut work = with_device(&store).await;
    assert_eq!(work.device_and_alarm("d1").await.unwrap().unwrap().1, None);
    work.set_counter_alarm("d1", Some(at(7))).await.unwrap();
    let (found, alarm) = work.device_and_alarm("d1").await.unwrap().unwrap();
    assert_eq!((found.id.as_str(), alarm), ("d1", Some(at(7))));
    assert!(work.device_and_alarm("none").await.unwrap().is_none());

    let on = |device: &str| LockTarget { device: Some(device.to_owned()), ..LockTarget::default() };
    let (old, new) = (lock("l1", on("d1"), 1), lock("l2", on("d1"), 2));
    for lock in [&old, &new, &lock("l3", on("d2"), 3)] {
        work.insert_lock(lock).await.unwrap();
    }
    assert_eq!(work.locks_of_device("d1").await.unwrap(), [new, old]);
    assert_eq!(work.locks_of_device("none").await.unwrap(), []);
}

async fn the_evidence_of_a_credential_is_its_last_good_enrolment(store: Arc<dyn Store>) {
    let mut work = with_device(&store).await;
    let good = |id: &str, time| Evidence {
        kind: RecordKind::Enroll,
        verdict: "success".to_owned(),
        ..evidence(id, "d1", time)
    };
    for record in [
        good("e1", 1),
        good("e2", 2),
        Evidence { verdict: "bad_quote".to_owned(), ..good("e3", 3) },
        Evidence { kind: RecordKind::Authenticate, ..good("e4", 4) },
        Evidence { credential_id: "other".to_owned(), ..good("e5", 5) },
        Evidence { device_id: "d2".to_owned(), ..good("e6", 6) },
    ] {
        work.insert_evidence(&record).await.unwrap();
    }
    assert_eq!(work.evidence_of_credential("d1", "c").await.unwrap(), Some(good("e2", 2)));
    assert_eq!(work.evidence_of_credential("d1", "none").await.unwrap(), None);
}

async fn tags_in_use_are_found_however_many_are_asked(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for number in [0, 31, 32, 70] {
        work.insert_device(&device(&format!("d{number}"), OsType::Linux, &format!("TAG-{number}")))
            .await
            .unwrap();
    }
    work.insert_device(&device("mac", OsType::Macos, "TAG-1")).await.unwrap();
    let asked: Vec<String> = (0..71).map(|number| format!("tag-{number}")).collect();
    let mut found = work.tags_in_use(OsType::Linux, &asked).await.unwrap();
    found.sort();
    assert_eq!(found, ["tag-0", "tag-31", "tag-32", "tag-70"]);
    assert_eq!(work.tags_in_use(OsType::Macos, &asked).await.unwrap(), ["tag-1"]);
    assert_eq!(work.tags_in_use(OsType::Windows, &asked).await.unwrap(), [""; 0]);
    assert_eq!(work.tags_in_use(OsType::Linux, &[]).await.unwrap(), [""; 0]);
}

fn attribution() -> Attribution {
    Attribution {
        user: "alice".to_owned(),
        user_kind: Some(1),
        session_id: "s".to_owned(),
        request_id: "r".to_owned(),
        remote_address: "192.0.2.1".to_owned(),
        trusted_device: Some(DeviceMetadata::new("d1", OsType::Linux, "TAG", "c")),
    }
}

fn import(id: &str, user: &str, created: i64) -> DeviceImport {
    DeviceImport {
        id: id.to_owned(),
        user: user.to_owned(),
        file_name: "devices \"1\".csv".to_owned(),
        state: ImportState::Draft,
        created: at(created),
        expires: at(created + 100),
        started: None,
        finished: None,
        confirmed: None,
        contents: ImportContents {
            fresh: 3,
            existing: 1,
            unused_columns: vec!["note".to_owned()],
            encoding: "UTF-8".to_owned(),
            ..ImportContents::default()
        },
        progress: ImportProgress::default(),
        error: String::new(),
    }
}

fn chunk(verdict: LineVerdict, place: i64, tag: &str) -> ImportChunk {
    let line = ImportLine {
        line: 2,
        os: "linux".to_owned(),
        tag: tag.to_owned(),
        owner: "alice".to_owned(),
        model: "M".to_owned(),
        source: "list".to_owned(),
        problem: "none".to_owned(),
        device_id: Some("d1".to_owned()),
    };
    ImportChunk { verdict, place, lines: vec![line, ImportLine::default()], done: None }
}

async fn an_import_is_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let full = DeviceImport {
        state: ImportState::Failed,
        started: Some(at(2)),
        finished: Some(at(3)),
        confirmed: Some(attribution()),
        progress: ImportProgress { handled: 4, registered: 3, appeared: 2, failed: 1 },
        error: "storage_failed".to_owned(),
        ..import("i1", "alice", 1)
    };
    work.insert_import(&full).await.unwrap();
    assert_eq!(work.import("i1").await.unwrap(), Some(full.clone()));
    assert_eq!(work.import("none").await.unwrap(), None);
    work.insert_import(&import("i2", "alice", 5)).await.unwrap();
    work.insert_import(&import("i3", "bob", 6)).await.unwrap();
    let ids: Vec<String> =
        work.imports_of_user("alice", 9).await.unwrap().into_iter().map(|import| import.id).collect();
    assert_eq!(ids, ["i2", "i1"]);
    let whole = ImportChunk { done: Some(at(9)), ..chunk(LineVerdict::BadTag, 2, "T") };
    work.insert_import_chunk("i1", &whole).await.unwrap();
    assert_eq!(work.import_chunk("i1", LineVerdict::BadTag, 2).await.unwrap(), Some(whole));
    assert_eq!(work.import_chunk("i1", LineVerdict::Fresh, 2).await.unwrap(), None);
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    assert_eq!(conflict(work.insert_import(&full).await), "device_imports_pkey");
}

async fn an_import_starts_once_and_not_after_its_hour(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_import(&import("i1", "alice", 0)).await.unwrap();
    assert_eq!(work.running_import().await.unwrap(), None);
    assert!(!work.start_import("i1", &attribution(), at(100), at(500)).await.unwrap(), "expired");
    assert!(!work.start_import("none", &attribution(), at(1), at(500)).await.unwrap());
    assert!(work.start_import("i1", &attribution(), at(99), at(500)).await.unwrap());
    assert!(!work.start_import("i1", &attribution(), at(99), at(500)).await.unwrap(), "twice");
    let running = work.running_import().await.unwrap().unwrap();
    assert_eq!((running.started, running.expires), (Some(at(99)), at(500)));
    assert_eq!(running.confirmed, Some(attribution()));
    work.advance_import("i1", ImportProgress { handled: 5, registered: 3, appeared: 1, failed: 1 })
        .await
        .unwrap();
    work.advance_import("i1", ImportProgress { handled: 1, registered: 1, ..Default::default() })
        .await
        .unwrap();
    assert!(work.end_import("i1", ImportState::Done, "", at(200), at(600)).await.unwrap());
    assert!(!work.end_import("i1", ImportState::Failed, "x", at(201), at(600)).await.unwrap(), "ended");
    let done = work.import("i1").await.unwrap().unwrap();
    assert_eq!((done.state, done.finished, done.expires), (ImportState::Done, Some(at(200)), at(600)));
    assert_eq!(done.progress, ImportProgress { handled: 6, registered: 4, appeared: 1, failed: 1 });
    assert_eq!(work.running_import().await.unwrap(), None);
}

async fn chunks_are_dealt_with_once_and_in_order(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_import(&import("i1", "alice", 0)).await.unwrap();
    for (verdict, place) in [(LineVerdict::Existing, 0), (LineVerdict::Fresh, 1), (LineVerdict::Fresh, 0)] {
        work.insert_import_chunk("i1", &chunk(verdict, place, "T")).await.unwrap();
    }
    for place in [0, 1] {
        let next = work.next_import_chunk("i1").await.unwrap().unwrap();
        assert_eq!((next.verdict, next.place), (LineVerdict::Fresh, place));
        let done = ImportChunk { done: Some(at(9)), ..chunk(LineVerdict::Fresh, place, "CHANGED") };
        assert!(work.finish_import_chunk("i1", &done).await.unwrap());
        assert!(!work.finish_import_chunk("i1", &done).await.unwrap(), "once");
        assert_eq!(work.import_chunk("i1", LineVerdict::Fresh, place).await.unwrap(), Some(done));
    }
    assert_eq!(work.next_import_chunk("i1").await.unwrap(), None);
    work.commit().await.unwrap();
    let mut work = store.begin().await.unwrap();
    let again = work.insert_import_chunk("i1", &chunk(LineVerdict::Fresh, 0, "T")).await;
    assert_eq!(conflict(again), "device_import_chunks_pkey");
}

async fn drafts_are_their_users_alone(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, user) in [("i1", "alice"), ("i2", "alice"), ("i3", "bob"), ("i4", "alice")] {
        work.insert_import(&import(id, user, 0)).await.unwrap();
    }
    work.start_import("i4", &attribution(), at(1), at(500)).await.unwrap();
    assert!(!work.discard_import("i1", "bob").await.unwrap());
    assert!(work.discard_import("i1", "alice").await.unwrap());
    assert!(!work.discard_import("i4", "alice").await.unwrap(), "running");
    work.discard_imports("alice").await.unwrap();
    let mut left = Vec::new();
    for id in ["i1", "i2", "i3", "i4"] {
        left.extend(work.import(id).await.unwrap().map(|import| import.id));
    }
    assert_eq!(left, ["i3", "i4"]);
}

async fn old_imports_are_purged_unless_they_run(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for id in ["i1", "i2"] {
        work.insert_import(&import(id, "alice", 0)).await.unwrap();
        work.insert_import_chunk(id, &chunk(LineVerdict::Fresh, 0, "T")).await.unwrap();
    }
    work.start_import("i2", &attribution(), at(1), at(100)).await.unwrap();
    work.purge_imports(at(100)).await.unwrap();
    assert!(work.import("i1").await.unwrap().is_some());
    work.purge_imports(at(101)).await.unwrap();
    assert!(work.import("i1").await.unwrap().is_none());
    assert_eq!(work.import_chunk("i1", LineVerdict::Fresh, 0).await.unwrap(), None, "gone with it");
    assert!(work.import("i2").await.unwrap().is_some());
}
