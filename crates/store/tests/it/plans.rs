//! What is asked of large tables is answered by an index, and pages come out of it in order.

use gatehouse_store::sql;
use sqlx::AssertSqlSafe;

use crate::engines::Fresh;

/// Statements that may look at every row of a table or sort, and why.
const MAY_SCAN: &[(&str, &str)] = &[
    ("CALLER", "sorts the locks on one caller"),
    ("CALLER_BY_COOKIE", "sorts the locks on one caller"),
    ("COUNT_DEVICES", "two counts, each of an index"),
    ("DEVICES_BY_ID_OR_TAG", "sorts the few devices that have the tag"),
    ("DEVICES_OF_USER", "sorts the devices of one user"),
    ("DEVICE_USERS", "sorts the users of one device"),
    ("LOCKS", "lists all locks"),
    ("LOCK_IN_FORCE", "sorts the locks on one user, device and roles"),
    ("LOCK_ON_DEVICE_OF_CREDENTIAL", "sorts the locks on one device"),
    ("LOCK_ON_DEVICE_OF_TOKEN", "sorts the locks on one device"),
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
            (step.starts_with("SCAN") && !step.contains("USING")) || step.contains("TEMP B-TREE FOR ORDER BY")
        };
        for (_, _, _, step) in plan {
            if costly(&step) && !MAY_SCAN.iter().any(|(allowed, _)| *allowed == name) {
                found.push(format!("{name}: {step}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}
