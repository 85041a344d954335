//! Nobody else's page may make a browser change anything here.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

/// Set by browsers, out of the reach of scripts: from where a request comes.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const REFUSAL: &str = "This request did not come from a page of this server, so nothing was done.\n\
    Open the console itself and try again there. A program must send the header `Origin: https://<this host>`.\n";

pub(super) async fn layer(request: Request, next: Next) -> Response {
    // RFC 9112 section 3.2. Of two, whoever stands before this server may have believed the other.
    if request.headers().get_all(HOST).iter().nth(1).is_some() {
        return (StatusCode::BAD_REQUEST, "a request names one host\n").into_response();
    }
    let changes_nothing = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes_nothing || is_own(&request) {
        return next.run(request).await;
    }
    tracing::info!(method = %request.method(), "refused a request from elsewhere");
    (StatusCode::FORBIDDEN, REFUSAL).into_response()
}

fn is_own(request: &Request) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        // `none` is the person at the browser, not a page.
        return site == "same-origin" || site == "none";
    }
    // Browsers that are too old to say it name their page's origin.
    let host = request.uri().authority().map(http::uri::Authority::as_str).or_else(|| text(headers, &HOST));
    let origin = text(headers, &ORIGIN).and_then(|origin| origin.strip_prefix("https://"));
    host.zip(origin).is_some_and(|(host, origin)| host.eq_ignore_ascii_case(origin))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let mut request = http::Request::post("/web/login").header("host", "gate.example:3080");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn only_own_pages_count() {
        for own in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("sec-fetch-site", "none")],
            // With no referrer, a browser sends a null origin along.
            &[("sec-fetch-site", "same-origin"), ("origin", "null")],
            &[("origin", "https://gate.example:3080")],
            &[("origin", "https://GATE.example:3080")],
        ] {
            assert!(is_own(&request(own)), "{own:?}");
        }
        for foreign in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://gate.example:3080")],
            &[("origin", "null")],
            &[("origin", "http://gate.example:3080")],
            &[("origin", "https://gate.example")],
            &[("origin", "https://evil.example")],
        ] {
            assert!(!is_own(&request(foreign)), "{foreign:?}");
        }
    }
}
