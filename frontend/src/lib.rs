//! Starts the console's islands in the browser, nothing else.

// Named although nothing is called: without it the linker drops the islands.
use gatehouse_app as _;
use wasm_bindgen::prelude::wasm_bindgen;

/// Called by the page once the WASM module is loaded.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
}
