//! The session ended, mostly in another tab, while something was typed into this page: the page stays and says so. Once the
//! same person is signed in again in this browser, its forms can be sent.

use std::cell::RefCell;

use gloo_net::http::Request;
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Document, Element, Event, HtmlElement, HtmlFormElement, SubmitEvent, Url};

use super::filled_in::is_filled_in;
use super::live;
use super::page::{announce, listen, parse};

const LOGIN: &str = "/web/login";
const NOTICE: &str = "session-ended";
const ENDED_WORDS: &str = "<p><strong>Your session has ended.</strong> What you typed is still here; nothing of it was sent.</p>\
    <p><a target=\"_blank\" rel=\"noopener\">Sign in again in a new tab</a>, then come back and send it.</p>";
const BACK_WORDS: &str = "<p>You are signed in again: what you typed can be sent now.</p>";
const OTHER_WORDS: &str = "<p><strong>Somebody else is signed in now</strong> than the one who typed this. Copy what you need, then \
    <a data-reload>load the page anew</a>.</p>";

thread_local! {
    /// Whose session it was: what was typed is theirs, whoever the page names by now.
    static ENDED_FOR: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Before `visit` listens: what is stopped here is not sent.
pub(super) fn start() {
    listen(&window(), "focus", |_: Event| {
        if has_ended() {
            spawn_local(async {
                let _ = is_back().await;
            });
        }
    });
    listen(&document(), "submit", submitted);
}

/// Where one signs in, to come back to the page that is shown: what was fetched may have been a part of it.
pub(super) fn sign_in() -> String {
    let here = window().location();
    let here = here.pathname().unwrap_or_default() + &here.search().unwrap_or_default();
    format!("{LOGIN}?next={}", js_sys::encode_uri_component(&here))
}

/// Whether the server sent the browser to sign in.
pub(super) fn is_sign_in(landed: &str) -> bool {
    Url::new(landed).is_ok_and(|url| url.pathname().starts_with(LOGIN))
}

/// Whether the page has to stay, because something on it would be lost; then it says so. Pages before signing in lead on.
pub(super) fn stays(landed: &str) -> bool {
    let Some(name) = viewer(&document()).filter(|_| is_sign_in(landed) && is_filled_in(None)) else {
        return false;
    };
    if !has_ended() {
        ENDED_FOR.set(Some(name));
        show("notice--warning", ENDED_WORDS, &sign_in());
    }
    true
}

/// Takes note of a page that was fetched with a session.
pub(super) fn saw(page: &Document) {
    let (Some(now), Some(then)) = (viewer(page), ENDED_FOR.with_borrow(Clone::clone)) else { return };
    if now != then {
        let here = window().location().href().unwrap_or_default();
        show("notice--warning", OTHER_WORDS, &here);
        return;
    }
    ENDED_FOR.set(None);
    renew_keys(page);
    show("notice--done", BACK_WORDS, "");
    live::connect(true);
}

/// What is sent while nobody is signed in waits until it is known that the same person is.
fn submitted(event: SubmitEvent) {
    let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
    let Some(form) = form.filter(|form| has_ended() && form.method().eq_ignore_ascii_case("post")) else {
        return;
    };
    event.prevent_default();
    let button = event.submitter();
    spawn_local(async move {
        if is_back().await {
            let _ = match button {
                Some(button) => form.request_submit_with_submitter(Some(&button)),
                None => form.request_submit(),
            };
        } else if let Some(notice) = notice() {
            announce(&notice.text_content().unwrap_or_default());
            let _ = notice.focus();
        }
    });
}

/// Asks for the page once more: whether it is open again, to the same person.
async fn is_back() -> bool {
    let Ok(here) = window().location().href() else { return false };
    let asked = Request::get(&here).header("accept", "text/html").header("gatehouse-unattended", "1").send();
    let Ok(response) = asked.await else { return false };
    if is_sign_in(&response.url()) {
        return false;
    }
    if let Ok(page) = response.text().await.map_err(|_| JsValue::NULL).and_then(|html| parse(&html)) {
        saw(&page);
    }
    !has_ended()
}

fn has_ended() -> bool {
    ENDED_FOR.with_borrow(Option::is_some)
}

fn viewer(page: &Document) -> Option<String> {
    page.query_selector("#viewer .user-menu__name").ok()??.text_content()
}

/// A form's key is good for one session: its like on the new page has one that serves.
fn renew_keys(page: &Document) {
    let of = |page: &Document| -> Vec<(String, Element)> {
        let found = page.query_selector_all("form [name=form_key]").ok();
        let keys = found.iter().flat_map(|found| (0..found.length()).filter_map(|at| found.get(at)));
        let named = keys.filter_map(|key| {
            let key = key.dyn_into::<Element>().ok()?;
            let form = key.closest("form").ok()??;
            let action = form.query_selector("[name=do]").ok()??.get_attribute("value")?;
            Some((format!("{action} {}", form.get_attribute("action")?), key))
        });
        named.collect()
    };
    let mut fresh = of(page);
    for (name, key) in of(&document()) {
        if let Some(at) = fresh.iter().position(|(other, _)| *other == name) {
            let (_, new) = fresh.remove(at);
            let _ = key.set_attribute("value", &new.get_attribute("value").unwrap_or_default());
        }
    }
}

fn notice() -> Option<HtmlElement> {
    document().get_element_by_id(NOTICE)?.dyn_into().ok()
}

/// Puts a notice at the top of the page, in the place of the one before; its link leads to `to`.
fn show(kind: &str, words: &str, to: &str) {
    if let Some(before) = notice() {
        before.remove();
    }
    let (Some(main), Ok(notice)) = (document().get_element_by_id("main"), document().create_element("div"))
    else {
        return;
    };
    let role = if kind == "notice--done" { "status" } else { "alert" };
    let class = format!("notice {kind} notice--stays");
    for (name, value) in [("id", NOTICE), ("class", &class), ("role", role), ("tabindex", "-1")] {
        let _ = notice.set_attribute(name, value);
    }
    notice.set_inner_html(words);
    if let Ok(Some(link)) = notice.query_selector("a") {
        let _ = link.set_attribute("href", to);
    }
    let _ = main.prepend_with_node_1(&notice);
}
