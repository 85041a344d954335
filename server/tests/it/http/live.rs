//! Open pages are told what has changed.

use axum::body::Body;
use futures::StreamExt as _;
use gatehouse_domain::cluster::NewLock;
use gatehouse_domain::device::DeviceChange;
use gatehouse_model::resource::LockTarget;
use gatehouse_model::{EnrollStatus, OsType};
use http::{Request, StatusCode};

use super::browser::{Cluster, cluster};
use super::devices::trust;

/// The events of an open page, one after the other.
struct Events(axum::body::BodyDataStream, String);

impl Events {
    async fn open(cluster: &Cluster, cookie: &str) -> Self {
        let request =
            Request::get("/web/events").header("cookie", format!("__Host-gatehouse_session={cookie}"));
        let response = cluster.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut events = Self(response.into_body().into_data_stream(), String::new());
        assert_eq!(events.next().await.unwrap(), "event: hello\ndata: listening");
        events
    }

    /// `None` at the end of the stream.
    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                if event.starts_with(':') {
                    continue;
                }
                return Some(event);
            }
            let limit = std::time::Duration::from_secs(20);
            let chunk = tokio::time::timeout(limit, self.0.next()).await.expect("an event in time")?;
            self.1.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_page_hears_which_device_changed() {
    let cluster = cluster().await;
    let browser = cluster.admin().await;
    let mut events = Events::open(&cluster, browser.cookie.as_ref().unwrap()).await;
    let id = cluster.register(OsType::Linux, "TAG-1").await;
    assert_eq!(events.next().await.unwrap(), format!("event: changed\ndata: device:{id} audit"));
}

#[tokio::test]
async fn a_page_whose_session_ends_hears_that_last() {
    let cluster = cluster().await;
    let browser = cluster.admin().await;
    let mut events = Events::open(&cluster, browser.cookie.as_ref().unwrap()).await;
    let host = cluster.host_admin();
    let target = LockTarget { user: Some("root".to_owned()), ..LockTarget::default() };
    let grant = host.grant_lock(&target).unwrap();
    cluster.services.locks.create(&grant, NewLock { target, ..NewLock::default() }).await.unwrap();
    assert_eq!(events.next().await.unwrap(), "event: changed\ndata: session");
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_page_hears_within_a_second_that_its_session_has_lost_its_device() {
    for what in ["lock", "unenrol", "delete"] {
        let cluster = cluster().await;
        // Somebody who may see no inventory: only the own session tells of it.
        let browser = cluster.person("ada", &["access"]).await;
        let id = cluster.register(OsType::Linux, "TAG-1").await;
        trust(&browser, &id, "TAG-1").await;
        let mut events = Events::open(&cluster, browser.cookie.as_ref().unwrap()).await;
        let host = cluster.host_admin();
        let started = std::time::Instant::now();
        match what {
            "lock" => {
                let target = LockTarget { device: Some(id), ..LockTarget::default() };
                let grant = host.grant_lock(&target).unwrap();
                cluster
                    .services
                    .locks
                    .create(&grant, NewLock { target, ..NewLock::default() })
                    .await
                    .unwrap();
            }
            "unenrol" => {
                let mut work = cluster.store.begin().await.unwrap();
                let mut device = work.device(&id).await.unwrap().unwrap();
                device.enroll_status = EnrollStatus::Enrolled;
                work.update_device(&device).await.unwrap();
                work.commit().await.unwrap();
                let change = DeviceChange {
                    enroll_status: Some(EnrollStatus::NotEnrolled),
                    ..DeviceChange::default()
                };
                cluster.services.devices.update(&host.grant().unwrap(), &id, &change).await.unwrap();
            }
            _ => {
                cluster.services.devices.delete(&host.grant().unwrap(), &id).await.unwrap();
            }
        }
        assert_eq!(events.next().await.unwrap(), "event: changed\ndata: session", "{what}");
        assert!(started.elapsed() < std::time::Duration::from_secs(1), "{what}: {:?}", started.elapsed());
    }
}

#[tokio::test]
async fn a_session_listens_with_so_many_pages_and_no_more() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut open = Vec::new();
    for _ in 0..8 {
        open.push(Events::open(&cluster, browser.cookie.as_ref().unwrap()).await);
    }
    let refused = browser.get("/web/events").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    refused.holds("close some");
    // Another session, and this one again once it has closed a page.
    let mut other = cluster.browser();
    other.sign_in("root", super::browser::PASSWORD).await;
    Events::open(&cluster, other.cookie.as_ref().unwrap()).await;
    open.pop();
    Events::open(&cluster, browser.cookie.as_ref().unwrap()).await;
}

#[tokio::test]
async fn who_is_not_signed_in_hears_nothing() {
    let cluster = cluster().await;
    let page = cluster.browser().get("/web/events").await;
    assert_eq!(page.status, StatusCode::NO_CONTENT);
}
