use crate::client::{config, get};
use crate::harness::start;

#[tokio::test]
async fn every_answer_names_its_request() {
    let server = start().await;
    let client = config(&server.certificate, &["http/1.1"], None);
    let mut seen = std::collections::HashSet::new();
    for path in ["/probe", "/probe", "/nothing-here", "/signup/secret"] {
        let answer = get(server.address, &client, path).await.unwrap();
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
        assert!(seen.insert(id), "ids are unique");
    }
}

#[tokio::test]
async fn headers_have_a_limit() {
    let server = start().await;
    for alpn in ["h2", "http/1.1"] {
        let client = config(&server.certificate, &[alpn], None);
        let long = format!("/probe?{}", "a".repeat(100_000));
        let refused = get(server.address, &client, &long).await;
        assert!(refused.is_err() || !refused.unwrap().body.contains("router"), "{alpn}");
    }
}
