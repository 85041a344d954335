//! Files that pages load. The islands' are built by `cargo xtask wasm`; without them pages work, only plainer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::handler::HandlerWithoutStateExt as _;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use gatehouse_app::{Assets, IslandFiles};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{StatusCode, Uri};
use tower_http::services::ServeDir;

use super::stylesheet;

/// Names the folder of the built site, if it does not lie beside the program.
const FOLDER_VARIABLE: &str = "GATEHOUSE_SITE";
/// In the folder: which file is which.
const MANIFEST: &str = "manifest.json";

const ICON: &str = include_str!("icon.svg");
const ICON_PATH: &str = "/favicon.svg";

/// Files and their addresses.
#[derive(Clone, Debug)]
pub struct Site {
    /// The folder behind `/pkg/`.
    package: Option<PathBuf>,
    assets: Assets,
    stylesheet: String,
}

impl Site {
    /// The built site: where the environment says, else `site` beside the program or beside its folder. The bare site
    /// where there is none.
    #[must_use]
    pub fn find() -> Self {
        let named = std::env::var_os(FOLDER_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let folders = match named {
            Some(folder) => vec![folder],
            None => beside_the_program(),
        };
        match folders.iter().find_map(|folder| Self::open(folder)) {
            Some(site) => site,
            None => {
                tracing::info!(?folders, "the console runs without islands: no built site was found");
                Self::bare()
            }
        }
    }

    /// The site built into this folder, if it is one.
    #[must_use]
    pub fn open(folder: &Path) -> Option<Self> {
        let manifest = std::fs::read(folder.join(MANIFEST)).ok()?;
        let files: BTreeMap<String, String> = serde_json::from_slice(&manifest).ok()?;
        let address = |ending: &str| {
            let file = files.get(ending)?;
            // The names are written into a script.
            let is_plain = file.strip_prefix("pkg/").is_some_and(|name| {
                name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
            });
            (is_plain && folder.join(file).is_file()).then(|| format!("/{file}"))
        };
        let islands = IslandFiles { js: address("js")?, wasm: address("wasm")? };
        let mut site = Self::bare();
        site.assets.islands = Some(islands);
        site.package = Some(folder.join("pkg"));
        Some(site)
    }

    /// No islands, only what is built into this program.
    #[must_use]
    pub fn bare() -> Self {
        let stylesheet = stylesheet::text();
        let assets = Assets {
            stylesheet: format!("/pkg/{}", stylesheet::file_name(&stylesheet)),
            icon: ICON_PATH.to_owned(),
            islands: None,
        };
        Self { package: None, assets, stylesheet }
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.assets
    }

    /// Routes of the files.
    pub(super) fn files<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (path, text) = (self.assets.stylesheet.clone(), self.stylesheet.clone());
        let built_in = move |uri: Uri| async move {
            // `/pkg` is cut off by the nesting.
            if path.strip_prefix("/pkg") == Some(uri.path()) {
                ([(CONTENT_TYPE, "text/css; charset=utf-8")], text).into_response()
            } else {
                (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response()
            }
        };
        let package = match &self.package {
            Some(folder) => Router::new().fallback_service(
                ServeDir::new(folder)
                    .append_index_html_on_directories(false)
                    .precompressed_br()
                    .fallback(built_in.into_service()),
            ),
            None => Router::new().fallback(built_in),
        };
        let icon =
            || async { ([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")], ICON) };
        Router::new().nest("/pkg", package.layer(from_fn(keep))).route(ICON_PATH, get(icon))
    }
}

fn beside_the_program() -> Vec<PathBuf> {
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    folder.map(|folder| vec![folder.join("site"), folder.join("../site")]).unwrap_or_default()
}

/// A name with a hash stands for one content for ever.
async fn keep(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let value = HeaderValue::from_static("public, max-age=31536000, immutable");
        response.headers_mut().insert(CACHE_CONTROL, value);
    }
    response
}
