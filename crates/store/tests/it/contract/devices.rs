use std::sync::Arc;

use gatehouse_domain::entity::{Device, DeviceCursor, Lock, RecordKind};
use gatehouse_domain::ports::Store;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{AssetTag, EnrollStatus, OsType};

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, credential, device, event, evidence, record, token, user};

on_both_engines!(
    devices_are_stored_whole,
    a_second_id_is_refused,
    a_second_tag_is_refused,
    a_second_anchor_is_refused,
    an_update_can_conflict_too,
    devices_come_in_pages_by_tag,
    devices_are_found_by_id_or_tag,
    users_of_a_device,
    a_deleted_device_takes_its_own_along_and_leaves_the_records,
    collected_data_is_trimmed,
    a_counter_alarm_stays_until_it_is_taken_away,
);

async fn a_counter_alarm_stays_until_it_is_taken_away(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let one = device("d1", OsType::Linux, "ONE");
    work.insert_device(&one).await.unwrap();
    let held = work.device_and_alarm_for_update("d1").await.unwrap();
    assert_eq!(held, Some((one.clone(), None)));
    work.set_counter_alarm("d1", Some(at(5))).await.unwrap();
    work.update_device(&one).await.unwrap();
    let held = work.device_and_alarm_for_update("d1").await.unwrap();
    assert_eq!(held, Some((one.clone(), Some(at(5)))));
    work.set_counter_alarm("d1", None).await.unwrap();
    assert_eq!(work.device_and_alarm_for_update("d1").await.unwrap(), Some((one, None)));
    assert_eq!(work.device_and_alarm_for_update("none").await.unwrap(), None);
}

fn ids(devices: Vec<Device>) -> Vec<String> {
    devices.into_iter().map(|device| device.id).collect()
}

fn cursor(device: &Device) -> DeviceCursor {
    DeviceCursor { tag: device.asset_tag.normalised(), os: device.os_type.number(), id: device.id.clone() }
}

async fn devices_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let mut full = device("d1", OsType::Windows, "Tag-Ä");
    full.anchor = Some([1; 32]);
    work.insert_device(&full).await.unwrap();
    assert_eq!(work.device("d1").await.unwrap().as_ref(), Some(&full));
    assert_eq!(work.device_for_update("d1").await.unwrap().as_ref(), Some(&full));
    assert_eq!(work.device_for_update("d2").await.unwrap(), None);
    assert_eq!(work.device_by_tag(OsType::Windows, "tag-ä").await.unwrap().as_ref(), Some(&full));
    assert_eq!(work.device_by_tag(OsType::Linux, "tag-ä").await.unwrap(), None);

    let bare = Device {
        os_type: OsType::Macos,
        asset_tag: AssetTag::try_from("Other").unwrap(),
        enroll_status: EnrollStatus::NotEnrolled,
        owner: None,
        source: None,
        profile: None,
        anchor: None,
        last_authenticated: None,
        updated: at(9),
        ..full
    };
    assert!(work.update_device(&Device { created: at(50), ..bare.clone() }).await.unwrap());
    assert_eq!(work.device("d1").await.unwrap(), Some(bare.clone()), "creation time stays");
    assert_eq!(work.device_by_tag(OsType::Macos, "other").await.unwrap(), Some(bare));
    assert!(!work.update_device(&device("d2", OsType::Linux, "X1")).await.unwrap());
    assert_eq!(work.count_devices().await.unwrap(), (1, 0));
}

async fn with_one_device(store: &Arc<dyn Store>) -> Box<dyn gatehouse_domain::ports::UnitOfWork> {
    let mut work = store.begin().await.unwrap();
    let mut first = device("d1", OsType::Linux, "ONE");
    first.anchor = Some([1; 32]);
    work.insert_device(&first).await.unwrap();
    work.insert_device(&Device { id: "d2".to_owned(), os_type: OsType::Windows, ..first }).await.unwrap();
    work.insert_device(&device("d3", OsType::Linux, "THREE")).await.unwrap();
    work
}

async fn a_second_id_is_refused(store: Arc<dyn Store>) {
    let mut work = with_one_device(&store).await;
    assert_eq!(conflict(work.insert_device(&device("d1", OsType::Macos, "TWO")).await), "devices_pkey");
}

