//! Devices from files: what a list would do, what it did, and what bad lists get.

use std::pin::pin;
use std::sync::Arc;

use axum::body::Body;
use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::{CreateUser, ListEvents};
use gatehouse_domain::entity::AuditFilter;
use gatehouse_model::OsType;
use gatehouse_model::resource::UserSpec;
use http::header::RETRY_AFTER;
use http::{Request, StatusCode};
use tokio::sync::oneshot;

use super::browser::{Browser, Cluster, PASSWORD, Page, cluster};

const IMPORT: &str = "/web/devices/import";

/// Uploads a list and answers with the page of its preview.
async fn preview(browser: &mut Browser<'_>, content: &[u8]) -> (String, Page) {
    let sent = browser.upload(IMPORT, &[("do", "upload")], "list.csv", content).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let path = sent.location().to_owned();
    let page = browser.get(&path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    (path, page)
}

async fn refused(browser: &mut Browser<'_>, content: &[u8], code: &str) -> Page {
    let page = browser.upload(IMPORT, &[("do", "upload")], "list.csv", content).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    page.holds(code).holds("role=\"alert\"").holds("The list");
    page
}

async fn devices(cluster: &Cluster) -> i64 {
    cluster.store.read().await.unwrap().count_devices().await.unwrap().0
}

/// As the server's task does.
async fn work_off(cluster: &Cluster) {
    while cluster.services.imports.run_batch().await.unwrap() {}
}

#[tokio::test]
async fn a_list_is_shown_before_anything_is_written() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    cluster.register(OsType::Linux, "OLD-1").await;
    let list = "os,asset tag,owner,colour\nlinux,NEW-1,root,red\nlinux,old-1,,\nLinux,new-1,,\n\
                macos,NEW-1,,\nbeos,X-1,,\nlinux,Default string,,\nlinux,X-2,nobody,\nlinux,X-3\n";
    let (path, page) = preview(&mut browser, list.as_bytes()).await;
    page.holds("2 devices will be registered")
        .holds("6 lines will be left alone")
        .holds("Columns that are left alone: colour.")
        .holds("Register 2 devices")
        .holds("New <strong>2</strong>")
        .holds("Already there <strong>1</strong>")
        .holds("Twice in the list <strong>1</strong>")
        .holds("Unusable asset tag <strong>1</strong>")
        .holds("Unknown system <strong>1</strong>")
        .holds("Other problems <strong>2</strong>")
        .lacks("http-equiv=\"refresh\"");
    browser.get(&format!("{path}?show=duplicate")).await.holds("the same device as line 2");
    browser.get(&format!("{path}?show=bad-tag")).await.holds("factory placeholder");
    browser.get(&format!("{path}?show=unknown-os")).await.holds("unknown os type \"beos\"");
    browser.get(&format!("{path}?show=wrong")).await.holds("no user \"nobody\"").holds("2 cells, but");
    assert_eq!(devices(&cluster).await, 1, "nothing was written");

    let report = browser.get(&format!("{path}/report.csv")).await;
    assert_eq!(report.headers["content-type"], "text/csv; charset=utf-8; header=present");
    report.holds("2,linux,NEW-1,root,,,new,,").holds("3,linux,old-1,,,,existing,,");
}

