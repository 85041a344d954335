//! What a clock that was wrong for a while leaves behind.

use http::StatusCode;

use super::browser::{PASSWORD, cluster};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_clock_that_runs_ahead_costs_hours_of_the_log_and_not_all_of_it() {
    let cluster = cluster().await;
    cluster.admin().await;
    for hours in [3, 20] {
        cluster.clock.advance(hours * 3600);
        cluster.person(&format!("user{hours}"), &["access"]).await;
    }
    let sweep = async || cluster.services.retention.sweep().await.unwrap().0;
    assert_eq!(sweep().await, 0);
    cluster.clock.advance(5000 * DAY);
    let (first, second) = (sweep().await, sweep().await);
    assert!(
        first > 0 && second > 0,
        "the first hours go, the rest is there at the next sweep: {first}, {second}"
    );
    assert_eq!(sweep().await, 0);
}

#[tokio::test]
async fn failures_of_a_time_that_never_was_close_nothing_for_long() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut browser = cluster.browser();
    cluster.clock.advance(5000 * DAY);
    for _ in 0..30 {
        browser.sign_in("root", "another password").await;
    }
    assert_eq!(browser.sign_in("root", PASSWORD).await.status, StatusCode::TOO_MANY_REQUESTS);
    // The clock is set right. Whoever comes first starts the closure anew, and it is never longer than usual.
    cluster.clock.advance(-5000 * DAY);
    for _ in 0..3 {
        browser.sign_in("root", PASSWORD).await;
        cluster.clock.advance(301);
    }
    assert_eq!(browser.sign_in("root", PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_session_that_begins_in_the_future_is_none() {
    let cluster = cluster().await;
    cluster.admin().await;
    let mut browser = cluster.browser();
    for (ahead, wanted) in [(30 * 60, StatusCode::OK), (5000 * DAY, StatusCode::SEE_OTHER)] {
        cluster.clock.advance(ahead);
        browser.cookie = None;
        browser.sign_in("root", PASSWORD).await;
        assert_eq!(browser.get("/web/account").await.status, StatusCode::OK);
        cluster.clock.advance(-ahead);
        assert_eq!(browser.get("/web/account").await.status, wanted, "{ahead}");
    }
}