async fn a_second_tag_is_refused(store: Arc<dyn Store>) {
    let mut work = with_one_device(&store).await;
    assert_eq!(conflict(work.insert_device(&device("d9", OsType::Linux, "oNe")).await), "devices_os_tag");
}

async fn a_second_anchor_is_refused(store: Arc<dyn Store>) {
    let mut work = with_one_device(&store).await;
    let mut second = device("d9", OsType::Linux, "TWO");
    second.anchor = Some([1; 32]);
    assert_eq!(conflict(work.insert_device(&second).await), "devices_os_anchor");
    drop(work);
    let mut work = with_one_device(&store).await;
    second.anchor = None;
    work.insert_device(&second).await.unwrap();
    second.anchor = Some([1; 32]);
    assert_eq!(conflict(work.update_device(&second).await), "devices_os_anchor");
}

async fn an_update_can_conflict_too(store: Arc<dyn Store>) {
    let mut work = with_one_device(&store).await;
    let renamed = device("d3", OsType::Linux, "one");
    assert_eq!(conflict(work.update_device(&renamed).await), "devices_os_tag");
}

async fn devices_come_in_pages_by_tag(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, os, tag) in [
        ("d1", OsType::Windows, "b"),
        ("d2", OsType::Linux, "B"),
        ("d3", OsType::Linux, "a"),
        ("d4", OsType::Linux, "Z-9"),
        ("d5", OsType::Linux, "a b"),
        ("d6", OsType::Linux, "É"),
    ] {
        work.insert_device(&device(id, os, tag)).await.unwrap();
    }
    let order = ["d3", "d5", "d2", "d1", "d4", "d6"];
    assert_eq!(ids(work.devices(None, 100).await.unwrap()), order);
    for page in 1..=6 {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let found = work.devices(after.as_ref(), page).await.unwrap();
            let Some(last) = found.last() else { break };
            after = Some(cursor(last));
            seen.extend(ids(found));
        }
        assert_eq!(seen, order, "in pages of {page}");
    }
}

async fn devices_are_found_by_id_or_tag(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, os, tag) in
        [("d1", OsType::Windows, "Two"), ("d2", OsType::Linux, "two"), ("two", OsType::Linux, "x1")]
    {
        work.insert_device(&device(id, os, tag)).await.unwrap();
    }
    assert_eq!(ids(work.devices_by_id_or_tag("two", "two", 10).await.unwrap()), ["d2", "d1", "two"]);
    assert_eq!(ids(work.devices_by_id_or_tag("TWO", "two", 10).await.unwrap()), ["d2", "d1"]);
    assert_eq!(work.devices_by_id_or_tag("two", "two", 1).await.unwrap().len(), 1);
    assert_eq!(ids(work.devices_by_id_or_tag("d1", "d1", 10).await.unwrap()), ["d1"]);
    assert_eq!(work.devices_by_id_or_tag("none", "none", 10).await.unwrap(), []);
}

