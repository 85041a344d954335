use crate::Scene;

#[test]
fn users_are_invited_listed_reset_and_removed() {
    let desk = Scene::new();
    desk.types("tctl users ls");
    desk.types("tctl users add alice --roles=access,editor --logins=alice,root --ttl=2h");
    desk.types("tctl users add robot --roles=access --kind=bot");
    desk.types("tctl users add alice --roles=access");
    desk.types("tctl users add bob --roles=nonesuch");
    desk.types("tctl users add bob");
    desk.types("tctl users ls");
    desk.types("tctl users ls --format=json");
    desk.types("tctl users ls --format=yaml");
    desk.types("tctl users reset alice");
    desk.types("tctl users reset alice --format=json");
    desk.types("tctl users reset robot");
    desk.types("tctl users reset nobody");
    desk.types("tctl users rm alice");
    desk.types("tctl users rm alice");
    desk.types("tctl users ls");
    assert_transcript!(desk);
}

#[test]
fn an_invitation_is_good_once_and_a_reset_replaces_the_password() {
    let desk = Scene::new();
    let invited = desk.prepares("tctl users add alice --roles=access", "");
    desk.write("link", &format!("https://{}", invited.word_after("https://")));
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", "short\nshort\n");
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", "one good password\nanother one\n");
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", "one good password\none good password\n");
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", "one good password\none good password\n");
    let reset = desk.prepares("tctl users reset alice --ttl=1h", "");
    desk.write("link", &format!("https://{}", reset.word_after("https://")));
    desk.answers("tsh signup --link=$(cat link) --ca-pin=$PIN", "a newer password\na newer password\n");
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", "one good password\n");
    desk.answers("tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice", "a newer password\n");
    assert_transcript!(desk);
}

#[test]
fn the_last_way_in_is_not_removed_by_a_stranger() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    desk.types("tctl --proxy=$PROXY users ls");
    desk.types("tctl --proxy=$PROXY users add mallory --roles=editor");
    desk.types("tctl --proxy=$PROXY users rm alice");
    desk.types("tctl --proxy=$PROXY devices ls");
    desk.types("tctl --proxy=elsewhere.example.com devices ls");
    assert_transcript!(desk);
}
