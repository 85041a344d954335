use std::sync::Arc;

use gatehouse_domain::entity::{AnnouncedTpm, ShipAhead, ShipAheadCursor, ShipAheadUse};
use gatehouse_domain::ports::Store;

use crate::engines::on_both_engines;
use crate::samples::at;

on_both_engines!(
    an_announcement_is_stored_whole_and_found_by_its_tpm,
    a_tpm_is_announced_once,
    one_use_is_one_use,
    announcements_come_newest_first_in_pages,
);

fn by_ek(id: &str, byte: u8, created: i64) -> ShipAhead {
    ShipAhead {
        id: id.to_owned(),
        tpm: AnnouncedTpm::Ek([byte; 32]),
        standing: false,
        owner: None,
        asset_tag: None,
        note: String::new(),
        created: at(created),
        created_by: "admin".to_owned(),
        uses: 0,
        used: None,
    }
}

fn by_certificate(id: &str) -> ShipAhead {
    ShipAhead {
        tpm: AnnouncedTpm::Certificate {
            serial: "0a:1b".to_owned(),
            issuer: "CN=Example, C=DE".to_owned(),
            issuer_key: "c=de,cn=example".to_owned(),
        },
        standing: true,
        owner: Some("alice".to_owned()),
        asset_tag: Some("PF1".to_owned()),
        note: "order \"4711\"".to_owned(),
        ..by_ek(id, 0, 2)
    }
}

fn used(time: i64) -> ShipAheadUse {
    ShipAheadUse { time: at(time), user: "alice".to_owned(), device_id: "d1".to_owned() }
}

async fn an_announcement_is_stored_whole_and_found_by_its_tpm(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let (ek, certificate) = (by_ek("a", 1, 1), by_certificate("b"));
    for row in [&ek, &certificate] {
        assert!(work.insert_ship_ahead(row).await.unwrap());
        assert_eq!(work.ship_ahead(&row.id).await.unwrap().as_ref(), Some(row));
    }
    assert_eq!(work.ship_ahead_by_ek(&[1; 32]).await.unwrap(), Some(ek));
    assert_eq!(work.ship_ahead_by_ek(&[2; 32]).await.unwrap(), None);
    let found = work.ship_ahead_by_certificate("0a:1b", "c=de,cn=example").await.unwrap();
    assert_eq!(found, Some(certificate));
    assert_eq!(work.ship_ahead_by_certificate("0a:1b", "cn=other").await.unwrap(), None);
    assert!(work.delete_ship_ahead("a").await.unwrap());
    assert!(!work.delete_ship_ahead("a").await.unwrap());
    assert_eq!(work.ship_ahead_by_ek(&[1; 32]).await.unwrap(), None);
}

async fn a_tpm_is_announced_once(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    assert!(work.insert_ship_ahead(&by_ek("a", 1, 1)).await.unwrap());
    assert!(!work.insert_ship_ahead(&by_ek("b", 1, 2)).await.unwrap());
    assert!(work.insert_ship_ahead(&by_certificate("c")).await.unwrap());
    assert!(!work.insert_ship_ahead(&by_certificate("d")).await.unwrap());
    work.commit().await.unwrap();
    let mut work = store.read().await.unwrap();
    assert_eq!(work.ship_aheads(None, 9).await.unwrap().len(), 2);
}

async fn one_use_is_one_use(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_ship_ahead(&by_ek("once", 1, 1)).await.unwrap();
    work.insert_ship_ahead(&by_certificate("standing")).await.unwrap();
    assert!(work.use_ship_ahead("once", &used(3)).await.unwrap());
    assert!(!work.use_ship_ahead("once", &used(4)).await.unwrap());
    assert!(work.use_ship_ahead("standing", &used(3)).await.unwrap());
    assert!(work.use_ship_ahead("standing", &used(4)).await.unwrap());
    assert!(!work.use_ship_ahead("none", &used(4)).await.unwrap());
    let once = work.ship_ahead("once").await.unwrap().unwrap();
    assert_eq!((once.uses, once.used), (1, Some(used(3))));
    let standing = work.ship_ahead("standing").await.unwrap().unwrap();
    assert_eq!((standing.uses, standing.used), (2, Some(used(4))));
}

async fn announcements_come_newest_first_in_pages(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for (id, created) in [("a", 1), ("b", 2), ("c", 2), ("d", 3)] {
        work.insert_ship_ahead(&by_ek(id, id.as_bytes()[0], created)).await.unwrap();
    }
    let ids = |rows: Vec<ShipAhead>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(work.ship_aheads(None, 2).await.unwrap()), ["d", "c"]);
    let cursor = ShipAheadCursor { created: at(2), id: "c".to_owned() };
    assert_eq!(ids(work.ship_aheads(Some(&cursor), 9).await.unwrap()), ["b", "a"]);
}
