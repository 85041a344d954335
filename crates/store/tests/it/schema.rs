//! The two folders of migrations take the same steps to the same tables, columns and rules.

use std::collections::BTreeSet;

use gatehouse_store::dialect::SQLITE_RULES;
use gatehouse_store::{POSTGRES_MIGRATIONS, SQLITE_MIGRATIONS, open};
use sqlx::migrate::Migrator;

use crate::engines::Fresh;

/// (table, column, type, may be null).
type Columns = BTreeSet<(String, String, String, bool)>;
/// (name, table, columns in order, unique).
type Indexes = BTreeSet<(String, String, String, bool)>;

fn steps(migrations: &Migrator) -> Vec<(i64, String)> {
    migrations.iter().map(|step| (step.version, step.description.to_string())).collect()
}

#[test]
fn both_folders_hold_the_same_steps() {
    assert_eq!(steps(&SQLITE_MIGRATIONS), steps(&POSTGRES_MIGRATIONS));
    let folder = |engine: &str| -> BTreeSet<String> {
        std::fs::read_dir(format!("{}/../../migrations/{engine}", env!("CARGO_MANIFEST_DIR")))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    assert_eq!(folder("sqlite"), folder("postgres"));
    assert_eq!(folder("sqlite").len(), steps(&SQLITE_MIGRATIONS).len(), "every file is a step");
}

async fn sqlite_columns(pool: &sqlx::SqlitePool) -> Columns {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "select t.name, c.name, c.type, c.\"notnull\" from sqlite_schema t, pragma_table_info(t.name) c
         where t.type = 'table' and t.name not like 'sqlite%' and t.name not like '\\_sqlx%' escape '\\'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().map(|(table, column, kind, not_null)| (table, column, kind, not_null == 0)).collect()
}

async fn postgres_columns(pool: &sqlx::PgPool) -> Columns {
    let rows: Vec<(String, String, String, String, Option<String>)> = sqlx::query_as(
        "select table_name::text, column_name::text, data_type::text, is_nullable::text, collation_name::text
         from information_schema.columns where table_schema = 'public' and table_name not like '\\_sqlx%'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(table, column, kind, nullable, collation)| {
            let kind = match kind.as_str() {
                "text" => "TEXT",
                "bigint" => "INTEGER",
                "bytea" => "BLOB",
                other => panic!("{table}.{column} is a {other}"),
            };
            assert!(
                kind != "TEXT" || collation.as_deref() == Some("C"),
                "{table}.{column} is not compared by bytes"
            );
            (table, column, kind.to_owned(), nullable == "YES")
        })
        .collect()
}

async fn sqlite_indexes(pool: &sqlx::SqlitePool) -> Indexes {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "select i.name, t.name, (select group_concat(name, ', ') from (
                    select name from pragma_index_info(i.name) order by seqno)), i.\"unique\"
         from sqlite_schema t, pragma_index_list(t.name) i
         where t.type = 'table' and t.name not like '\\_sqlx%' escape '\\'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter()
        .map(|(name, table, columns, unique)| {
            // Constraints of a table are anonymous here: the dialect's table says what they are called.
            let name = if name.starts_with("sqlite_autoindex") { rule(&table, &columns) } else { name };
            (name, table, columns, unique != 0)
        })
        .collect()
}

fn rule(table: &str, columns: &str) -> String {
    let named: Vec<_> = columns.split(", ").map(|column| format!("{table}.{column}")).collect();
    let known = SQLITE_RULES.iter().find(|(columns, _)| *columns == named.join(", "));
    known.unwrap_or_else(|| panic!("no name for {named:?}")).1.to_owned()
}

async fn postgres_indexes(pool: &sqlx::PgPool) -> Indexes {
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "select i.relname::text, t.relname::text, string_agg(a.attname::text, ', ' order by k.place), x.indisunique
         from pg_index x
         join pg_class i on i.oid = x.indexrelid
         join pg_class t on t.oid = x.indrelid
         join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
         cross join lateral unnest(x.indkey::smallint[]) with ordinality k (attnum, place)
         join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
         where t.relname not like '\\_sqlx%'
         group by 1, 2, 4",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[tokio::test]
async fn both_engines_have_the_same_columns_and_indexes() {
    let (on_sqlite, on_postgres) = (Fresh::sqlite().await, Fresh::postgres().await);
    let (sqlite, postgres) = (on_sqlite.sqlite_pool().await, on_postgres.postgres_pool().await);
    let (left, right) = (sqlite_columns(&sqlite).await, postgres_columns(&postgres).await);
    assert!(left.len() > 100);
    assert_eq!(left.symmetric_difference(&right).collect::<Vec<_>>(), Vec::<&_>::new());

    let (left, mut right) = (sqlite_indexes(&sqlite).await, postgres_indexes(&postgres).await);
    // The key of a table with a sequence is no index on SQLite: it is the table.
    right.retain(|(_, _, columns, _)| columns != "sequence");
    assert_eq!(left.symmetric_difference(&right).collect::<Vec<_>>(), Vec::<&_>::new());
}

#[tokio::test]
async fn every_unique_rule_of_sqlite_has_the_name_that_postgres_gives_it() {
    let postgres = Fresh::postgres().await.postgres_pool().await;
    let unique: BTreeSet<(String, String)> = postgres_indexes(&postgres)
        .await
        .into_iter()
        .filter(|(_, _, _, unique)| *unique)
        .map(|(name, table, columns, _)| {
            let named: Vec<_> = columns.split(", ").map(|column| format!("{table}.{column}")).collect();
            (named.join(", "), name)
        })
        .collect();
    let mapped =
        SQLITE_RULES.iter().map(|(columns, rule)| ((*columns).to_owned(), (*rule).to_owned())).collect();
    assert_eq!(unique, mapped);
}

#[tokio::test]
async fn every_table_of_sqlite_is_strict() {
    let fresh = Fresh::sqlite().await;
    let pool = fresh.sqlite_pool().await;
    let lax: Vec<(String,)> = sqlx::query_as(
        "select name from pragma_table_list
         where schema = 'main' and type = 'table' and strict = 0
           and name not like 'sqlite\\_%' escape '\\' and name not like '\\_sqlx%' escape '\\'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(lax, []);
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    for fresh in [Fresh::sqlite().await, Fresh::postgres().await] {
        let mut work = fresh.store.begin().await.unwrap();
        work.init_cluster_value("name", "example.com").await.unwrap();
        work.commit().await.unwrap();
        let again = open(&fresh.location).await.unwrap();
        assert_eq!(again.engine(), fresh.store.engine());
        let value = again.read().await.unwrap().cluster_value("name").await.unwrap();
        assert_eq!(value.as_deref(), Some("example.com"));
    }
}
