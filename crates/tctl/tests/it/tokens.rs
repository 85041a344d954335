use crate::Scene;

#[test]
fn tokens_are_listed_and_revoked_but_never_shown_again() {
    let desk = Scene::new();
    desk.types("tctl devices tokens ls");
    desk.types("tctl devices tokens ls --format=json");
    desk.prepares("tctl devices add --os=linux --asset-tag=PF0001", "");
    desk.types("tctl devices enroll --asset-tag=PF0001 --ttl=30m");
    desk.types("tctl devices enroll --asset-tag=PF0001 --format=json");
    desk.types("tctl devices enroll --asset-tag=PF0001 --format=yaml");
    desk.types("tctl devices enroll --asset-tag=PF0001 --ttl=0s");
    desk.types("tctl devices enroll --asset-tag=PF0001 --ttl=-5m");
    desk.types("tctl devices enroll --asset-tag=PF0001 --ttl=365d");
    desk.types("tctl devices tokens ls");
    desk.types("tctl devices tokens ls --asset-tag=PF0001 --format=json");
    desk.types("tctl devices tokens ls --asset-tag=NOTHERE");
    desk.types(
        "for id in $(tctl devices tokens ls | awk 'NR>2 {print $1}'); do tctl devices tokens rm $id; done",
    );
    desk.types("tctl devices tokens ls");
    desk.types("tctl devices tokens ls --all");
    desk.types("tctl devices tokens rm $(tctl devices tokens ls --all | awk 'NR==3 {print $1}')");
    desk.types("tctl devices tokens rm nonesuch");
    assert_transcript!(desk, any_width);
}

#[test]
fn tokens_have_notes_that_lists_show() {
    let desk = Scene::new();
    desk.types("tctl devices add --os=linux --asset-tag=PF0001 --enroll --note='for Ada'");
    desk.types("tctl devices add --os=linux --asset-tag=PF0002 --note=x");
    desk.types("tctl devices enroll --asset-tag=PF0001 --ttl=30m --note='second try'");
    desk.types("tctl devices tokens ls");
    desk.types("tctl devices tokens ls --format=json");
    assert_transcript!(desk, any_width);
}
