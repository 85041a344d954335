use crate::Scene;

#[test]
fn every_change_is_in_the_log() {
    let desk = Scene::new();
    desk.types("tctl audit ls");
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001 --enroll", "");
    desk.adds_user("alice", "access");
    desk.quietly("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", "wrong\n");
    desk.is_logged_in("alice");
    desk.prepares("tctl devices rm --asset-tag=PF0001", "");
    desk.types("tctl audit ls");
    desk.types("tctl audit ls --limit=1");
    desk.types("tctl audit ls --type=device.create");
    desk.types("tctl audit ls --user=alice --limit=2");
    desk.types("tctl audit ls --type=device.create --format=json");
    desk.types("tctl audit ls --type=device.create --format=yaml");
    desk.types("tctl audit ls --type=device.enrol");
    desk.types("tctl audit ls --type=role.delte");
    desk.types("tctl audit ls --type=rubbish");
    desk.types("tctl audit ls --limit=0");
    desk.types("tctl audit ls --limit=many");
    assert_transcript!(desk, any_width);
}

#[test]
fn the_state_of_the_cluster() {
    let mut desk = Scene::new();
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001", "");
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    desk.types("tctl status");
    desk.types("tctl status --format=json");
    desk.types("tctl status --format=yaml");
    desk.types("tctl --config=$CONFIG status | head -1");
    desk.types("tctl --data-dir=$DATA status | head -1");
    desk.types("tctl --proxy=$PROXY status");
    desk.types("tctl --data-dir=$HOME status");
    desk.types("tctl --config=$HOME/none.yaml status");
    // Without the socket of a server, the login of tsh is used.
    desk.desk.set("GATEHOUSE_DATA_DIR", "");
    if !std::path::Path::new("/var/lib/gatehouse/admin.sock").exists() {
        desk.types("tctl users ls");
    }
    assert_transcript!(desk);
}
