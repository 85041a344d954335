//! Forms that send themselves when something is chosen or typed: `data-auto`.

use std::cell::RefCell;

use gloo_timers::callback::Timeout;
use leptos::prelude::document;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, HtmlFormElement};

use super::page::{listen, nearest};

/// From the last key to the search.
const PAUSE_MS: u32 = 250;

thread_local! {
    static WAITING: RefCell<Option<Timeout>> = const { RefCell::new(None) };
}

pub(super) fn start() {
    listen(&document(), "input", |event: Event| send_soon(&event, PAUSE_MS));
    listen(&document(), "change", |event: Event| send_soon(&event, 0));
}

fn send_soon(event: &Event, pause_ms: u32) {
    let Some(form) = nearest(event, "form[data-auto]") else { return };
    let is_text = nearest(event, "input[type=text], input[type=search]").is_some();
    // The change of a text is its last key, which was heard.
    if (pause_ms == 0) == is_text {
        return;
    }
    WAITING.with_borrow_mut(|waiting| *waiting = Some(Timeout::new(pause_ms, move || send(&form))));
}

fn send(form: &Element) {
    if let Some(form) = form.dyn_ref::<HtmlFormElement>()
        && form.is_connected()
    {
        let _ = form.request_submit();
    }
}