#[tokio::test]
async fn what_is_confirmed_is_registered_with_its_events_and_once() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut list = "os;tag;source;model\n".to_owned();
    for number in 0..250 {
        list.push_str(&format!("windows;W-{number:03};Purchase list;Laptop 9\n"));
    }
    let (path, page) = preview(&mut browser, list.as_bytes()).await;
    page.holds("250 devices will be registered").holds("Page 1 of 3").holds("W-000").lacks("W-100");
    browser.get(&format!("{path}?show=new&page=3")).await.holds("W-249").lacks("Next page");

    let first = browser.post(&path, &[("do", "confirm")]).await;
    assert_eq!(first.location(), path);
    let page = browser.get(&path).await;
    page.holds("Confirmed")
        .holds("0 of 250 devices")
        .holds("http-equiv=\"refresh\"")
        .holds("data-live=\"device:* import:");
    let second = browser.post(&path, &[("do", "confirm")]).await;
    assert_eq!(second.location(), path);
    browser.get(&path).await.holds("nothing was done twice");

    assert!(cluster.services.imports.run_batch().await.unwrap());
    browser.get(&path).await.holds("100 of 250 devices");
    work_off(&cluster).await;
    let page = browser.get(&path).await;
    page.holds("250 devices registered").lacks("http-equiv=\"refresh\"").lacks("Register 250");
    assert_eq!(devices(&cluster).await, 250);
    browser.post(&path, &[("do", "confirm")]).await;
    work_off(&cluster).await;
    assert_eq!(devices(&cluster).await, 250);

    let grant = cluster.host_admin().grant::<ListEvents>().unwrap();
    let count = async |event: &str| {
        let filter = AuditFilter { event: Some(event.to_owned()), ..AuditFilter::default() };
        let events = cluster.services.audit.list(&grant, &filter, 1000).await.unwrap();
        assert!(events.iter().all(|stored| stored.event.user == "root"), "who confirmed it did it");
        events.len()
    };
    assert_eq!(count("device.create").await, 250);
    assert_eq!((count("device.import.start").await, count("device.import").await), (1, 1));
    let device =
        cluster.store.read().await.unwrap().device_by_tag(OsType::Windows, "w-007").await.unwrap().unwrap();
    assert_eq!(device.source.unwrap().name, "Purchase list");
    assert_eq!(device.profile.unwrap().model_identifier, "Laptop 9");
    browser.get(&format!("{path}/report.csv")).await.holds(&device.id).holds(",registered,");
}

#[tokio::test]
async fn a_device_that_appeared_meanwhile_is_reported_and_no_error() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (path, _) = preview(&mut browser, b"os,tag\nlinux,A-1\nlinux,A-2\n").await;
    cluster.register(OsType::Linux, "a-1").await;
    browser.post(&path, &[("do", "confirm")]).await;
    work_off(&cluster).await;
    let page = browser.get(&path).await;
    page.holds("1 device registered").holds("1 device had been registered by somebody else meanwhile");
    page.holds("was registered by somebody else meanwhile");
    assert_eq!(devices(&cluster).await, 2);
}

#[tokio::test]
async fn an_import_goes_on_after_the_server_was_restarted() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut list = "os,tag\n".to_owned();
    for number in 0..150 {
        list.push_str(&format!("linux,L-{number}\n"));
    }
    let (path, _) = preview(&mut browser, list.as_bytes()).await;
    browser.post(&path, &[("do", "confirm")]).await;
    assert!(cluster.services.imports.run_batch().await.unwrap());
    assert_eq!(devices(&cluster).await, 100);
    // Nothing of it is in memory: other services over the same storage find it.
    let again = gatehouse_server::compose::compose(cluster.foundation()).await.unwrap().services;
    while again.imports.run_batch().await.unwrap() {}
    assert_eq!(devices(&cluster).await, 150);
    browser.get(&path).await.holds("150 devices registered");
}

#[tokio::test]
async fn two_servers_at_one_import_do_nothing_twice() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut list = "os,tag\n".to_owned();
    for number in 0..400 {
        list.push_str(&format!("linux,L-{number}\n"));
    }
    let (path, _) = preview(&mut browser, list.as_bytes()).await;
    browser.post(&path, &[("do", "confirm")]).await;
    let run = |services: Arc<gatehouse_domain::Services>| async move {
        while services.imports.run_batch().await.unwrap() {}
    };
    let other = gatehouse_server::compose::compose(cluster.foundation()).await.unwrap().services;
    tokio::join!(run(Arc::clone(&cluster.services)), run(other));
    assert_eq!(devices(&cluster).await, 400);
    browser.get(&path).await.holds("400 devices registered").lacks("somebody else");
}

#[tokio::test]
async fn a_list_is_its_users_alone_and_lives_an_hour() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (first, _) = preview(&mut browser, b"os,tag\nlinux,A-1\n").await;
    let (path, _) = preview(&mut browser, b"os,tag\nlinux,A-2\n").await;
    browser.get(&first).await.holds("There is no such import any more").holds("import_not_found");

    let grant = cluster.host_admin().grant::<CreateUser>().unwrap();
    let spec = UserSpec { roles: vec!["editor".to_owned()], ..UserSpec::default() };
    let new = NewUser { name: "alice".to_owned(), spec };
    let (_, link) = cluster.services.accounts.create(&grant, new, None).await.unwrap();
    let mut alice = cluster.browser();
    let form = [("password", PASSWORD), ("password_again", PASSWORD)];
    alice.post(&format!("/web/signup/{}", link.unwrap().token.reveal()), &form).await;
    alice.sign_in("alice", PASSWORD).await;
    for answer in [alice.get(&path).await, alice.post(&path, &[("do", "confirm")]).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        answer.holds("import_not_found").lacks("A-2");
    }
    let report = alice.get(&format!("{path}/report.csv")).await;
    assert_eq!(report.status, StatusCode::NOT_FOUND);
    report.lacks("A-2");

    cluster.clock.advance(3600);
    browser.sign_in("root", PASSWORD).await;
    let late = browser.post(&path, &[("do", "confirm")]).await;
    late.holds("import_expired");
    cluster.clock.advance(1);
    cluster.services.retention.sweep().await.unwrap();
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(devices(&cluster).await, 0);
}

