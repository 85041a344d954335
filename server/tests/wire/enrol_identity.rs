//! One EK is one device per OS, and stays it.

use gatehouse_model::OsType;
use gatehouse_proto::devicetrust::DeviceEnrollStatus;
use gatehouse_testkit::soft_tpm::{AkKind, SoftAk};
use tonic::Code::{NotFound, PermissionDenied};

use crate::rig::{Authenticating, Mac, Machine, Rig, hint_of, refused};

#[tokio::test]
async fn a_second_device_with_the_same_ek_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let (id, token) = rig.register_linux("PF000002").await;
    // With the AK it has, and with another.
    for clone in [machine.clone(), machine.other_os_user()] {
        let clone = Machine { serial: "PF000002".to_owned(), ..clone };
        let outcome = clone.enrol(&alice.connection, &token).await;
        refused(outcome, PermissionDenied, "key_in_use");
        let event = rig.events("device.enroll").await.remove(0);
        assert_eq!(event["reason"], "key_in_use");
    }
    rig.assert_untouched(&id).await;
}

#[tokio::test]
async fn of_two_devices_that_race_for_one_ek_one_succeeds() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (one, one_token) = rig.register_linux("PF000001").await;
    let (other, other_token) = rig.register_linux("PF000002").await;
    let machine = Machine::new("PF000001");
    let clone = Machine { serial: "PF000002".to_owned(), ..machine.other_os_user() };
    let (first, second) = tokio::join!(
        machine.enrol(&alice.connection, &one_token),
        clone.enrol(&alice.connection, &other_token)
    );
    let (loser, loser_id) = if first.is_ok() { (second, other) } else { (first, one) };
    refused(loser, PermissionDenied, "key_in_use");
    rig.assert_untouched(&loser_id).await;
}

#[tokio::test]
async fn dual_boot_is_two_devices_with_one_ek() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, linux) = rig.enrolled(&alice, "PF000001").await;
    let (windows, token) = rig.register(OsType::Windows, "PF000001").await;
    let under_windows = Machine { os: OsType::Windows, ..machine.clone() };
    under_windows.enrol(&alice.connection, &token).await.unwrap();
    assert_ne!(linux, windows);
    machine.authenticate(&alice).await.unwrap();
    under_windows.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn another_ek_for_an_enrolled_device_is_refused_until_it_is_unenrolled() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (old, id) = rig.enrolled(&alice, "PF000001").await;
    let token = rig.token(&id).await;
    let new = Machine::new("PF000001");
    let outcome = new.enrol(&alice.connection, &token).await;
    let status = refused(outcome, PermissionDenied, "enrolled_with_other_key");
    assert!(hint_of(&status).contains("not_enrolled"));
    // The device stays what it was.
    old.authenticate(&alice).await.unwrap();

    let device = rig.unenrol(&id).await;
    assert_eq!(device.enroll_status(), DeviceEnrollStatus::NotEnrolled);
    assert_eq!((device.credential, device.owner), (None, String::new()));
    // Tokens from before are for the device as it was.
    refused(new.enrol(&alice.connection, &token).await, PermissionDenied, "token_revoked");
    let token = rig.token(&id).await;
    let device = new.enrol(&alice.connection, &token).await.unwrap();
    assert_eq!(device.credential.unwrap().id, new.credential_id());
    new.authenticate(&alice).await.unwrap();
    refused(old.authenticate(&alice).await, NotFound, "device_not_enrolled");
}

