//! Counters of the TPM: a copy of its state that was restored shows itself.

use gatehouse_proto::gatehouse::v1 as wire;
use gatehouse_testkit::soft_tpm::Boot;
use tonic::Code::PermissionDenied;
use tonic::Status;

use crate::rig::{Machine, Person, Rig, hint_of, refused};

struct Case {
    rig: Rig,
    alice: Person,
    machine: Machine,
    id: String,
}

/// Enrolled at these counters.
async fn enrolled_at(reset_count: u32, restart_count: u32, clock: u64) -> Case {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register_linux("PF000001").await;
    let mut machine = Machine::new("PF000001");
    machine.tpm.boot = Boot { reset_count, restart_count, clock, ..Boot::default() };
    machine.enrol(&alice.connection, &token).await.unwrap();
    Case { rig, alice, machine, id }
}

impl Case {
    async fn at(&mut self, reset_count: u32, restart_count: u32, clock: u64) -> Result<(), Status> {
        self.machine.tpm.boot = Boot { reset_count, restart_count, clock, ..Boot::default() };
        self.machine.authenticate(&self.alice).await.map(|_| ())
    }

    async fn accept(&self) {
        let request = wire::AcceptCountersRequest { device_id: self.id.clone() };
        self.rig.admin.device_admin().accept_counters(request).await.unwrap();
    }
}

#[tokio::test]
async fn a_reset_counter_that_goes_back_is_refused() {
    let mut case = enrolled_at(7, 0, 1000).await;
    let outcome = case.at(6, 9, 2000).await;
    let status = refused(outcome, PermissionDenied, "counters_went_back");
    assert!(hint_of(&status).contains("accept-counters"));
    assert_eq!(case.alice.who().await.unwrap().device_id, "");
    let event = case.rig.events("device.authenticate").await.remove(0);
    assert_eq!((&event["success"], &event["reason"]), (&false.into(), &"counters_went_back".into()));
}

#[tokio::test]
async fn a_refusal_stays_until_somebody_has_looked_at_it() {
    let mut case = enrolled_at(7, 0, 1000).await;
    refused(case.at(6, 0, 2000).await, PermissionDenied, "counters_went_back");
    // Neither waiting until the counters have caught up nor enrolling again mends it.
    refused(case.at(7, 0, 3000).await, PermissionDenied, "counters_went_back");
    refused(case.at(8, 0, 3000).await, PermissionDenied, "counters_went_back");
    let token = case.rig.token(&case.id).await;
    let again = case.machine.enrol(&case.alice.connection, &token).await;
    refused(again, PermissionDenied, "counters_went_back");
    case.accept().await;
    case.at(8, 0, 3000).await.unwrap();
}

#[tokio::test]
async fn enrolling_again_with_older_counters_is_refused() {
    let mut case = enrolled_at(7, 0, 1000).await;
    case.machine.tpm.boot = Boot { reset_count: 6, ..Boot::default() };
    let token = case.rig.token(&case.id).await;
    let again = case.machine.enrol(&case.alice.connection, &token).await;
    refused(again, PermissionDenied, "counters_went_back");
    case.accept().await;
    case.machine.enrol(&case.alice.connection, &case.rig.token(&case.id).await).await.unwrap();
}

#[tokio::test]
async fn the_measure_moves_with_every_authentication() {
    let mut case = enrolled_at(7, 0, 1000).await;
    case.at(9, 0, 2000).await.unwrap();
    case.at(9, 0, 3000).await.unwrap();
    refused(case.at(8, 0, 4000).await, PermissionDenied, "counters_went_back");
}

#[tokio::test]
async fn a_reset_counter_may_wrap() {
    let mut case = enrolled_at(u32::MAX, 3, 1000).await;
    case.at(0, 0, 2000).await.unwrap();
    case.at((1 << 31) - 1, 0, 3000).await.unwrap();
    // Differences of half the range and more count as back.
    refused(case.at(u32::MAX, 3, 4000).await, PermissionDenied, "counters_went_back");
}

#[tokio::test]
async fn a_restart_counter_is_compared_within_one_reset_only() {
    let mut case = enrolled_at(7, 5, 1000).await;
    case.at(7, 6, 2000).await.unwrap();
    case.at(8, 0, 3000).await.unwrap();
    case.at(8, u32::MAX >> 1, 3000).await.unwrap();
    case.at(9, u32::MAX, 3000).await.unwrap();
    case.at(9, 1, 3000).await.unwrap();
    refused(case.at(9, 0, 4000).await, PermissionDenied, "counters_went_back");
}

#[tokio::test]
async fn counters_that_went_back_can_be_accepted() {
    let mut case = enrolled_at(7, 0, 1000).await;
    refused(case.at(3, 0, 500).await, PermissionDenied, "counters_went_back");
    case.accept().await;
    case.at(3, 0, 500).await.unwrap();
    // From there on they count again.
    refused(case.at(2, 0, 600).await, PermissionDenied, "counters_went_back");
    let event = case.rig.events("device.counters.accept").await.remove(0);
    assert_eq!(event["device"]["device_id"], case.id.as_str());
}

#[tokio::test]
async fn only_an_admin_accepts_counters() {
    let case = enrolled_at(7, 0, 1000).await;
    let request = wire::AcceptCountersRequest { device_id: case.id.clone() };
    let outcome = case.alice.connection.device_admin().accept_counters(request).await;
    refused(outcome, PermissionDenied, "not_allowed");
}

#[tokio::test]
async fn a_clock_that_goes_back_is_noted_and_not_refused() {
    let mut case = enrolled_at(7, 0, 1000).await;
    case.at(7, 0, 999).await.unwrap();
    let event = case.rig.events("device.authenticate").await.remove(0);
    assert_eq!(event["details"]["clock_went_back"], true);
    case.at(7, 0, 1500).await.unwrap();
    let event = case.rig.events("device.authenticate").await.remove(0);
    assert_eq!(event["details"]["clock_went_back"], false);
}

#[tokio::test]
async fn the_firmware_version_is_never_compared() {
    let mut case = enrolled_at(7, 0, 1000).await;
    for firmware_version in [0, u64::MAX, 1] {
        case.machine.tpm.boot = Boot { firmware_version, reset_count: 7, clock: 2000, ..Boot::default() };
        case.machine.authenticate(&case.alice).await.unwrap();
    }
}

#[tokio::test]
async fn each_ak_has_counters_of_its_own() {
    let mut case = enrolled_at(7_000_000, 0, 1000).await;
    let mut other = case.machine.other_os_user();
    // TPMs obfuscate the counters by key: another AK's say nothing about this one's.
    other.tpm.boot = Boot { reset_count: 12, ..Boot::default() };
    let token = case.rig.token(&case.id).await;
    other.enrol(&case.alice.connection, &token).await.unwrap();
    other.authenticate(&case.alice).await.unwrap();
    case.at(7_000_000, 0, 2000).await.unwrap();
}

#[tokio::test]
async fn of_a_tpm_and_its_restored_copy_the_copy_is_found_out() {
    let mut case = enrolled_at(7, 0, 1000).await;
    let mut copy = case.machine.clone();
    // The original goes on; the copy starts from where it was taken, however often it is started.
    case.at(8, 0, 5000).await.unwrap();
    copy.tpm.boot = Boot { reset_count: 7, clock: 4000, ..Boot::default() };
    refused(copy.authenticate(&case.alice).await, PermissionDenied, "counters_went_back");
}
