//! Buttons that copy.

use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use web_sys::Event;

use super::page::{announce, listen, nearest};

pub(super) fn start() {
    listen(&document(), "click", |event: Event| {
        let Some(button) = nearest(&event, "[data-copy]") else { return };
        let Some(text) = button.get_attribute("data-copy") else { return };
        spawn_local(async move {
            let copying = window().navigator().clipboard().write_text(&text);
            let words = match wasm_bindgen_futures::JsFuture::from(copying).await {
                Ok(_) => "Copied",
                // Not allowed here: the text can be selected.
                Err(_) => "Select it to copy",
            };
            if let Ok(Some(label)) = button.query_selector("span") {
                label.set_text_content(Some(words));
            }
            announce(words);
        });
    });
}
