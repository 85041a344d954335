use super::*;
use gatehouse_testkit::swtpm::FakeSysfs;

fn collect(sysfs: &FakeSysfs) -> CollectedData {
    let state = tempfile::tempdir().unwrap();
    let options = CollectOptions::new(state.path(), Escalation::Always, Timestamp::from_secs(7))
        .with_sysfs(sysfs.path());
    collect_device_data(&options).unwrap()
}

#[test]
fn values_are_trimmed_and_the_first_usable_serial_is_chosen() {
    let data = collect(&FakeSysfs::new("PF2ABC"));
    assert_eq!(data.serial_number, "PF2ABC");
    assert_eq!(data.model_identifier, "Gatehouse Test Machine");
    assert_eq!(data.reported_asset_tag, "No Asset Tag");
    assert_eq!(data.base_board_serial_number, "B-PF2ABC");
    assert_eq!(data.collect_time, Timestamp::from_secs(7));
    assert_eq!(data.os_type, OsType::Linux);
    assert!(data.os_username.chars().count() <= OS_USERNAME_CHARS && !data.os_login_user.is_empty());
    let tagged = collect(&FakeSysfs::new("PF2ABC").with("chassis_asset_tag", "C00AA0AAAA0A"));
    assert_eq!(tagged.serial_number, "C00AA0AAAA0A");
}

#[test]
fn factory_rubbish_is_no_serial() {
    for rubbish in ["To Be Filled By O.E.M.", "Default string", "None", "0", "", "Not Specified"] {
        let sysfs = FakeSysfs::new(rubbish).with("board_serial", "MB-1");
        assert_eq!(collect(&sysfs).serial_number, "MB-1", "{rubbish:?}");
    }
    let nothing = FakeSysfs::new("None").with("board_serial", "Default string");
    assert_eq!(collect(&nothing).serial_number, "");
}

#[test]
fn unreadable_values_are_empty_and_control_characters_vanish() {
    let sysfs = FakeSysfs::new("PF2\u{1b}[31m\u{202e}ABC").without("product_name").without("board_serial");
    let data = collect(&sysfs);
    assert_eq!(data.system_serial_number, "PF2[31mABC");
    assert_eq!((data.model_identifier.as_str(), data.base_board_serial_number.as_str()), ("", ""));
    let bytes = FakeSysfs::new("x");
    std::fs::write(bytes.file("product_serial"), [0xff, 0xfe, b'A', 0]).unwrap();
    std::fs::write(bytes.file("board_serial"), vec![b'A'; 5000]).unwrap();
    let data = collect(&bytes);
    assert!(data.system_serial_number.ends_with('A') && data.base_board_serial_number.is_empty());
}

#[test]
fn the_variable_names_another_folder() {
    assert_eq!(sysfs_from(None), Path::new("/sys"));
    assert_eq!(sysfs_from(Some(OsString::new())), Path::new("/sys"));
    assert_eq!(sysfs_from(Some(OsString::from("/tmp/x"))), Path::new("/tmp/x"));
}

#[test]
fn a_made_up_sysfs_never_leads_to_sudo() {
    struct Never;
    impl Privilege for Never {
        fn read_dmi(&self) -> Result<DmiData, NativeError> {
            panic!("asked for root rights")
        }
    }
    let state = tempfile::tempdir().unwrap();
    let sysfs = FakeSysfs::new("PF2ABC");
    let options = CollectOptions::new(state.path(), Escalation::Always, Timestamp::default())
        .with_sysfs(sysfs.path())
        .with_privilege(Never);
    assert_eq!(collect_device_data(&options).unwrap().serial_number, "PF2ABC");
}
