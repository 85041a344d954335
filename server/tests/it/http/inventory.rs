//! The inventory's pages: the list with its search, filters and order, lines that are renewed, files, numbers.

use axum::body::Body;
use futures::StreamExt as _;
use gatehouse_domain::authz::UpdateDevice;
use gatehouse_domain::cluster::NewLock;
use gatehouse_domain::device::{DeviceChange, DeviceSpec};
use gatehouse_domain::entity::{CollectedRecord, Device, RecordKind};
use gatehouse_domain::ports::Clock as _;
use gatehouse_model::resource::{LockTarget, UserSpec};
use gatehouse_model::{AssetTag, CollectedData, OsType};
use http::{Request, StatusCode};

use super::browser::{Cluster, Page, cluster};

/// The lines of a page by asset tag.
fn tags(page: &Page) -> Vec<String> {
    let body = page.text();
    let lines = body.split(r#"<th scope="row">"#).skip(1);
    let tag = |line: &str| {
        let (_, rest) = line.split_once('>').unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    };
    lines.map(tag).collect()
}

/// The address of a link with these words.
fn link(page: &Page, words: &str) -> String {
    let body = page.text();
    let (before, _) = body.split_once(&format!(">{words}</a>")).unwrap_or_else(|| panic!("no {words}"));
    let (_, href) = before.rsplit_once(r#"href=""#).unwrap();
    href.split_once('"').unwrap().0.replace("&amp;", "&")
}

async fn lock(cluster: &Cluster, id: &str) {
    let host = cluster.host_admin();
    let target = LockTarget { device: Some(id.to_owned()), ..LockTarget::default() };
    let grant = host.grant_lock(&target).unwrap();
    cluster.services.locks.create(&grant, NewLock { target, ..NewLock::default() }).await.unwrap();
}

async fn tell(cluster: &Cluster, id: &str, model: &str) {
    let mut data = CollectedData::new(cluster.clock.now(), OsType::Linux, "SERIAL-9");
    data.record_time = Some(cluster.clock.now());
    data.model_identifier = model.to_owned();
    let mut work = cluster.store.begin().await.unwrap();
    work.add_collected(id, &CollectedRecord { kind: RecordKind::Enroll, data }).await.unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn the_inventory_is_a_table() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let empty = browser.get("/web/devices").await;
    empty.holds("No devices yet").holds("/web/devices/add").lacks("<table").lacks("Export CSV");
    let id = cluster.register(OsType::Macos, "C00AA0AAAA0A").await;
    cluster.register(OsType::Linux, "<script>alert(1)</script>").await;
    tell(&cluster, &id, "Mac<b>\u{202e}\u{200b}Book").await;
    let page = browser.get("/web/devices").await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds(&format!(r#"<a href="/web/devices/{id}">C00AA0AAAA0A</a>"#))
        .holds("macOS")
        .holds("Mac&lt;b&gt;Book")
        .holds("not enrolled")
        .holds("2 devices")
        .holds("&lt;script&gt;alert(1)&lt;/script&gt;")
        .holds(&format!(r#"data-live="device:{id}""#))
        .holds(r#"aria-sort="ascending""#)
        .holds(r#"aria-current="page""#)
        .lacks("<script>alert")
        .lacks("\u{202e}")
        .lacks("Next page");
}

#[tokio::test]
async fn a_list_is_searched_filtered_and_sorted_by_its_address() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let first = cluster.register(OsType::Linux, "ACME-0001").await;
    cluster.register(OsType::Windows, "ACME-0002").await;
    cluster.register(OsType::Linux, "OTHER-3").await;
    tell(&cluster, &first, "ThinkPad X1").await;
    for (address, expected) in [
        ("", &["ACME-0001", "ACME-0002", "OTHER-3"][..]),
        ("?sort=-tag", &["OTHER-3", "ACME-0002", "ACME-0001"]),
        ("?q=acme", &["ACME-0001", "ACME-0002"]),
        ("?q=acme&os=linux&state=&tier=", &["ACME-0001"]),
        ("?q=thinkpad+000", &["ACME-0001"]),
        ("?q=serial-9", &["ACME-0001"]),
        ("?os=linux&sort=-model", &["ACME-0001", "OTHER-3"]),
        ("?state=enrolled", &[]),
        ("?locked=1", &[]),
    ] {
        let page = browser.get(&format!("/web/devices{address}")).await;
        assert_eq!(
            (page.status, tags(&page)),
            (StatusCode::OK, expected.iter().map(|t| (*t).to_owned()).collect()),
            "{address}"
        );
    }
    let page = browser.get("/web/devices?q=acme&os=linux").await;
    page.holds(r#"value="acme""#).holds("1 device found").holds("Clear");
    page.holds(r#"href="/web/devices?q=acme&amp;os=linux&amp;sort=os""#);
    let page = browser.get("/web/devices?q=nothing").await;
    page.holds("No device matches").holds("Clear search and filters").lacks("Export CSV");
    for (address, code) in
        [("?os=beos", "invalid_filter"), ("?sort=x", "invalid_filter"), ("?q=a+b+c+d+e", "too_many_words")]
    {
        let page = browser.get(&format!("/web/devices{address}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}");
        page.holds(code).holds("First page of the list");
    }
}

#[tokio::test]
async fn a_long_inventory_comes_in_pages() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    for number in 0..101 {
        cluster.register(OsType::Linux, &format!("TAG-{number:03}")).await;
    }
    let first = browser.get("/web/devices?sort=-tag").await;
    assert_eq!(tags(&first).len(), 50);
    first.holds("TAG-100").holds("TAG-051").holds("101 devices").lacks("First page").lacks("Previous page");
    assert!(first.body.len() < 75_000, "{} bytes", first.body.len());
    let second = browser.get(&link(&first, "Next page")).await;
    second.holds("TAG-050").holds("TAG-001").holds("First page").holds("Previous page");
    let third = browser.get(&link(&second, "Next page")).await;
    assert_eq!(tags(&third), ["TAG-000"]);
    third.lacks("Next page");
    let back = browser.get(&link(&third, "Previous page")).await;
    assert_eq!(tags(&back), tags(&second));
    let start = browser.get(&link(&back, "Previous page")).await;
    assert_eq!(tags(&start), tags(&first));

    let next = link(&first, "Next page");
    let (_, token) = next.split_once("page=").unwrap();
    for (address, code) in [
        (format!("/web/devices?page={token}"), "page_token_stale"),
        (format!("/web/devices?sort=-tag&q=tag&page={token}"), "page_token_stale"),
        ("/web/devices?page=rubbish".to_owned(), "page_token_invalid"),
    ] {
        let page = browser.get(&address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds(code).holds("First page of the list").lacks("TAG-000");
    }
}

#[tokio::test]
async fn nobody_is_shown_an_empty_page_while_something_is_left_to_find() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "TEMPLATE").await;
    let mut work = cluster.store.begin().await.unwrap();
    let template = work.device(&id).await.unwrap().unwrap();
    for number in 0..6600 {
        let tag = match number {
            0..4200 => format!("A{number:04}"),
            6599 => "Z6599 common seldom".to_owned(),
            _ => format!("Z{number:04} common"),
        };
        let asset_tag = AssetTag::try_from(tag).unwrap();
        let device = Device { id: format!("device-{number}"), asset_tag, ..template.clone() };
        work.insert_device(&device).await.unwrap();
    }
    work.commit().await.unwrap();
    let first = browser.get("/web/devices?q=common").await;
    first.holds("2,400 devices").holds("Next page").lacks("Nothing found so far");
    assert_eq!(tags(&first).len(), 50);
    assert_eq!(tags(&first)[0], "Z4200 common");
    let second = browser.get(&link(&first, "Next page")).await;
    assert_eq!(tags(&second)[0], "Z4250 common");
    let back = browser.get(&link(&second, "Previous page")).await;
    assert_eq!(tags(&back), tags(&first));
    // The more common words are looked for on the way; what there is of them is counted then.
    let rare = browser.get("/web/devices?q=common+z+device-").await;
    assert_eq!(tags(&rare).len(), 50);
    let one = browser.get("/web/devices?q=common+seldom").await;
    one.holds("1 device").lacks("10,000+");
    assert_eq!(tags(&one), ["Z6599 common seldom"]);
}

#[tokio::test]
async fn a_line_is_renewed_by_itself() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "TAG-1").await;
    let path = format!("/web/devices/{id}/row");
    let line = browser.get(&path).await;
    assert_eq!(line.status, StatusCode::OK);
    line.holds("TAG-1").holds("not enrolled").lacks("locked").lacks("<main");
    let page = browser.get("/web/devices").await;
    page.holds(&format!(r#"data-live-from="{path}""#));
    lock(&cluster, &id).await;
    browser.get(&path).await.holds("locked");
    assert_eq!(tags(&browser.get("/web/devices?locked=1").await), ["TAG-1"]);
    assert_eq!(browser.get("/web/devices/none/row").await.status, StatusCode::NOT_FOUND);
    assert_eq!(cluster.browser().get(&path).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_list_is_exported_as_it_is_shown() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let id = cluster.register(OsType::Linux, "=cmd()").await;
    cluster.register(OsType::Windows, "a,\"b\"").await;
    let file = browser.get("/web/devices/export.csv?sort=tag").await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let lines: Vec<&str> = file.body.split("\r\n").collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("\u{feff}asset_tag,os,"));
    assert_eq!(lines[1], format!("'=cmd(),linux,,,,0,not_enrolled,none,none,no,no,,{id}"));
    assert!(lines[2].starts_with("\"a,\"\"b\"\"\",windows"), "{}", lines[2]);
    let some = browser.get("/web/devices/export.csv?os=linux").await;
    some.holds("=cmd()").lacks("windows");
    let refused = browser.get("/web/devices/export.csv?os=x").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    refused.holds("invalid_filter");
    assert_eq!(cluster.browser().get("/web/devices/export.csv").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_export_ends_when_the_right_to_it_does() {
    let cluster = cluster().await;
    cluster.admin().await;
    let browser = cluster.person("bob", &["editor"]).await;
    let host = cluster.host_admin();
    let specs = (0..1000).map(|number| {
        let tag = AssetTag::try_from(format!("TAG-{number}").as_str()).unwrap();
        Ok(DeviceSpec::new(OsType::Linux, tag))
    });
    let specs = specs.collect();
    cluster.services.devices.create_many(&host.grant().unwrap(), specs).await.unwrap();
    cluster.register(OsType::Linux, "THE-LAST").await;
    let begin = async || {
        let cookie = format!("__Host-gatehouse_session={}", browser.cookie.as_ref().unwrap());
        let request = Request::get("/web/devices/export.csv?sort=tag").header("cookie", cookie);
        let response = cluster.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mut pieces = response.into_body().into_data_stream();
        let first = String::from_utf8(pieces.next().await.unwrap().unwrap().to_vec()).unwrap();
        assert_eq!(first.lines().count(), 1001, "the names of the columns, and a full piece");
        pieces
    };
    let mut whole = begin().await;
    assert_eq!(whole.next().await.unwrap().unwrap().iter().filter(|byte| **byte == b'\n').count(), 1);
    assert!(whole.next().await.is_none());
    let mut cut = begin().await;
    let spec = UserSpec { roles: vec!["access".to_owned()], ..UserSpec::default() };
    cluster.services.accounts.update(&host.grant().unwrap(), "bob", spec, None).await.unwrap();
    cut.next().await.unwrap().unwrap_err();
    assert!(cut.next().await.is_none());
}

#[tokio::test]
async fn the_inventory_in_numbers() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    browser.get("/web/devices/insights").await.holds("There are no devices yet");
    let id = cluster.register(OsType::Linux, "ONE").await;
    cluster.register(OsType::Macos, "TWO").await;
    let page = browser.get("/web/devices/insights").await;
    assert_eq!(page.status, StatusCode::OK);
    page.holds("Enrolled devices")
        .holds("Linux (0 enrolled)")
        .holds("The numbers as a table")
        .holds(r#"href="/web/devices?os=macos""#)
        .holds("None in the last 30 days");
    let grant = cluster.host_admin().grant::<UpdateDevice>().unwrap();
    cluster.services.devices.update(&grant, &id, &DeviceChange::default()).await.unwrap();
    cluster.services.devices.keep_up().await.unwrap();
    assert_eq!(browser.get("/web/devices/insights").await.status, StatusCode::OK);
}
