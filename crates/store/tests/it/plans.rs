//! What is asked of large tables is answered by an index, and pages come out of it in order.

use gatehouse_store::sql;
use sqlx::AssertSqlSafe;

use crate::engines::Fresh;

/// Statements that may look at every row of a table or sort, and why.
const MAY_SCAN: &[(&str, &str)] = &[
    ("CALLER", "sorts the locks on one caller"),
    ("CALLER_BY_COOKIE", "sorts the locks on one caller"),
    ("COUNT_DEVICES", "two counts, each of an index"),
    ("COUNT_FOUND", "sorts the devices that have a rare word"),
    ("COUNT_HOLDERS_WITHOUT_DEVICE", "counts those of one role, to a limit"),
    ("COUNT_USERS_WITHOUT_DEVICE", "counts to a limit"),
    ("DEVICES_BY_ID_OR_TAG", "sorts the few devices that have the tag"),
    ("DEVICES_OF_USER", "sorts the devices of one user"),
    ("DEVICE_USERS", "sorts the users of one device"),
    ("CELL_COUNTS", "reads the few hundred counts of cells"),
    ("DEVICES_USED_BY", "sorts the devices of one user"),
    ("FACTS_OF_DEVICE", "sorts the keys of one device"),
    ("FACTS_OF_DEVICES", "sorts the keys of each device"),
    ("MODEL_DOWN_FOUND", "sorts the devices that have a rare word"),
    ("MODEL_UP_FOUND", "sorts the devices that have a rare word"),
    ("OWNER_DOWN_FOUND", "sorts the devices that have a rare word"),
    ("OWNER_UP_FOUND", "sorts the devices that have a rare word"),
    ("SEEN_DOWN_FOUND", "sorts the devices that have a rare word"),
    ("SEEN_UP_FOUND", "sorts the devices that have a rare word"),
    ("TAG_DOWN_FOUND", "sorts the devices that have a rare word"),
    ("TAG_UP_FOUND", "sorts the devices that have a rare word"),
    ("REVIEWS_OF_DEVICE", "sorts the reviews of one device"),
    ("WAITING_REVIEWS_OF_USER", "sorts those of one user that wait"),
    ("USERS_OF_DEVICE", "sorts the users of one device"),
    ("USERS_OF_DEVICES", "sorts the users of each device"),
    ("HOLDERS_WITHOUT_DEVICE", "sorts those who have one role"),
    ("LOCKS", "lists all locks"),
    ("LOCKS_OF_DEVICE", "sorts the locks on one device"),
    ("LOCK_IN_FORCE", "sorts the locks on one user, device and roles"),
    ("LOCK_ON_DEVICE_OF_CREDENTIAL", "sorts the locks on one device"),
    ("LOCK_ON_DEVICE_OF_TOKEN", "sorts the locks on one device"),
    ("TOKENS_AND_DEVICES", "joins the tokens of one page with their devices"),
    ("ACTIVE_TOKENS_AND_DEVICES", "joins the tokens of one page with their devices"),
    ("TOKENS_OF_DEVICE_AND_IT", "joins the tokens of one page with their device"),
    ("USER_GLANCES", "joins the users of one page with their roles"),
    ("USER_GLANCES_BEFORE", "joins the users of one page with their roles"),
    ("USERS_WITH_ROLE", "joins the users of one page with their roles"),
    ("USERS", "joins the users of one page with their roles"),
];

#[tokio::test]
async fn no_statement_scans_a_table_or_sorts_a_page() {
    let fresh = Fresh::sqlite().await;
    let pool = fresh.sqlite_pool().await;
    let mut found = Vec::new();
    for (name, text) in sql::AREAS.concat() {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("explain query plan {text}")))
                .fetch_all(&pool)
                .await
                .unwrap();
        let costly = |step: &str| {
            // Subqueries that are gone through as they are read, and rows that are inserted.
            let is_bounded = ["SCAN k", "SCAN t", "SCAN f", "SCAN p", "SCAN w"].contains(&step)
                || step.contains("-ROW VALUES CLAUSE")
                || step == "SCAN CONSTANT ROW";
            (step.starts_with("SCAN") && !step.contains("USING") && !is_bounded)
                || step.contains("TEMP B-TREE FOR ORDER BY")
        };
        for (_, _, _, step) in plan {
            if costly(&step) && !MAY_SCAN.iter().any(|(allowed, _)| *allowed == name) {
                found.push(format!("{name}: {step}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Statements that go through lists: an index each, of which they read no further than they must.
fn scans() -> Vec<(&'static str, &'static str)> {
    let is_scan = |name: &str| {
        ["TAG_", "MODEL_", "OWNER_", "SEEN_"].iter().any(|order| name.starts_with(order))
            && !name.ends_with("_FOUND")
    };
    let scans: Vec<_> = sql::listing::ALL.iter().copied().filter(|(name, _)| is_scan(name)).collect();
    assert_eq!(scans.len(), 72);
    scans
}

/// Its index: of the whole list, or of each cell.
fn index_of(name: &str) -> String {
    let order = name.split('_').next().unwrap().to_lowercase();
    let whole = if name.contains("_ALL") { "by_" } else { "" };
    format!("device_list_{whole}{order}")
}

#[tokio::test]
async fn sqlite_reads_lists_from_one_index_each_and_only_as_far_as_it_must() {
    let fresh = Fresh::sqlite().await;
    let pool = fresh.sqlite_pool().await;
    for (name, text) in scans() {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("explain query plan {text}")))
                .fetch_all(&pool)
                .await
                .unwrap();
        let bounds = if name.contains("_ALL") { "(" } else { "(cell=? AND " };
        let index = format!(" INDEX {} {bounds}", index_of(name));
        let of_index = |step: &str| step.contains(&index);
        for (_, _, _, step) in &plan {
            assert!(!step.contains("device_list") || of_index(step), "{name}: {step}");
            assert!(!step.contains("TEMP B-TREE") && !step.contains("MATERIALIZE"), "{name}: {step}");
        }
        assert!(plan.iter().any(|(_, _, _, step)| of_index(step)), "{name}");
    }
}

#[tokio::test]
async fn postgres_reads_lists_from_one_index_each_and_only_as_far_as_it_must() {
    let fresh = Fresh::postgres().await;
    let pool = fresh.postgres_pool().await;
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query(gatehouse_store::POSTGRES_LISTS).execute(&mut *connection).await.unwrap();
    for (name, text) in scans() {
        let prepare = format!("prepare {name} as {text}");
        sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
        let last = (1..).take_while(|number| text.contains(&format!("${number}"))).count();
        let nothing = vec!["null"; last].join(", ");
        let plan: Vec<(String,)> =
            sqlx::query_as(AssertSqlSafe(format!("explain (costs off) execute {name}({nothing})")))
                .fetch_all(&mut *connection)
                .await
                .unwrap();
        let plan: String = plan.into_iter().flat_map(|(line,)| [line, "\n".to_owned()]).collect();
        let index = index_of(name);
        assert!(plan.contains(&format!("{index} ")), "{name}: {plan}");
        for costly in ["Seq Scan", "Sort\n", "Hash", "Bitmap", "Materialize", "Memoize"] {
            assert!(!plan.contains(costly), "{name}: {plan}");
        }
        let used = plan.split(" using ").skip(1).map(|rest| rest.split(' ').next().unwrap());
        // Those of the page are read by their key.
        let others: Vec<_> = used.filter(|other| *other != index).collect();
        let of_page =
            if name.contains("_ALL") || name.contains("_STOP") { vec![] } else { vec!["device_list_pkey"] };
        assert_eq!(others, of_page, "{name}: {plan}");
    }
}
