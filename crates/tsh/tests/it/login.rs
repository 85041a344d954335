use crate::{PASSWORD, Scene};

#[test]
fn wrong_credentials_tell_nothing() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", "wrong\n");
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=nobody", "wrong\n");
    desk.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice");
    desk.types("tsh login --proxy=$PROXY --ca-pin=$PIN --user='al ice'");
    desk.types("tsh login --proxy=$PROXY --ca-pin=$PIN");
    desk.types("tsh status");
    desk.prepares("tctl users add bob --roles=access", "");
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=bob", "not yet set up\n");
    assert_transcript!(desk);
}

#[test]
fn the_first_admin_signs_up_by_the_link_of_the_server() {
    let mut scene = Scene::new();
    let link = scene.server.first_admin_link();
    scene.desk.set("LINK", link);
    scene.answers("tsh signup --link=$LINK --ca-pin=$PIN", &format!("ro ot\n{PASSWORD}{PASSWORD}"));
    scene.answers("tsh signup --link=$LINK --ca-pin=$PIN --user=root", &format!("{PASSWORD}{PASSWORD}"));
    scene.answers("tsh signup --link=$LINK --ca-pin=$PIN --user=evil", &format!("{PASSWORD}{PASSWORD}"));
    scene.types("tsh signup --link=https://$PROXY/web/signup/rubbish --ca-pin=$PIN");
    scene.logs_in("root", "");
    scene.types("tctl --proxy=$PROXY users ls");
    assert_transcript!(scene);
}

#[test]
fn one_time_codes_are_asked_for_where_they_are_needed() {
    let desk = Scene::on(gatehouse_testkit::server::TestServer::with_authentication("second_factor: otp"));
    let link = desk.prepares("tctl users add alice --roles=access", "").word_after("https://");
    desk.write("link", &format!("https://{link}"));
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", &format!("{PASSWORD}{PASSWORD}12345\n"));
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", &format!("{PASSWORD}{PASSWORD}abcdef\n"));
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", &format!("{PASSWORD}123456\n"));
    assert_transcript!(
        desk,
        [(r"secret=[A-Z2-7]+", "secret=[secret]"), (r"OTP secret: [A-Z2-7]+", "OTP secret: [secret]")]
    );
}

#[test]
fn a_session_can_be_short() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.logs_in("alice", "--ttl=1h");
    desk.logs_in("alice", "--ttl=400d");
    desk.logs_in("alice", "--ttl=forever");
    assert_transcript!(desk);
}

#[test]
fn a_new_login_ends_the_one_before() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.adds_user("bob", "access");
    desk.is_logged_in("alice");
    desk.is_logged_in("alice");
    // Somebody else's login on this machine takes the place of hers.
    desk.types("tctl sessions ls");
    desk.is_logged_in("bob");
    desk.types("tctl sessions ls");
    // On another machine it stays.
    desk.prepares("TSH_HOME=$HOME/other tsh login --proxy=$PROXY --ca-pin=$PIN --user=bob", PASSWORD);
    desk.types("tctl sessions ls");
    desk.quietly("tsh login --user=bob", "wrong\n");
    desk.types("tsh device ls");
    assert_transcript!(desk);
}

#[test]
fn the_last_login_needs_no_flags_again() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    desk.answers("tsh login", PASSWORD);
    assert_transcript!(desk);
}

#[test]
fn a_session_outlives_the_server() {
    let mut scene = Scene::enrolled();
    scene.is_logged_in("alice");
    scene.server.kill9();
    scene.types("tsh device ls");
    scene.answers("tsh login", PASSWORD);
    scene.server.restart();
    scene.types("tsh device ls");
    assert!(scene.server.stop().success());
    assert_transcript!(scene);
}
