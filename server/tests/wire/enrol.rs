//! Enrolment as it should go.

use crate::rig::{Machine, Rig};
use gatehouse_model::OsType;
use gatehouse_proto::devicetrust::{DeviceAttestationType, DeviceEnrollStatus};

#[tokio::test]
async fn a_first_try() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["access"]).await;
    let (id, token) = rig.register(OsType::Linux, "PF000001").await;
    let machine = Machine::new("PF000001");
    let device = machine.enrol(&alice.connection, &token).await.unwrap();
    assert_eq!(device.id, id);
    assert_eq!(device.enroll_status(), DeviceEnrollStatus::Enrolled);
    assert_eq!(device.credential.unwrap().device_attestation_type(), DeviceAttestationType::TpmEkpub);
}
