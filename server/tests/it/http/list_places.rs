//! The place of a page in its list: damaged, old or of another list, it gets the same answer everywhere.

use gatehouse_domain::authz::CreateEnrollToken;
use gatehouse_domain::device::TokenTerms;
use gatehouse_model::OsType;
use http::StatusCode;

use super::browser::{Browser, cluster};

/// Every list that comes in pages, and parameters of its address that name no place of it.
const LISTS: [(&str, &[&str]); 13] = [
    ("/web/devices?os=linux", &["page=rubbish", "page=e30", "after=zzz", "before=1", "page=%00"]),
    ("/web/users?q=b", &["after=%00", "after=a+b", "before=%3Cb%3E", "after=ann&before=bob"]),
    ("/web/sessions?user=root", &["after=zzz", "after=1700000000000000.x", "after=%00", "after=e30"]),
    ("/web/account/sessions?x=y", &["after=zzz", "after=1700000000000000.x", "after=e30"]),
    ("/web/account?x=y", &["after=zzz", "after=e30", "after=%00"]),
    ("/web/tokens?state=all", &["before=stale", "before=e30", "before=%00"]),
    ("/web/locks?state=expired", &["after=rubbish", "after=e30", "after=%00"]),
    ("/web/audit?outcome=done", &["before=x", "after=x", "before=-1", "before=0", "after=%00", "before=1e3"]),
    ("/web/devices/ship-ahead?x=y", &["after=zzz", "after=e30", "after=%00"]),
    ("/web/reviews?x=y", &["after=zzz", "after=e30", "after=%00"]),
    ("/web/reviews?state=decided", &["after=zzz", "after=e30", "after=%00"]),
    ("/web/settings/locked-out?mode=required", &["after=%00", "after=a+b"]),
    // Its id stands in the address; see below.
    ("/web/devices/import/<id>?show=new", &["page=x", "page=0", "page=-1", "page=99999999999999999999"]),
];

async fn import(browser: &mut Browser<'_>) -> String {
    let list = b"os_type,asset_tag\nlinux,PF000009\n";
    let done = browser.upload("/web/devices/import", &[("do", "upload")], "list.csv", list).await;
    let (_, id) = done.location().rsplit_once('/').unwrap();
    id.to_owned()
}

#[tokio::test]
async fn damaged_places_get_the_same_page_in_every_list() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    cluster.person("bob", &["access"]).await;
    let device = cluster.register(OsType::Linux, "PF000001").await;
    let grant = cluster.host_admin().grant::<CreateEnrollToken>().unwrap();
    let terms = TokenTerms { expires: None, note: String::new() };
    cluster.services.tokens.create(&grant, &device, terms).await.unwrap();
    let id = import(&mut root).await;
    for (list, bad) in LISTS {
        let list = list.replace("<id>", &id);
        assert_eq!(root.get(&list).await.status, StatusCode::OK, "{list}");
        for place in bad {
            let address = format!("{list}&{place}");
            let page = root.get(&address).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}: {}", page.text());
            page.holds("This place in the list is not there")
                .holds("page_token_invalid")
                .holds("Begin at the first page of the list")
                .holds(&format!(
                    r#"href="{}" class="button">First page of the list"#,
                    list.replace('&', "&amp;")
                ))
                .lacks("<tbody>");
        }
    }
}

#[tokio::test]
async fn a_place_of_an_earlier_list_gets_the_same_page() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    for number in 0..51 {
        cluster.register(OsType::Linux, &format!("TAG-{number:03}")).await;
    }
    let page = root.get("/web/devices").await.text();
    let (_, token) = page.split_once("/web/devices?page=").unwrap();
    let token = token.split('"').next().unwrap();
    let page = root.get(&format!("/web/devices?sort=-tag&page={token}")).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("This place in the list is not there")
        .holds("page_token_stale")
        .holds(r#"href="/web/devices?sort=-tag" class="button">First page of the list"#);
}

#[tokio::test]
async fn what_no_list_can_be_asked_for_is_refused_with_a_status_that_says_so() {
    let cluster = cluster().await;
    let mut root = cluster.admin().await;
    let id = import(&mut root).await;
    for (address, code) in [
        ("/web/audit?since=tomorrow", "invalid_time"),
        ("/web/audit?until=%00", "invalid_time"),
        ("/web/audit?outcome=perhaps", "invalid_outcome"),
        ("/web/settings/locked-out?mode=perhaps", "invalid_setting"),
        ("/web/settings/locked-out", "invalid_setting"),
        ("/web/locks?state=lost", "invalid_filter"),
        ("/web/tokens?state=lost", "token_state_unknown"),
        ("/web/devices?os=beos", "invalid_filter"),
        ("/web/sessions?user=a+b", "invalid_user_name"),
        (&format!("/web/devices/import/{id}?show=lost"), "invalid_filter"),
    ] {
        let page = root.get(address).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{address}: {}", page.text());
        page.holds(code).holds("request");
    }
}