async fn users_of_a_device(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for name in ["alice", "bob"] {
        work.insert_user(&user(name)).await.unwrap();
    }
    for (id, tag) in [("d1", "B1"), ("d2", "A1"), ("d3", "C1")] {
        work.insert_device(&device(id, OsType::Linux, tag)).await.unwrap();
    }
    let mut idle = device("d4", OsType::Linux, "D1");
    idle.enroll_status = EnrollStatus::NotEnrolled;
    work.insert_device(&idle).await.unwrap();
    work.add_device_user("d4", "bob", at(1)).await.unwrap();
    assert!(!work.user_has_enrolled_device("bob").await.unwrap());
    work.add_device_user("d1", "bob", at(1)).await.unwrap();
    assert!(work.user_has_enrolled_device("bob").await.unwrap());
    assert!(work.user_has_unlocked_device("bob", false, at(1)).await.unwrap());
    let lock = Lock {
        id: "l1".to_owned(),
        target: LockTarget { device: Some("d1".to_owned()), ..LockTarget::default() },
        message: String::new(),
        created: at(1),
        created_by: "root".to_owned(),
        expires: Some(at(5)),
    };
    work.insert_lock(&lock).await.unwrap();
    assert!(!work.user_has_unlocked_device("bob", false, at(4)).await.unwrap());
    assert!(work.user_has_unlocked_device("bob", false, at(5)).await.unwrap());
    assert!(work.user_has_enrolled_device("bob").await.unwrap());
    work.delete_lock("l1").await.unwrap();
    work.add_device_user("d1", "alice", at(2)).await.unwrap();
    work.add_device_user("d1", "bob", at(3)).await.unwrap();
    work.add_device_user("d2", "bob", at(4)).await.unwrap();
    assert_eq!(work.device_users("d1").await.unwrap(), ["bob", "alice"], "in the order they came");
    assert!(work.is_device_user("d1", "alice").await.unwrap());
    assert!(!work.is_device_user("d2", "alice").await.unwrap());
    let page = work.devices_of_user("bob", None, 2).await.unwrap();
    let after = cursor(page.last().unwrap());
    assert_eq!(ids(page), ["d2", "d1"]);
    assert_eq!(ids(work.devices_of_user("bob", Some(&after), 2).await.unwrap()), ["d4"]);
    work.clear_device_users("d1").await.unwrap();
    assert_eq!(work.device_users("d1").await.unwrap(), [""; 0]);
    assert_eq!(work.count_devices().await.unwrap(), (4, 3));
}

async fn a_deleted_device_takes_its_own_along_and_leaves_the_records(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_user(&user("alice")).await.unwrap();
    for (id, tag) in [("d1", "ONE"), ("d2", "TWO")] {
        work.insert_device(&device(id, OsType::Linux, tag)).await.unwrap();
        work.insert_enroll_token(&token(&format!("t-{id}"), id, 1)).await.unwrap();
        work.put_credential(&credential(OsType::Linux, &format!("c-{id}"), id, 1)).await.unwrap();
        work.add_device_user(id, "alice", at(1)).await.unwrap();
        work.add_collected(id, &record(RecordKind::Enroll, 1)).await.unwrap();
        work.insert_evidence(&evidence(&format!("e-{id}"), id, 1)).await.unwrap();
        work.append_event(&event(&format!("u-{id}"), "device.enroll", "alice", Some(id), 1)).await.unwrap();
    }
    assert!(work.delete_device("d1").await.unwrap());
    assert!(!work.delete_device("d1").await.unwrap());
    assert_eq!(work.enroll_token("t-d1").await.unwrap(), None);
    assert_eq!(work.credential(OsType::Linux, "c-d1").await.unwrap(), None);
    assert_eq!(work.device_users("d1").await.unwrap(), [""; 0]);
    assert_eq!(work.collected("d1").await.unwrap(), []);
    assert_eq!(work.evidence_of_device("d1", 10).await.unwrap().len(), 1);
    let filter =
        gatehouse_domain::entity::AuditFilter { device_id: Some("d1".to_owned()), ..Default::default() };
    assert_eq!(work.events(&filter, 10).await.unwrap().len(), 1);
    assert!(work.enroll_token("t-d2").await.unwrap().is_some());
    assert_eq!(work.collected("d2").await.unwrap().len(), 1);
}

async fn collected_data_is_trimmed(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, tag) in [("d1", "ONE"), ("d2", "TWO")] {
        work.insert_device(&device(id, OsType::Linux, tag)).await.unwrap();
        work.add_collected(id, &record(RecordKind::Enroll, 1)).await.unwrap();
        for time in [2, 5, 3, 5] {
            work.add_collected(id, &record(RecordKind::Authenticate, time)).await.unwrap();
        }
    }
    work.trim_collected("d1", 3).await.unwrap();
    let kept: Vec<_> = work.collected("d1").await.unwrap();
    let expected = [
        (RecordKind::Authenticate, 5),
        (RecordKind::Authenticate, 5),
        (RecordKind::Authenticate, 3),
        (RecordKind::Enroll, 1),
    ];
    assert_eq!(kept, expected.map(|(kind, time)| record(kind, time)));
    assert_eq!(work.collected("d2").await.unwrap().len(), 5);
    let mut undated = record(RecordKind::Enroll, 1);
    undated.data.record_time = None;
    assert!(work.add_collected("d1", &undated).await.is_err());
}
