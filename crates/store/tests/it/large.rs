//! How long pages of a large audit log take, on both engines. Takes minutes, so it is run by hand:
//! `cargo test --release -p gatehouse-store --test it large -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "its figures are for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use gatehouse_domain::entity::AuditFilter;
use gatehouse_domain::ports::Store;

use crate::engines::Fresh;
use crate::samples::at;

const EVENTS: i64 = 1_000_000;
const ROUNDS: usize = 100;
const PAGE: i64 = 51;

/// Events of 400 people on 1,000 devices, 2 % of them failed, one kind rare, one second apart.
fn filling(numbers: &str) -> String {
    let event = "case when n % 5000 = 0 then 'role.update' when n % 10 = 0 then 'device.enroll'
                      when n % 3 = 0 then 'user.login' else 'device.authenticate' end";
    let time = at(0).micros();
    format!(
        "insert into audit_events
            (uid, time, event, code, user_name, device_id, success, body, target, request_id)
         select 'u' || n, {time} + n * 1000000, {event}, 'GH', 'user' || (n % 400),
            case when n % 4 = 0 then null else 'device' || (n % 1000) end,
            case when n % 50 = 0 then 0 else 1 end,
            '{{\"uid\":\"u' || n || '\",\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"' || {event} ||
            '\",\"code\":\"GH\",\"cluster_name\":\"example.com\",\"user\":\"user' || (n % 400) ||
            '\",\"success\":true,\"session_id\":\"0b0e4ed7-6aa3-4c62-8a5e-5c0c3b1e9a10\",' ||
            '\"request_id\":\"r' || n || '\",\"remote_address\":\"192.0.2.1:4711\"}}',
            case when n % 7 = 0 then 'user' || (n % 300) else null end, 'r' || n
         from {numbers}"
    )
}

fn filters() -> Vec<(&'static str, AuditFilter)> {
    let none = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let middle = Some(at(EVENTS / 2));
    vec![
        ("all", none()),
        ("from the middle", AuditFilter { before: Some(EVENTS / 2), ..none() }),
        ("newer than the middle", AuditFilter { after: Some(EVENTS / 2), ..none() }),
        ("frequent event", AuditFilter { event: text("device.authenticate"), ..none() }),
        ("rare event", AuditFilter { event: text("role.update"), ..none() }),
        ("rare event, middle", AuditFilter { event: text("role.update"), until: middle, ..none() }),
        ("user", AuditFilter { user: text("user7"), ..none() }),
        ("user and rare event", AuditFilter { user: text("user0"), event: text("role.update"), ..none() }),
        ("user and event he never had", AuditFilter { user: text("user7"), event: text("x"), ..none() }),
        ("nobody", AuditFilter { user: text("nobody"), ..none() }),
        ("device", AuditFilter { device_id: text("device7"), ..none() }),
        ("device and user", AuditFilter { device_id: text("device7"), user: text("user7"), ..none() }),
        ("device and failed", AuditFilter { device_id: text("device50"), success: Some(false), ..none() }),
        ("target", AuditFilter { target: text("user7"), ..none() }),
        ("request", AuditFilter { request_id: text("r500000"), ..none() }),
        ("failed", AuditFilter { success: Some(false), ..none() }),
        ("failed of a user", AuditFilter { success: Some(false), user: text("user50"), ..none() }),
        ("failed event", AuditFilter { success: Some(false), event: text("device.enroll"), ..none() }),
        (
            "failed event that never failed",
            AuditFilter { success: Some(false), event: text("user.login"), ..none() },
        ),
        ("done", AuditFilter { success: Some(true), ..none() }),
        ("a minute in the middle", AuditFilter { since: middle, until: Some(at(EVENTS / 2 + 60)), ..none() }),
        (
            "event and user in a month, oldest",
            AuditFilter {
                since: Some(at(0)),
                until: Some(at(2_592_000 / 30)),
                event: text("user.login"),
                user: text("user3"),
                ..none()
            },
        ),
    ]
}

async fn measure(engine: &str, store: Arc<dyn Store>) -> Duration {
    let mut worst = Duration::ZERO;
    for (name, filter) in filters() {
        let mut took = Vec::with_capacity(ROUNDS);
        let mut found = 0;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            found = store.read().await.unwrap().events(&filter, PAGE).await.unwrap().len();
            took.push(began.elapsed());
        }
        took.sort();
        let (half, most) = (took[ROUNDS / 2], took[ROUNDS * 99 / 100 - 1]);
        println!("{engine:>8} {name:<36} {found:>3} events  p50 {half:>10.1?}  p99 {most:>10.1?}");
        worst = worst.max(most);
    }
    worst
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes, and its figures are for people"]
async fn pages_of_a_million_events() {
    let sqlite = Fresh::sqlite().await;
    let pool = sqlite.sqlite_pool().await;
    let numbers = format!(
        "(with recursive s(n) as (select 1 union all select n + 1 from s where n < {EVENTS}) select n from s)"
    );
    sqlx::query(sqlx::AssertSqlSafe(filling(&numbers))).execute(&pool).await.unwrap();
    pool.close().await;
    let on_sqlite = measure("sqlite", Arc::clone(&sqlite.store)).await;

    let postgres = Fresh::postgres().await;
    let pool = postgres.postgres_pool().await;
    let numbers = format!("generate_series(1, {EVENTS}::bigint) s(n)");
    sqlx::query(sqlx::AssertSqlSafe(filling(&numbers))).execute(&pool).await.unwrap();
    sqlx::query("analyze audit_events").execute(&pool).await.unwrap();
    pool.close().await;
    let on_postgres = measure("postgres", Arc::clone(&postgres.store)).await;
    let limit = Duration::from_millis(20);
    assert!(on_sqlite < limit && on_postgres < limit, "{on_sqlite:?} {on_postgres:?}");
}