#[tokio::test]
async fn unenrolling_clears_the_credentials_of_every_user() {
    let rig = Rig::start().await;
    let (alice, bob) = (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let of_bob = machine.other_os_user();
    of_bob.enrol(&bob.connection, &rig.token(&id).await).await.unwrap();
    rig.unenrol(&id).await;
    let mut work = rig.store.read().await.unwrap();
    assert!(work.credentials_of_device(&id).await.unwrap().is_empty());
    assert!(work.device_users(&id).await.unwrap().is_empty());
    drop(work);
    refused(machine.authenticate(&alice).await, NotFound, "device_not_enrolled");
    refused(of_bob.authenticate(&bob).await, NotFound, "device_not_enrolled");
    // The freed EK may become another device.
    let (_, token) = rig.register_linux("PF000002").await;
    let moved = Machine { serial: "PF000002".to_owned(), ..machine };
    moved.enrol(&bob.connection, &token).await.unwrap();
}

#[tokio::test]
async fn enrolling_again_under_the_same_ek_rebinds() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    // The same AK once more, then a new one: its blob was lost.
    machine.enrol(&alice.connection, &rig.token(&id).await).await.unwrap();
    let renewed = machine.other_os_user();
    rig.clock.advance(10);
    let device = renewed.enrol(&alice.connection, &rig.token(&id).await).await.unwrap();
    assert_eq!((device.id.as_str(), device.owner.as_str()), (id.as_str(), "alice"));
    assert_eq!(device.credential.unwrap().id, renewed.credential_id());
    renewed.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_second_user_adds_a_credential_and_the_owner_stays() {
    let rig = Rig::start().await;
    let (alice, bob) = (rig.person("alice", &["access"]).await, rig.person("bob", &["access"]).await);
    let (machine, id) = rig.enrolled(&alice, "PF000001").await;
    let of_bob = machine.other_os_user();
    rig.clock.advance(10);
    let device = of_bob.enrol(&bob.connection, &rig.token(&id).await).await.unwrap();
    assert_eq!(device.owner, "alice");
    // The wire's credential is the one used last.
    assert_eq!(device.credential.unwrap().id, of_bob.credential_id());
    rig.clock.advance(10);
    machine.authenticate(&alice).await.unwrap();
    assert_eq!(rig.device(&id).await.credential.unwrap().id, machine.credential_id());
    of_bob.authenticate(&bob).await.unwrap();
    let mut work = rig.store.read().await.unwrap();
    assert_eq!(work.device_users(&id).await.unwrap(), ["alice", "bob"]);
    assert_eq!(work.credentials_of_device(&id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn one_ak_cannot_serve_two_devices() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    // The same AK as if it lived in another TPM: whatever the TPM, the credential is taken.
    let (id, token) = rig.register_linux("PF000002").await;
    let other = Machine { ak: machine.ak.clone(), ..Machine::new("PF000002") };
    refused(other.enrol(&alice.connection, &token).await, PermissionDenied, "credential_in_use");
    rig.assert_untouched(&id).await;
    machine.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_macs_key_is_bound_as_an_ek_is() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Macos, "C02XK000").await;
    let mac = Mac::new("C02XK000");
    mac.enrol(&alice.connection, &token).await.unwrap();
    mac.enrol(&alice.connection, &rig.token(&id).await).await.unwrap();
    let mut other = Mac::new("C02XK000");
    other.credential_id = "another".to_owned();
    let outcome = other.enrol(&alice.connection, &rig.token(&id).await).await;
    refused(outcome, PermissionDenied, "enrolled_with_other_key");
    mac.authenticate(&alice).await.unwrap();
}

#[tokio::test]
async fn a_credential_is_looked_up_by_os_and_serial_too() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (machine, _) = rig.enrolled(&alice, "PF000001").await;
    let begin = async |change: &dyn Fn(&mut Machine)| {
        let mut claimed = machine.clone();
        change(&mut claimed);
        let init = claimed.authenticate_init("");
        Authenticating::begin(&alice.connection, init).await.map(|_| ())
    };
    refused(begin(&|claimed| claimed.os = OsType::Windows).await, NotFound, "device_not_enrolled");
    let status = begin(&|claimed| claimed.serial = "PF000002".to_owned()).await.unwrap_err();
    assert_eq!(status.metadata().get("gatehouse-code").unwrap(), "serial_mismatch");
    let other = SoftAk::generate(AkKind::P256);
    refused(begin(&move |claimed| claimed.ak = other.clone()).await, NotFound, "device_not_enrolled");
}