#[tokio::test]
async fn a_list_can_be_discarded() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let (path, _) = preview(&mut browser, b"os,tag\nlinux,A-1\n").await;
    browser.get(IMPORT).await.holds("list.csv").holds("not confirmed");
    let gone = browser.post(&path, &[("do", "discard")]).await;
    assert_eq!(gone.location(), IMPORT);
    browser.get(IMPORT).await.holds("discarded; nothing was written").lacks("list.csv");
}

#[tokio::test]
async fn wrong_columns_are_named() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let page = refused(&mut browser, b"hostname,ip\na,b\n", "import_columns").await;
    page.holds("os_type and asset_tag are missing").holds("\"hostname\", \"ip\"");
    refused(&mut browser, b"os,tag,Tag\nlinux,a,b\n", "import_columns").await.holds("\"Tag\" is the second");
    refused(&mut browser, b"os,tag\n", "import_empty").await;
    let none = browser.post(IMPORT, &[("do", "upload")]).await;
    none.holds("Choose a file or paste a list");
}

#[tokio::test]
async fn other_encodings_get_a_clear_message() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let page = refused(&mut browser, b"os,tag\nlinux,Ger\xe4t\n", "import_encoding").await;
    page.holds("line 2 cannot be read").holds("CSV UTF-8");
    refused(&mut browser, b"PK\x03\x04\x00\x00", "import_encoding").await.holds("not a text file");
    let utf16: Vec<u8> =
        "\u{feff}os\ttag\nlinux\tGerät-1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    preview(&mut browser, &utf16).await.1.holds("Gerät-1").holds("UTF-16");
}

#[tokio::test]
async fn a_hundred_thousand_lines_are_taken_and_not_one_more() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut list = "os,tag\n".to_owned();
    for number in 0..100_000 {
        list.push_str(&format!("linux,N-{number}\n"));
    }
    let (path, page) = preview(&mut browser, list.as_bytes()).await;
    page.holds("100,000 devices will be registered").holds("Page 1 of 1,000");
    assert!(page.body.len() < 100_000, "{}", page.body.len());
    browser.get(&format!("{path}?show=new&page=1000")).await.holds("N-99999");
    list.push_str("linux,more\n");
    refused(&mut browser, list.as_bytes(), "import_too_many_lines")
        .await
        .holds("Divide the list into several files");
    refused(&mut browser, &vec![b'x'; 9 * 1024 * 1024], "import_too_large").await;
}

#[tokio::test]
async fn formulas_and_markup_stay_text() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let list = "os,tag,source\nlinux,=cmd(),@SUM(A1)\nlinux,<script>alert(1)</script>,\nlinux,a\u{202e}b,\nlinux,x\u{200b}y,\n";
    let (path, page) = preview(&mut browser, list.as_bytes()).await;
    page.holds("=cmd()").holds("&lt;script&gt;").lacks("<script>alert");
    browser
        .get(&format!("{path}?show=bad-tag"))
        .await
        .holds("text-direction")
        .lacks("\u{202e}")
        .lacks("\u{200b}");
    browser.post(&path, &[("do", "confirm")]).await;
    work_off(&cluster).await;
    let report = browser.get(&format!("{path}/report.csv")).await;
    report.holds(",'=cmd(),").holds("'@SUM(A1)").lacks(",=cmd()");
    // And what was exported so comes back as it was.
    let exported = "os_type,asset_tag\nlinux,'=cmd()\n";
    preview(&mut browser, exported.as_bytes()).await.1.holds("Already there <strong>1</strong>");
}

