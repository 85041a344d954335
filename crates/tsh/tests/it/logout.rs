use crate::{PASSWORD, Scene};

#[test]
fn logging_out_ends_sessions_here_and_there() {
    let mut scene = Scene::new();
    scene.adds_user("alice", "access");
    scene.is_logged_in("alice");
    scene.types("tsh logout");
    scene.types("tctl sessions ls");
    scene.types("tsh status");
    scene.types("tsh logout");
    scene.types("find tsh -type f");
    // A session that an administrator has ended is no trouble.
    scene.is_logged_in("alice");
    scene.prepares("tctl sessions rm $(tctl sessions ls | awk 'NR==3 {print $1}')", "");
    scene.types("tsh logout");
    // Nor is a server that is away; what it cannot be told is said.
    scene.is_logged_in("alice");
    scene.server.kill9();
    scene.types("tsh logout");
    scene.types("tsh status");
    scene.server.restart();
    scene.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice | grep Logged", PASSWORD);
    assert_transcript!(scene);
}

#[test]
fn the_device_key_survives_a_logout() {
    let desk = Scene::enrolled();
    desk.types("tsh logout");
    desk.logs_in("alice", "--require-device");
    assert_transcript!(desk);
}
