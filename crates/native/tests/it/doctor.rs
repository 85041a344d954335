use gatehouse_native::EkChoice;
use gatehouse_native::doctor::{Finding, Status, examine};
use gatehouse_testkit::swtpm::{EkCa, EkKindName, FakeSysfs, Swtpm};

use crate::rig::Rig;

fn look(rig: &Rig, sysfs: &FakeSysfs) -> Vec<Finding> {
    examine(&rig.tpm.address().parse().unwrap(), &rig.state(), sysfs.path(), None)
}

fn finding<'a>(findings: &'a [Finding], check: &str) -> &'a Finding {
    findings.iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check}"))
}

#[test]
fn a_well_kept_device_is_all_right() {
    let mut rig = Rig::new();
    rig.tpm.manufacture(&[EkKindName::Rsa2048, EkKindName::P384], &EkCa::new());
    rig.open(EkChoice::Auto).load_or_create_ak().unwrap();
    let findings = look(&rig, &FakeSysfs::new("PF2ABC"));
    let bad: Vec<_> = findings.iter().filter(|finding| finding.status != Status::Ok).collect();
    assert!(bad.is_empty(), "{bad:?}");
    let certificates = &finding(&findings, "ek-certificates").detail;
    assert!(
        certificates.starts_with("RSA-2048 by ") && certificates.contains("; P-384 by "),
        "{certificates}"
    );
    assert!(finding(&findings, "tpm-model").detail.starts_with("manufacturer IBM"));
    assert!(finding(&findings, "attestation-key").detail.starts_with("loads; credential "));
    assert!(finding(&findings, "pcr-banks").detail.contains("SHA256"));
    assert!(finding(&findings, "lockout").detail.starts_with("0 of "));
    assert!(finding(&findings, "smbios").detail.starts_with("serial number \"PF2ABC\" is used"));
    assert_eq!(rig.tpm.loaded_handles(), 0);
}

#[test]
fn a_new_device_lacks_what_enrolment_makes_and_nothing_is_changed() {
    let rig = Rig::new();
    for _ in 0..2 {
        let findings = look(&rig, &FakeSysfs::new("None").with("board_serial", "0"));
        let statuses: Vec<_> =
            findings.iter().filter(|found| found.status == Status::Warn).map(|found| &*found.check).collect();
        assert_eq!(statuses, ["ek-certificates", "attestation-key", "smbios"]);
        assert!(findings.iter().all(|found| found.status != Status::Warn || found.hint.is_some()));
        assert!(finding(&findings, "storage-key").detail.contains("enrolment makes it"));
        assert!(!rig.state().exists());
    }
}

#[test]
fn a_key_of_another_tpm_and_a_missing_tpm_are_failures_with_a_way_out() {
    let rig = Rig::new();
    rig.open(EkChoice::P256).load_or_create_ak().unwrap();
    let other = Rig::with(Swtpm::start());
    other.open(EkChoice::P256).load_or_create_ak().unwrap();
    let sysfs = FakeSysfs::new("PF2ABC");
    let findings = examine(&other.tpm.address().parse().unwrap(), &rig.state(), sysfs.path(), None);
    let key = finding(&findings, "attestation-key");
    assert_eq!(key.status, Status::Fail);
    assert!(key.detail.contains("not made by this TPM") && key.hint.is_some());

    let findings = examine(&"/nonexistent/tpmrm0".parse().unwrap(), &rig.state(), sysfs.path(), None);
    let device = finding(&findings, "tpm-device");
    assert_eq!(device.status, Status::Fail);
    assert!(device.detail.contains("no TPM 2.0 found") && device.detail.contains("your groups:"));
    assert!(findings.iter().any(|finding| finding.check == "smbios" && finding.status == Status::Ok));
}

#[test]
fn an_open_state_folder_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    std::fs::create_dir(rig.state()).unwrap();
    std::fs::set_permissions(rig.state(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let findings = look(&rig, &FakeSysfs::new("PF2ABC"));
    assert_eq!(finding(&findings, "state-folder").status, Status::Warn);
}
