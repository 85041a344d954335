use std::sync::Arc;

use gatehouse_domain::entity::{CliApproval, CliDecision, CliDelivery, CliLogin};
use gatehouse_domain::ports::Store;

use super::conflict;
use crate::engines::on_both_engines;
use crate::samples::{at, cli_login};

on_both_engines!(
    logins_are_stored_whole,
    a_login_is_decided_once_and_in_time,
    an_approved_login_is_spent_once_and_soon,
    failures_are_counted,
);

fn yes(secs: i64) -> CliDecision {
    CliDecision {
        time: at(secs),
        session_id: "s".to_owned(),
        approval: Some(CliApproval { code_hash: Some([5; 32]) }),
    }
}

async fn logins_are_stored_whole(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    let waiting = CliLogin {
        id: "c2".to_owned(),
        delivery: CliDelivery::Wait,
        ssh_public_key: None,
        ttl_secs: None,
        ..cli_login("c2")
    };
    for login in [cli_login("c1"), waiting] {
        work.insert_cli_login(&login).await.unwrap();
        assert_eq!(work.cli_login(&login.id).await.unwrap(), Some(login));
    }
    assert_eq!(work.cli_login("none").await.unwrap(), None);
    work.purge_cli_logins(at(100)).await.unwrap();
    assert!(work.cli_login("c1").await.unwrap().is_some());
    work.purge_cli_logins(at(101)).await.unwrap();
    assert!(work.cli_login("c1").await.unwrap().is_none());
}

async fn a_login_is_decided_once_and_in_time(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for id in ["c1", "c2", "c3"] {
        work.insert_cli_login(&cli_login(id)).await.unwrap();
    }
    assert!(!work.decide_cli_login("c1", &yes(100)).await.unwrap(), "expired");
    assert!(work.decide_cli_login("c1", &yes(99)).await.unwrap());
    let no = CliDecision { approval: None, ..yes(50) };
    assert!(!work.decide_cli_login("c1", &no).await.unwrap(), "decided");
    assert_eq!(work.cli_login("c1").await.unwrap().unwrap().decision, Some(yes(99)));
    assert!(work.decide_cli_login("c2", &no).await.unwrap());
    assert!(!work.decide_cli_login("c2", &yes(51)).await.unwrap(), "a no stays a no");
    assert_eq!(work.cli_login("c2").await.unwrap().unwrap().decision, Some(no));
    let without_code = CliDecision { approval: Some(CliApproval { code_hash: None }), ..yes(50) };
    assert!(work.decide_cli_login("c3", &without_code).await.unwrap());
    assert_eq!(work.cli_login("c3").await.unwrap().unwrap().decision, Some(without_code));
}

async fn an_approved_login_is_spent_once_and_soon(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    for id in ["c1", "c2"] {
        work.insert_cli_login(&cli_login(id)).await.unwrap();
    }
    assert!(!work.spend_cli_login("c1", at(20), at(0)).await.unwrap(), "undecided");
    work.decide_cli_login("c1", &yes(20)).await.unwrap();
    work.decide_cli_login("c2", &CliDecision { approval: None, ..yes(20) }).await.unwrap();
    assert!(!work.spend_cli_login("c2", at(21), at(0)).await.unwrap(), "denied");
    assert!(!work.spend_cli_login("c1", at(90), at(21)).await.unwrap(), "too late");
    assert!(work.spend_cli_login("c1", at(21), at(20)).await.unwrap());
    assert!(!work.spend_cli_login("c1", at(22), at(20)).await.unwrap(), "spent");
    assert_eq!(work.cli_login("c1").await.unwrap().unwrap().spent, Some(at(21)));
    let again = work.insert_cli_login(&cli_login("c1")).await;
    assert_eq!(conflict(again), "cli_logins_pkey");
}

async fn failures_are_counted(store: Arc<dyn Store>) {
    let mut work = store.begin().await.unwrap();
    work.insert_cli_login(&cli_login("c1")).await.unwrap();
    assert_eq!(work.fail_cli_login("c1").await.unwrap(), 1);
    assert_eq!(work.fail_cli_login("c1").await.unwrap(), 2);
    assert_eq!(work.fail_cli_login("none").await.unwrap(), 0);
}
