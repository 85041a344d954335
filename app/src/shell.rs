use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::MetaTags;

use crate::App;

/// Addresses of what a page loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    pub stylesheet: String,
    pub icon: String,
    /// JavaScript and WASM of the islands; pages work without.
    pub islands: Option<IslandFiles>,
}

/// Addresses of the islands' two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IslandFiles {
    pub js: String,
    pub wasm: String,
}

/// Runs before anything is painted: the chosen theme must not flash up late, and what only works with scripts is shown
/// only with them. `gatehouse-theme` is what the theme switch stores.
const FIRST_SCRIPT: &str = r#"document.documentElement.dataset.scripts="on";try{const t=localStorage.getItem("gatehouse-theme");if(t==="light"||t==="dark")document.documentElement.dataset.theme=t}catch{}"#;

/// The HTML document around the console.
pub fn shell(assets: &Assets) -> impl IntoView + use<> {
    let nonce = use_nonce();
    let islands = assets.islands.clone().map(|files| {
        let start = start_script(&files);
        let (js, wasm, nonce) = (files.js, files.wasm, nonce.clone());
        view! {
            <link rel="modulepreload" href=js/>
            <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
            <script type="module" nonce=nonce inner_html=start></script>
        }
    });
    let Assets { stylesheet, icon, .. } = assets.clone();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href=icon r#type="image/svg+xml"/>
                <link rel="stylesheet" href=stylesheet/>
                <script nonce=nonce inner_html=FIRST_SCRIPT></script>
                {islands}
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// Loads the module and wakes every island of the page, and later those of what is swapped in; `data-islands` says
/// when that is done.
fn start_script(files: &IslandFiles) -> String {
    // The names are of hexadecimal digits and dots: nothing to escape.
    format!(
        r#"import("{}").then(async m=>{{const wake=async r=>{{for(const e of r.querySelectorAll("leptos-island")){{const w=m[e.dataset.component];if(w)await w(e)}}}};await m.default({{module_or_path:"{}"}});m.hydrate();await wake(document);document.addEventListener("gatehouse:swapped",e=>wake(e.target));document.documentElement.dataset.islands="ready";performance.mark("islands-ready")}})"#,
        files.js, files.wasm
    )
}
