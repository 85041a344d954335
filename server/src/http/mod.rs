//! The browser's edge: makes a principal of the session's cookie, hands the request to the console's pages, forms and
//! server functions, and serves their files. No rule stands here.

mod api;
mod compression;
mod downloads;
mod events;
mod export;
mod forms;
mod headers;
mod inventory;
mod open_streams;
mod origin;
mod pages;
mod session;
mod site;
mod stylesheet;
mod visit;
mod web_confirm;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use gatehouse_app::{App, Assets, MAX_FORM};
use gatehouse_domain::Services;
use gatehouse_domain::ports::Random;
use http::StatusCode;
use open_streams::OpenStreams;
use tokio::sync::Semaphore;
use tower_http::limit::RequestBodyLimitLayer;

pub use site::Site;

/// What the console's routes work with.
#[derive(Clone)]
struct Console {
    services: Arc<Services>,
    random: Arc<dyn Random>,
    assets: Arc<Assets>,
    /// Host and port, as browsers and command lines name this cluster.
    public_address: Arc<str>,
    /// What a certificate of the server's own making is pinned by; empty for another.
    tls_pin: Arc<str>,
    streams: Arc<OpenStreams>,
    /// A turn for each large form that is being answered.
    large_forms: Arc<Semaphore>,
}

/// Everything that a browser can ask for.
pub fn router(
    services: Arc<Services>,
    random: Arc<dyn Random>,
    site: &Site,
    public_address: &str,
    tls_pin: Option<&str>,
) -> Router {
    let assets = Arc::new(site.assets().clone());
    let console = Console {
        services,
        random,
        assets,
        public_address: public_address.into(),
        tls_pin: tls_pin.unwrap_or_default().into(),
        streams: Arc::new(OpenStreams::default()),
        large_forms: Arc::new(Semaphore::new(forms::MAX_LARGE)),
    };
    let mut pages = Router::new();
    for route in leptos_axum::generate_route_list(App) {
        pages = pages.route(route.path(), get(pages::page));
    }
    for route in gatehouse_app::forms::posts() {
        pages = pages.route(route.path, forms::answer(route));
    }
    let guarded = pages
        .route("/", get(pages::home))
        .route("/web", get(pages::home))
        .route("/web/logout", get(pages::home))
        .route("/web/events", get(events::stream))
        .route(web_confirm::PATH, get(web_confirm::confirm))
        .route("/web/device/authorize/state", get(web_confirm::state))
        .route("/web/device/authorize/finish", get(web_confirm::finish))
        .route("/web/audit/export.jsonl", get(export::lines))
        .route("/web/devices/import/template.csv", get(downloads::import_template))
        .route("/web/devices/import/{id}/report.csv", get(downloads::import_report))
        .route("/web/devices/export.csv", get(inventory::export))
        .route("/web/devices/{id}/row", get(inventory::row))
        .route("/api/{*function}", post(api::call).layer(RequestBodyLimitLayer::new(MAX_FORM)))
        .fallback(pages::elsewhere)
        .layer(from_fn_with_state(console.clone(), session::layer))
        .layer(visit::layer(&console.services))
        .layer(from_fn(visit::guard))
        .layer(from_fn(origin::layer));
    guarded
        .merge(site.files())
        .layer(compression::layer())
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .layer(from_fn_with_state(Arc::clone(&console.random), headers::layer))
        .with_state(console)
}

/// For load balancers: whether this server can do its work, which takes a database with room to write.
async fn readyz(State(console): State<Console>) -> (StatusCode, &'static str) {
    let ready = console.services.readiness.check().await.unwrap_or_else(|error| {
        tracing::error!(%error, "the readiness check failed");
        false
    });
    match ready {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "storage cannot be written to\n"),
    }
}

/// For whoever starts it anew: whether this server answers, and reaches its database.
async fn healthz(State(console): State<Console>) -> (StatusCode, &'static str) {
    match console.services.preference.current().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(error) => {
            tracing::error!(%error, "the health check failed");
            (StatusCode::SERVICE_UNAVAILABLE, "storage is unavailable\n")
        }
    }
}
