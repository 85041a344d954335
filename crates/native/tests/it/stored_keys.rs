use std::fs;
use std::os::unix::fs::PermissionsExt;

use gatehouse_native::{AkStatus, EkChoice, NativeError, TrustedDevice};
use gatehouse_testkit::swtpm::Swtpm;

use crate::rig::{Rig, enrol, open};

#[test]
fn the_key_is_stored_for_its_owner_alone_and_loaded_again() {
    let rig = Rig::new();
    assert!(!TrustedDevice::has_ak(&rig.state()));
    let mut device = rig.open(EkChoice::P256);
    assert_eq!(device.credential_id(), "");
    assert!(matches!(device.load_ak(), Err(NativeError::NoAttestationKey)));
    assert_eq!(device.load_or_create_ak().unwrap(), AkStatus::Created);
    let id = device.credential_id();
    assert_eq!(id.len(), 43);
    drop(device);
    assert!(TrustedDevice::has_ak(&rig.state()));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&rig.state()), mode(&rig.state().join("attestation.key"))), (0o700, 0o600));
    let mut again = rig.open(EkChoice::Auto);
    assert_eq!(again.load_or_create_ak().unwrap(), AkStatus::Loaded);
    assert_eq!(again.credential_id(), id);
}

#[test]
fn the_file_has_the_contract_s_shape() {
    let rig = Rig::new();
    rig.open(EkChoice::P256).load_or_create_ak().unwrap();
    let json: serde_json::Value =
        serde_json::from_slice(&fs::read(rig.state().join("attestation.key")).unwrap()).unwrap();
    assert_eq!(
        (&json["KeyEncoding"], &json["TPMVersion"], &json["Name"]),
        (&2.into(), &2.into(), &"".into())
    );
    for field in ["Public", "CreateData", "CreateAttestation", "CreateSignature", "KeyBlob"] {
        assert!(json[field].as_str().unwrap().len() > 20, "{field}");
    }
}

#[test]
fn a_key_of_another_tpm_is_refused_for_login_and_remade_for_enrolment() {
    let rig = Rig::new();
    let mut device = rig.open(EkChoice::P256);
    device.load_or_create_ak().unwrap();
    device.ek().unwrap();
    let id = device.credential_id();
    drop(device);
    let other = Swtpm::start();
    let mut moved = open(&other, &rig.state(), EkChoice::Auto);
    let error = moved.load_ak().unwrap_err();
    assert_eq!(error.code(), "device_key_foreign");
    assert_eq!(
        error.to_string(),
        "the stored attestation key was not made by this TPM (TPM_RC_INTEGRITY for parameter[1] (0x1df))"
    );
    assert!(error.hint().unwrap().contains("tsh device enroll"));
    let AkStatus::Remade { reason } = moved.load_or_create_ak().unwrap() else { panic!("not remade") };
    assert!(reason.contains("not made by this TPM"), "{reason}");
    assert_ne!(moved.credential_id(), id);
    enrol(&mut moved);
    drop(moved);
    assert_eq!(other.loaded_handles(), 0);
}

#[test]
fn a_damaged_file_is_remade_with_a_word() {
    let rig = Rig::new();
    rig.open(EkChoice::P256).load_or_create_ak().unwrap();
    let file = rig.state().join("attestation.key");
    let whole = fs::read(&file).unwrap();
    for damage in [&whole[..whole.len() / 2], b"", &vec![b' '; 70_000]] {
        fs::write(&file, damage).unwrap();
        let mut device = rig.open(EkChoice::P256);
        assert_eq!(device.load_ak().unwrap_err().code(), "device_key_damaged");
        assert!(matches!(device.load_or_create_ak().unwrap(), AkStatus::Remade { .. }));
    }
}

#[test]
fn a_missing_tpm_never_costs_the_stored_key() {
    let rig = Rig::new();
    rig.open(EkChoice::P256).load_or_create_ak().unwrap();
    let before = fs::read(rig.state().join("attestation.key")).unwrap();
    let address = rig.tpm.folder().join("none");
    let nowhere = format!("swtpm:path={}", address.display()).parse().unwrap();
    let error = TrustedDevice::open(&nowhere, &rig.state(), EkChoice::Auto).err().unwrap();
    assert_eq!(error.code(), "tpm_not_found");
    assert_eq!(fs::read(rig.state().join("attestation.key")).unwrap(), before);
}
