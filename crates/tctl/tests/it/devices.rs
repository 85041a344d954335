use crate::Scene;

#[test]
fn the_guides_commands_print_what_the_guide_shows() {
    let desk = Scene::new();
    desk.types("tctl devices ls");
    desk.types("tctl devices add --os='macos' --asset-tag='C00AA0AAAA0A'");
    desk.types("tctl devices ls");
    desk.types("tctl devices enroll --asset-tag=\"C00AA0AAAA0A\"");
    desk.types("tctl devices rm --asset-tag=C00AA0AAAA0A");
    let added = desk.prepares("tctl devices add --os=windows --asset-tag=PF0001 --format=json", "");
    desk.write("id", &added.word_after("\"name\": \""));
    desk.types("tctl devices rm --device-id=$(cat id)");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}

#[test]
fn devices_are_registered_with_a_token_if_wanted() {
    let desk = Scene::new();
    desk.types("tctl devices add --os=linux --asset-tag=PF0001 --enroll");
    desk.types("tctl devices add --os=macOS --asset-tag=PF0002 --enroll --enroll-ttl=2h");
    desk.types("tctl devices add --os=linux --asset-tag=PF0003 --enroll --ttl=2h --format=json");
    desk.types("tctl devices add --os=windows --asset-tag=PF0004 --format=yaml");
    desk.types("tctl devices ls --format=json");
    desk.types("tctl devices ls --format=yaml");
    assert_transcript!(desk);
}

#[test]
fn what_cannot_be_registered_is_said() {
    let desk = Scene::new();
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001", "");
    desk.types("tctl devices add --os=linux --asset-tag=PF0001");
    desk.types("tctl devices add --os=linux --asset-tag=pf0001");
    desk.types("tctl devices add");
    desk.types("tctl devices add --asset-tag=PF0001");
    desk.types("tctl devices add --os=linux");
    desk.types("tctl devices add --os=ios --asset-tag=PF0001");
    desk.types("tctl devices add --os=linux --asset-tag='PF 0001'");
    desk.types("tctl devices add --os=linux --asset-tag=PF0009 --enroll-ttl=2h");
    desk.types("tctl devices add --os=linux --asset-tag=PF0009 --enroll --enroll-ttl=400d");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}

#[test]
fn a_tag_of_two_systems_needs_the_id() {
    let desk = Scene::new();
    desk.prepares("tctl devices add --os=linux --asset-tag=DUAL1", "");
    desk.prepares("tctl devices add --os=windows --asset-tag=DUAL1", "");
    desk.types("tctl devices ls");
    for command in ["rm", "enroll", "lock", "accept-counters"] {
        desk.types(&format!("tctl devices {command} --asset-tag=DUAL1"));
    }
    desk.types("tctl devices tokens ls --asset-tag=DUAL1");
    desk.types("tctl edit device/DUAL1");
    desk.types("tctl rm device/DUAL1");
    desk.types("tctl get device/DUAL1");
    assert_transcript!(desk);
}

#[test]
fn a_device_must_be_named_and_be_there() {
    let desk = Scene::new();
    for command in ["rm", "enroll", "lock", "accept-counters"] {
        desk.types(&format!("tctl devices {command}"));
        desk.types(&format!("tctl devices {command} --device-id=1 --asset-tag=2"));
        desk.types(&format!("tctl devices {command} --asset-tag=NOTHERE"));
        desk.types(&format!("tctl devices {command} --device-id=11111111-2222-3333-4444-555555555555"));
    }
    assert_transcript!(desk);
}

#[test]
fn foreign_text_in_a_tag_cannot_steer_the_terminal() {
    let desk = Scene::new();
    desk.types("tctl devices rm --asset-tag=\"$(printf 'X\\033[31mY')\"");
    desk.types("tctl devices add --os=linux --asset-tag=\"$(printf 'X\\033[31mY')\"");
    desk.types("tctl devices add --os=linux --asset-tag=\"$(printf 'X\\342\\200\\256Y')\"");
    desk.types("tctl devices ls");
    assert_transcript!(desk);
}
