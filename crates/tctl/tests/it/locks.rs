use crate::Scene;

#[test]
fn locks_are_made_shown_and_removed() {
    let desk = Scene::new();
    desk.prepares("tctl users add alice --roles=access", "");
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001", "");
    desk.types("tctl get locks");
    desk.types("tctl lock --user=alice --message='left the company' --format=json");
    desk.types("tctl lock --role=access --ttl=12h");
    desk.types("tctl devices lock --asset-tag=PF0001 --message=stolen --expires=2099-01-01T00:00:00Z");
    desk.types("tctl get locks | grep -v ' name:'");
    desk.types("tctl get locks --format=json | grep -c '\"kind\": \"lock\"'");
    desk.types("for lock in $(tctl get locks | awk '/ name:/ {print $2}'); do tctl rm lock/$lock; done");
    desk.types("tctl get locks");
    desk.types("tctl rm lock/nonesuch");
    assert_transcript!(desk);
}

#[test]
fn what_cannot_be_locked_is_said() {
    let desk = Scene::new();
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001", "");
    desk.types("tctl lock");
    desk.types("tctl lock --user=a --role=b");
    desk.types("tctl lock --user=nobody");
    desk.types("tctl lock --device=PF0001");
    desk.types("tctl lock --user=a --ttl=1h --expires=2099-01-01T00:00:00Z");
    desk.types("tctl lock --user=a --expires=tomorrow");
    desk.types("tctl lock --user=a --expires=2001-01-01T00:00:00Z");
    desk.types("tctl devices lock --asset-tag=PF0001 --ttl=1h --expires=2099-01-01T00:00:00Z");
    desk.types("tctl devices lock --asset-tag=PF0001 --ttl=-1h");
    desk.types("tctl get locks");
    assert_transcript!(desk);
}

#[test]
fn a_lock_ends_what_is_going_on() {
    let desk = Scene::new();
    desk.adds_user("alice", "access");
    desk.is_logged_in("alice");
    desk.types("tsh device ls");
    let lock = desk.prepares("tctl lock --user=alice --message='laptop lost'", "");
    desk.types("tsh device ls");
    desk.logs_in("alice", "");
    desk.prepares(&format!("tctl rm lock/{}", lock.word_after("name \"")), "");
    desk.types("tsh device ls");
    assert_transcript!(desk);
}