#[tokio::test]
async fn a_pasted_list_needs_no_file_and_the_template_is_one() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let sent = browser.post(IMPORT, &[("do", "upload"), ("text", "os;tag\nlinux;P-1\n")]).await;
    browser.get(sent.location()).await.holds("P-1").holds("Pasted list");
    let template = browser.get("/web/devices/import/template.csv").await;
    let sent = browser.post(IMPORT, &[("do", "upload"), ("text", &template.body)]).await;
    browser.get(sent.location()).await.holds("C00BB0BBBB0B");
    let both = browser
        .upload(IMPORT, &[("do", "upload"), ("text", "os,tag\nlinux,KEPT\n")], "x.csv", b"os,tag\nlinux,A\n")
        .await;
    both.holds("import_ambiguous").holds("linux,KEPT");
}

/// A form of which nothing but the head ever arrives; tells when somebody waits for the rest.
fn endless(browser: &Browser<'_>, path: &str) -> (Request<Body>, oneshot::Receiver<()>) {
    let (waits, awaited) = oneshot::channel();
    let body = futures::stream::once(async move {
        let _ = waits.send(());
        std::future::pending::<Result<Vec<u8>, std::io::Error>>().await
    });
    let request = Request::post(path)
        .header("host", "gate.example:3080")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=x")
        .header("cookie", format!("__Host-gatehouse_session={}", browser.cookie.as_ref().unwrap()));
    (request.body(Body::from_stream(body)).unwrap(), awaited)
}

#[tokio::test]
async fn attack_large_forms_of_somebody_who_may_not_send_them_are_not_even_read() {
    let cluster = cluster().await;
    let root = cluster.admin().await;
    let mut bob = cluster.person("bob", &["access"]).await;
    let form = [("do", "save"), ("text", "kind: role"), ("revision", "x")];
    for path in [IMPORT, "/web/roles/~new", "/web/roles/access"] {
        let (request, _) = endless(&bob, path);
        let unread = cluster.send(request).await;
        assert_eq!(unread.status, StatusCode::FORBIDDEN, "{path}");
        unread.holds("not_allowed").holds("Ask an administrator for a role that allows it");
        // As if it had been.
        let read = bob.post(path, &form).await;
        assert_eq!(read.status, StatusCode::FORBIDDEN, "{path}");
        let answer = |page: &Page| {
            let (_, rest) = page.body.split_once("role=\"alert\"").unwrap();
            rest.split_once(" · request ").unwrap().0.to_owned()
        };
        assert_eq!(answer(&unread), answer(&read), "{path}");
    }
    // Of whoever may, it is waited for.
    let (request, awaited) = endless(&root, IMPORT);
    tokio::select! {
        page = cluster.send(request) => panic!("answered unread: {}", page.status),
        read = awaited => read.unwrap(),
    }
}

#[tokio::test]
async fn attack_more_large_files_at_once_than_are_read() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let ((first, of_first), (second, of_second)) = (endless(&root, IMPORT), endless(&root, IMPORT));
    {
        let (mut first, mut second) = (pin!(cluster.send(first)), pin!(cluster.send(second)));
        tokio::select! {
            _ = first.as_mut() => panic!("the first is done"),
            _ = second.as_mut() => panic!("the second is done"),
            read = futures::future::join(of_first, of_second) => assert!(read.0.is_ok() && read.1.is_ok()),
        }
        let others = async {
            let page = root.upload(IMPORT, &[("do", "upload")], "list.csv", b"os,tag\nlinux,A-1\n").await;
            assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(page.headers[RETRY_AFTER], "30");
            page.holds("uploads_busy").holds("Other large files are being read").holds("half a minute");
            // What is not large waits for nobody.
            let made = [("do", "create"), ("text", "kind: role\nversion: v1\nmetadata: {name: x}\n")];
            assert_eq!(root.post("/web/roles/~new", &made).await.location(), "/web/roles/x");
        };
        tokio::select! {
            _ = first => panic!("the first is done"),
            _ = second => panic!("the second is done"),
            () = others => {}
        }
    }
    preview(&mut root, b"os,tag\nlinux,A-1\n").await;
}

#[tokio::test]
async fn a_file_that_is_far_too_large_gets_words_before_it_is_read() {
    let cluster = cluster().await;
    let root = cluster.admin().await;
    let (mut request, _) = endless(&root, IMPORT);
    request.headers_mut().insert("content-length", "20000000".parse().unwrap());
    let page = cluster.send(request).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    page.holds("form_too_large").holds("Send at most 16384 kB at once").holds("The list");
}
