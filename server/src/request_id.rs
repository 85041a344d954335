//! An id for every request, by which a user's error report finds its log lines.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use gatehouse_domain::ports::{Clock, Random, id_bytes};
use gatehouse_model::Timestamp;
use http::HeaderValue;
use tracing::Instrument as _;

use crate::connection_info::{Channel, ConnectionInfo};

/// Header of the answer that carries the id.
pub const HEADER: &str = "x-request-id";

/// The id of a request; an extension of every request and answer. Made by the server: what clients send is ignored.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    fn new(now: Timestamp, random: &dyn Random) -> Self {
        Self(hex::encode(id_bytes(now, random)).into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Puts the router behind the layer that names requests, echoes the id and logs each answer.
pub fn assign(router: axum::Router, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> axum::Router {
    router.layer(axum::middleware::from_fn_with_state((clock, random), layer))
}

async fn layer(
    State((clock, random)): State<(Arc<dyn Clock>, Arc<dyn Random>)>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::new(clock.now(), &*random);
    let span = tracing::info_span!("request", id = %id);
    let (method, route) = (request.method().clone(), route(&request));
    let channel = request.extensions().get::<ConnectionInfo>().map(|info| info.channel);
    request.headers_mut().remove(HEADER);
    request.extensions_mut().insert(id.clone());
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    tracing::debug!(
        parent: &span,
        %method,
        route,
        channel = channel.map_or("none", Channel::as_str),
        status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered a request"
    );
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    response.extensions_mut().insert(id);
    response
}

/// The pattern of the route, never the path itself: paths hold one-time tokens. A gRPC path has none, and its
/// pattern would not tell the method.
fn route(request: &Request) -> String {
    let info = request.extensions().get::<ConnectionInfo>();
    let is_grpc = info.is_some_and(|info| !matches!(info.channel, Channel::Browser { .. }));
    match request.extensions().get::<MatchedPath>() {
        Some(_) if is_grpc => gatehouse_model::clean_label(request.uri().path()),
        Some(pattern) => pattern.as_str().to_owned(),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Mutex;

    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::environment::{SystemClock, SystemRandom};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn the_log_tells_the_route_and_the_id_but_no_secret_of_the_path() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let router = axum::Router::new().route("/web/signup/{token}", get(|| async { "" }));
        let router = assign(router, Arc::new(SystemClock), Arc::new(SystemRandom::new()));
        let mut ids = Vec::new();
        for path in ["/web/signup/s3cret?code=s3cret", "/s3cret", "/web/signup/s3cret/s3cret"] {
            let request = Request::get(path)
                .header(HEADER, "s3cret")
                .header("cookie", "s3cret")
                .body(Body::empty())
                .unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            ids.push(response.headers()[HEADER].to_str().unwrap().to_owned());
        }
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("route=\"/web/signup/{token}\""), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
        for id in ids {
            assert!(text.contains(&id), "{text}");
        }
    }
}
