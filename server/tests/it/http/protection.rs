use std::fs;

use axum::body::Body;
use gatehouse_model::SecondFactor;
use gatehouse_model::resource::PreferenceSpec;
use gatehouse_server::http::Site;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, SET_COOKIE,
};
use http::{Request, StatusCode};

use super::browser::{PASSWORD, cluster, cluster_with};

#[tokio::test]
async fn every_answer_holds_the_browser_back() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let mut policies = std::collections::HashSet::new();
    for path in
        ["/web/devices", "/web/devices", "/web/login", "/web/nowhere", "/healthz", "/favicon.svg", "/pkg/x"]
    {
        let page = browser.get(path).await;
        let header = |name: &str| page.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap();
        for part in [
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "'wasm-unsafe-eval'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline"), "{policy}");
        assert!(policies.insert(policy), "a nonce serves once");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert_eq!(header("referrer-policy").as_deref(), Some("no-referrer"));
        assert!(header("strict-transport-security").unwrap().starts_with("max-age="));
        assert!(header("permissions-policy").unwrap().contains("camera=()"));
        assert!(header("cache-control").is_some(), "{path}");
    }
}

#[tokio::test]
async fn pages_run_named_scripts_alone_and_are_not_stored() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    for path in ["/web/devices", "/web/account", "/web/nowhere"] {
        let page = browser.get(path).await;
        assert_eq!(page.headers[CACHE_CONTROL], "no-store", "{path}");
        let policy = page.headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        let (_, rest) = policy.split_once("'nonce-").unwrap();
        let (nonce, _) = rest.split_once('\'').unwrap();
        let scripts = page.body.matches("<script").count();
        let named = page.body.matches(&format!("nonce=\"{nonce}\"")).count();
        assert!(scripts > 0 && scripts == named, "{path}: {scripts} scripts, {named} named\n{}", page.body);
        for inline in [" onclick", " onload", " onsubmit", " style=", "javascript:"] {
            page.lacks(inline);
        }
    }
}

#[tokio::test]
async fn what_other_sites_send_changes_nothing() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let cookie = browser.cookie.clone().unwrap();
    let foreign: [&[(&str, &str)]; 4] = [
        &[],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://gate.example")],
    ];
    for headers in foreign {
        for path in ["/web/logout", "/web/login", "/api/viewer", "/web/nowhere"] {
            let mut request = Request::post(path)
                .header("host", "gate.example:3080")
                .header("cookie", format!("__Host-gatehouse_session={cookie}"))
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let body = format!("user=root&password={}", PASSWORD.replace(' ', "+"));
            let page = cluster.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
            page.holds("This request did not come from a page of this server, so nothing was done.");
            assert!(!page.headers.contains_key(SET_COOKIE));
        }
    }
    assert_eq!(browser.get("/web/devices").await.status, StatusCode::OK, "still signed in");

    // An old browser, that names its page's origin alone.
    let request = Request::post("/web/logout")
        .header("host", "gate.example:3080")
        .header("cookie", format!("__Host-gatehouse_session={cookie}"))
        .header("origin", "https://gate.example:3080");
    let page = cluster.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.location(), "/web/login?done=signed-out");
}

#[tokio::test]
async fn large_and_malformed_forms_are_refused() {
    let cluster = cluster().await;
    let mut browser = cluster.admin().await;
    let large = "x".repeat(70_000);
    let page = browser.post("/web/login", &[("user", &large), ("password", "x")]).await;
    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
    page.holds("form_too_large").holds("Send at most 64 kB at once").holds("<title>Sign in");

    let streamed = Request::post("/web/login")
        .header("sec-fetch-site", "same-origin")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from_stream(futures::stream::iter(
            (0..80).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 1024])),
        )))
        .unwrap();
    let page = cluster.send(streamed).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "a length that nobody announced");
    page.holds("The form is larger than this address takes");

    for (kind, body) in [("application/json", "{}"), ("application/x-www-form-urlencoded", "user=%ff%fe")] {
        let request = Request::post("/web/login")
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, kind)
            .body(Body::from(body))
            .unwrap();
        let page = cluster.send(request).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        page.holds("malformed_form").holds("Sign in");
    }
}

