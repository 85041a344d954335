//! Announced TPMs in the console: what a list would do, and what it did.

use http::StatusCode;

use super::browser::cluster;

const PATH: &str = "/web/devices/ship-ahead";

#[tokio::test]
async fn a_list_is_shown_before_anything_is_announced() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    browser.get(PATH).await.holds("No TPM is announced").holds("do not enrol yet").holds("ek_sha256");
    let (one, two) = ("ab".repeat(32), "cd".repeat(32));
    let wrong = format!("ek_sha256,owner\n{one},\nxyz,\n{two},nobody\n");
    let page = browser.upload(PATH, &[("do", "preview")], "list.csv", wrong.as_bytes()).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.holds("2 lines are wrong").holds("64 hexadecimal digits").holds("no user").lacks("Announce them");

    let list = format!("ek_sha256,note\n{one},Order \"4711\"\n{two},\n");
    let page = browser.upload(PATH, &[("do", "preview")], "list.csv", list.as_bytes()).await;
    page.holds("2 TPMs would be announced").holds("Announce them").holds("No TPM is announced");
    let done = browser.post(PATH, &[("do", "import"), ("text", &list)]).await;
    assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, PATH), "{}", done.body);
    let page = browser.get(PATH).await;
    page.holds("2 TPMs announced").holds(&one).holds("Order").holds("waits");
    let again = browser.post(PATH, &[("do", "preview"), ("text", &list)]).await;
    again.holds("All of these TPMs are announced already");
}

#[tokio::test]
async fn an_announcement_is_taken_back_once() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let list = format!("ek_sha256\n{}\n", "ab".repeat(32));
    browser.post(PATH, &[("do", "import"), ("text", &list)]).await;
    let page = browser.get(PATH).await;
    let (_, rest) = page.body.split_once("name=\"id\" value=\"").unwrap();
    let id = rest.split('"').next().unwrap().to_owned();
    browser.post(PATH, &[("do", "remove"), ("id", &id)]).await;
    browser.get(PATH).await.holds("is taken back").holds("No TPM is announced");
    browser.post(PATH, &[("do", "remove"), ("id", &id)]).await;
    browser.get(PATH).await.holds("had been taken back before");
}

#[tokio::test]
async fn bad_lists_come_back_with_what_is_wrong() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    for text in ["", "tag\nx\n", "ek_sha256\n"] {
        let page = browser.post(PATH, &[("do", "preview"), ("text", text)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{text:?}");
        page.holds("ship_ahead_list").holds("role=\"alert\"");
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let eks: String = (0..60).map(|n| format!("{n:064x}\n")).collect();
    browser.post(PATH, &[("do", "import"), ("text", &format!("ek_sha256\n{eks}"))]).await;
    let rows = |page: &str| (0..60).filter(|n| page.contains(&format!("{n:064x}"))).collect::<Vec<usize>>();
    let first = browser.get(PATH).await;
    first.holds("Next page").lacks("First page");
    assert_eq!(rows(&first.body).len(), 50);
    let (_, rest) = first.body.split_once(r#"href="/web/devices/ship-ahead?after="#).unwrap();
    let second = browser.get(&format!("{PATH}?after={}", rest.split('"').next().unwrap())).await;
    second.holds("First page").lacks("Next page");
    let mut all = [rows(&first.body), rows(&second.body)].concat();
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>());
}
