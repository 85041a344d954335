use super::*;

fn query(postgres: &Postgres, url: &str, sql: &str) -> String {
    let out = Command::new(postgres.programs.join("psql"))
        .args([url, "--no-align", "--tuples-only", "--quiet", "--command", sql])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[test]
fn each_test_has_a_database_of_its_own() {
    let postgres = Postgres::shared();
    let (one, two) = (postgres.fresh_database(), postgres.fresh_database());
    assert_ne!(one, two);
    query(postgres, &one, "create table only_here (n integer)");
    let count = "select count(*) from pg_tables where tablename = 'only_here'";
    assert_eq!(query(postgres, &one, count), "1");
    assert_eq!(query(postgres, &two, count), "0");
}

#[test]
fn the_cluster_does_not_run_as_root_and_is_closed_to_others() {
    use std::os::unix::fs::MetadataExt as _;

    let postgres = Postgres::shared();
    let folder = fs::metadata(postgres.folder()).unwrap();
    assert_ne!(folder.uid(), 0);
    assert_eq!(folder.mode() & 0o777, 0o700);
    let url = postgres.fresh_database();
    assert_eq!(query(postgres, &url, "show listen_addresses"), "");
    assert_eq!(query(postgres, &url, "show server_encoding"), "UTF8");
}

#[test]
fn dropping_it_stops_the_server_and_removes_its_files() {
    let postgres = Postgres::start();
    let folder = postgres.folder().to_owned();
    let server = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    let server = Path::new("/proc").join(server.lines().next().unwrap());
    assert!(server.exists());
    drop(postgres);
    assert!(!folder.exists());
    assert!(!server.exists());
}