#[tokio::test]
async fn unknown_addresses_have_a_page() {
    let cluster = cluster().await;
    let mut browser = cluster.browser();
    for path in ["/web/nowhere", "/nowhere", "/web/devices/x/y", "/api"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.holds("<title>Page not found · Gatehouse</title>").holds("To the devices");
    }
    let page = browser.post("/api/nowhere", &[]).await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    page.holds(r#""code":"not_found""#);
    assert_eq!(browser.post("/web/nowhere", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
    assert_eq!(browser.get("/readyz").await.body, "ready\n");
}

#[tokio::test]
async fn the_stylesheet_is_built_in() {
    let cluster = cluster().await;
    let mut browser = cluster.browser();
    let page = browser.get("/web/login").await;
    let (_, rest) = page.body.split_once(r#"rel="stylesheet" href=""#).unwrap();
    let (address, _) = rest.split_once('"').unwrap();
    page.lacks("modulepreload");
    let sheet = browser.get(address).await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert_eq!(sheet.headers[CONTENT_TYPE], "text/css; charset=utf-8");
    assert_eq!(sheet.headers[CACHE_CONTROL], "public, max-age=31536000, immutable");
    sheet.holds("--accent").holds(".table");
    let missing = browser.get("/pkg/gatehouse.0000.css").await;
    assert_eq!(
        (missing.status, &missing.headers[CACHE_CONTROL]),
        (StatusCode::NOT_FOUND, &"no-store".parse().unwrap())
    );
}

#[tokio::test]
async fn a_built_site_brings_the_islands() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("pkg");
    fs::create_dir(&package).unwrap();
    assert!(Site::open(folder.path()).is_none(), "no manifest, no site");
    for (name, content) in
        [("gatehouse.1.js", "js"), ("gatehouse.2.wasm", "wasm"), ("gatehouse.2.wasm.br", "compressed")]
    {
        fs::write(package.join(name), content).unwrap();
    }
    fs::write(folder.path().join("secret"), "secret").unwrap();
    let manifest =
        r#"{"js": "pkg/gatehouse.1.js", "wasm": "pkg/gatehouse.2.wasm", "css": "pkg/gatehouse.3.css"}"#;
    fs::write(folder.path().join("manifest.json"), manifest).unwrap();
    let site = Site::open(folder.path()).unwrap();
    let preference = PreferenceSpec { second_factor: Some(SecondFactor::Off), ..PreferenceSpec::default() };
    let cluster = cluster_with(preference, &site).await;

    let page = cluster.browser().get("/web/login").await;
    page.holds(r#"rel="modulepreload" href="/pkg/gatehouse.1.js""#)
        .holds(r#"import("/pkg/gatehouse.1.js")"#)
        .holds("<leptos-island");
    let wasm = || Request::get("/pkg/gatehouse.2.wasm");
    let plain = cluster.send(wasm().body(Body::empty()).unwrap()).await;
    assert_eq!(
        (plain.body.as_str(), &plain.headers[CONTENT_TYPE]),
        ("wasm", &"application/wasm".parse().unwrap())
    );
    assert!(plain.headers[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
    let request = wasm().header(ACCEPT_ENCODING, "gzip, br").body(Body::empty()).unwrap();
    let compressed = cluster.send(request).await;
    assert_eq!(
        (compressed.body.as_str(), &compressed.headers[CONTENT_ENCODING]),
        ("compressed", &"br".parse().unwrap())
    );
    for path in ["/pkg/../secret", "/pkg/%2e%2e/secret", "/pkg/..%2fsecret", "/pkg/", "/pkg//etc/passwd"] {
        let page = cluster.browser().get(path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.lacks("secret\n").lacks("root:");
    }

    let hostile = r#"{"js": "pkg/\");alert(1)//.js", "wasm": "pkg/gatehouse.2.wasm"}"#;
    fs::write(folder.path().join("manifest.json"), hostile).unwrap();
    assert!(Site::open(folder.path()).is_none());
}

#[tokio::test]
async fn attack_other_spellings_of_a_pages_address() {
    let cluster = cluster().await;
    let (mut stranger, mut root) = (cluster.browser(), cluster.admin().await);
    for path in [
        "/web/./devices",
        "/web/login/../devices",
        "/web/devices/%2e%2e/login",
        "/web//devices",
        "/web/%64evices",
        "/WEB/devices",
        "/web/devices//",
    ] {
        for browser in [&mut stranger, &mut root] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
            page.holds("There is nothing at this address");
        }
    }
    // A slash too many is somebody's slip.
    for browser in [&mut stranger, &mut root] {
        let page = browser.get("/web/devices/?q=a").await;
        assert_eq!((page.status, page.location()), (StatusCode::PERMANENT_REDIRECT, "/web/devices?q=a"));
        assert_eq!(browser.get("//evil.example/").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn attack_a_request_that_names_two_hosts() {
    let cluster = cluster().await;
    let request =
        Request::get("/web/login").header("host", "gate.example:3080").header("host", "evil.example");
    let page = cluster.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    page.holds("a request names one host");
}

#[tokio::test]
async fn who_may_not_add_devices_is_told_before_the_form() {
    let cluster = cluster().await;
    cluster.admin().await.get("/web/devices/add").await.holds(r#"name="asset_tag""#);
    let page = cluster.person("alice", &["access"]).await.get("/web/devices/add").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    page.holds("You cannot add devices").lacks(r#"name="asset_tag""#);
}
