use std::sync::Arc;

use gatehouse_domain::entity::{AuditFilter, DeviceMetadata};
use gatehouse_domain::ports::Store;
use gatehouse_model::OsType;
use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, event, evidence};

on_both_engines!(evidence_is_stored_whole_and_purged, events_are_filtered, the_log_only_grows);

async fn evidence_is_stored_whole_and_purged(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let first = evidence("e1", "d1", 1);
    let mut bare = evidence("e2", "d1", 2);
    bare.ak = AttestationParameters::default();
    bare.platform = PlatformParameters::default();
    bare.kind = gatehouse_domain::entity::RecordKind::Enroll;
    for evidence in [&first, &bare, &evidence("e3", "d2", 3)] {
        work.insert_evidence(evidence).await.unwrap();
    }
    assert_eq!(work.evidence_of_device("d1", 10).await.unwrap(), [bare.clone(), first.clone()]);
    assert_eq!(work.evidence_of_device("d1", 1).await.unwrap(), [bare]);
    assert_eq!(work.purge_evidence(at(3)).await.unwrap(), 2);
    assert_eq!(work.evidence_of_device("d1", 10).await.unwrap(), []);
    assert_eq!(work.evidence_of_device("d2", 10).await.unwrap().len(), 1);
    let again = work.insert_evidence(&evidence("e3", "d2", 3)).await;
    let again = if again.is_ok() { work.commit().await } else { again };
    assert_eq!(conflict(again), "evidence_pkey");
}

async fn events_are_filtered(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let about_a_user = {
        let mut event = event("u4", "user.login", "bob", None, 4);
        event.trusted_device = Some(DeviceMetadata::new("d2", OsType::Linux, "TAG", "c"));
        (event.success, event.error) = (false, "wrong".to_owned());
        event
    };
    let by_nobody = event("u5", "device.enroll", "", None, 5);
    for event in [
        event("u1", "device.enroll", "alice", Some("d1"), 1),
        event("u2", "user.login", "alice", None, 2),
        event("u3", "device.enroll", "bob", Some("d1"), 3),
        about_a_user.clone(),
        by_nobody.clone(),
    ] {
        work.append_event(&event).await.unwrap();
    }
    let all = work.events(&AuditFilter::default(), 10).await.unwrap();
    assert_eq!(all[0].event, by_nobody);
    assert_eq!(all[1].event, about_a_user);
    assert!(all.windows(2).all(|pair| pair[0].sequence > pair[1].sequence));

    let mut list = async |device: Option<&str>, user: Option<&str>, name: Option<&str>, before, limit| {
        let filter = AuditFilter {
            event: name.map(str::to_owned),
            user: user.map(str::to_owned),
            device_id: device.map(str::to_owned),
            before,
            ..AuditFilter::default()
        };
        let found = work.events(&filter, limit).await.unwrap();
        found.into_iter().map(|stored| stored.event.uid).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, Some(all[1].sequence), 2).await, ["u3", "u2"]);
    assert_eq!(list(None, None, Some("device.enroll"), None, 10).await, ["u5", "u3", "u1"]);
    assert_eq!(list(None, Some("alice"), None, None, 10).await, ["u2", "u1"]);
    assert_eq!(list(None, Some("alice"), Some("user.login"), None, 10).await, ["u2"]);
    assert_eq!(list(Some("d1"), None, None, None, 1).await, ["u3"]);
    assert_eq!(list(Some("d1"), Some("alice"), None, None, 10).await, ["u1"]);
    assert_eq!(list(Some("d1"), Some("alice"), Some("user.login"), None, 10).await, [""; 0]);
    assert_eq!(list(Some("d1"), None, Some("device.enroll"), Some(all[2].sequence), 10).await, ["u1"]);
    assert_eq!(list(Some("d2"), None, None, None, 10).await, ["u4"], "what was done on a trusted device");
    let again = work.append_event(&by_nobody).await;
    let again = if again.is_ok() { work.commit().await } else { again };
    assert_eq!(conflict(again), "audit_events_uid");
}

async fn the_log_only_grows(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    assert_eq!(work.time_of_oldest_event().await.unwrap(), None);
    for (uid, time) in [("u2", 2), ("u1", 1), ("u3", 3)] {
        work.append_event(&event(uid, "user.login", "alice", None, time)).await.unwrap();
    }
    let newest = work.events(&AuditFilter::default(), 1).await.unwrap()[0].sequence;
    assert_eq!(work.time_of_oldest_event().await.unwrap(), Some(at(1)));
    assert_eq!(work.purge_events(at(3)).await.unwrap(), 2);
    assert_eq!(work.time_of_oldest_event().await.unwrap(), Some(at(3)));
    assert_eq!(work.purge_events(at(4)).await.unwrap(), 1);
    work.append_event(&event("u4", "user.login", "alice", None, 9)).await.unwrap();
    let next = work.events(&AuditFilter::default(), 1).await.unwrap()[0].sequence;
    assert!(next > newest, "no number is given twice");
}
