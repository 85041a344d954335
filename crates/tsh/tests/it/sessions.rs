use crate::{PASSWORD, Scene};

#[test]
fn a_user_sees_where_they_are_logged_in_and_ends_it() {
    let desk = Scene::enrolled();
    desk.logs_in("alice", "--require-device");
    let elsewhere = |name: &str| {
        let line = format!("TSH_HOME=$HOME/{name} tsh login --proxy=$PROXY --ca-pin=$PIN --user=alice");
        desk.prepares(&line, PASSWORD);
    };
    elsewhere("laptop");
    desk.types("tsh sessions ls");
    desk.types("tsh sessions ls --format=json");
    desk.types("tsh sessions rm nonesuch");
    desk.types("tsh sessions rm");
    desk.types("tsh sessions rm $(tsh sessions ls | awk '/not trusted/ {print $1}')");
    desk.types("TSH_HOME=$HOME/laptop tsh sessions ls");
    elsewhere("laptop");
    elsewhere("tower");
    desk.types("tsh sessions rm --others");
    desk.types("tsh sessions rm --others");
    desk.types("tsh sessions rm $(tsh sessions ls | awk '/this one/ {print $1}')");
    desk.types("tsh sessions ls");
    assert_transcript!(desk, [(r"tonic/[0-9.]+", "tonic/[version]")]);
}
