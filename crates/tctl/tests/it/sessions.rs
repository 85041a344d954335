use crate::Scene;

#[test]
fn sessions_are_listed_and_ended() {
    let desk = Scene::new();
    desk.types("tctl sessions ls");
    desk.adds_user("alice", "access");
    desk.adds_user("bob", "access");
    desk.prepares(
        "TSH_HOME=$HOME/bob tsh login --proxy=$PROXY --ca-pin=$PIN --user=bob",
        "correct horse battery staple\n",
    );
    desk.is_logged_in("alice");
    desk.types("tctl sessions ls");
    desk.types("tctl sessions ls --user=bob");
    desk.types("tctl sessions ls --user=bob --format=json");
    desk.types("tctl sessions ls --user=nobody");
    desk.types("tctl sessions rm $(tctl sessions ls --user=alice | awk 'NR==3 {print $1}')");
    desk.types("tsh device ls");
    desk.types("tctl sessions ls");
    desk.types("tctl sessions rm nonesuch");
    assert_transcript!(desk, [(r"tonic/[0-9.]+", "tonic/[version]")]);
}
