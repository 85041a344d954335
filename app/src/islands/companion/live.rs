//! What is shown stays true: the server names topics that have changed (`/web/events`), and every element that names
//! one of them in `data-live` is fetched again, from `data-live-from` or from the page itself, and put in its own
//! place. Nothing else moves.
//!
//! What changes with time alone says so: `data-live-after` is when to look again, in seconds. What has come to its end says
//! where the browser goes on to: `data-go`.

use std::cell::RefCell;
use std::collections::BTreeSet;

use futures::StreamExt as _;
use gloo_net::eventsource::futures::EventSource;
use gloo_net::http::Request;
use gloo_timers::callback::Timeout;
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Event, HtmlElement};

use super::filled_in::is_filled_in;
use super::page::{listen, parse, swapped};
use super::session_end;

const ADDRESS: &str = "/web/events";
/// Topic that stands for all.
const EVERYTHING: &str = "everything";
/// Changes so close together are fetched together.
const GATHER_MS: u32 = 120;
/// The session's cookie has just been renewed, and this browser is about to have the new one.
const RENEWED_MS: u32 = 400;
const CONFLICT: u16 = 409;
const NOT_FOUND: u16 = 404;

thread_local! {
    static WAITING: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
    static TIMER: RefCell<Option<Timeout>> = const { RefCell::new(None) };
    /// Grows with every connection, so that an old one knows that it is over.
    static CONNECTION: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

pub(super) fn start() {
    let is_signed_in = document()
        .get_element_by_id("layout")
        .and_then(|layout| layout.get_attribute("data-layout"))
        .is_some_and(|layout| layout == "console");
    if !is_signed_in {
        return;
    }
    look_again_later(document().document_element());
    listen(&document(), "gatehouse:swapped", |event: Event| {
        look_again_later(event.target().and_then(|target| target.dyn_into().ok()));
    });
    if !document().hidden() {
        connect(false);
    }
    // Browsers open few connections to one server: only what is looked at holds one.
    listen(&document(), "visibilitychange", |_: Event| {
        if document().hidden() {
            CONNECTION.set(CONNECTION.get() + 1);
        } else {
            connect(true);
        }
    });
}

/// Sets a clock for what says that it changes with time.
fn look_again_later(root: Option<Element>) {
    let Some(root) = root else { return };
    let mut clocks = Vec::new();
    if root.has_attribute("data-live-after") {
        clocks.push(root.clone());
    }
    if let Ok(found) = root.query_selector_all("[data-live-after]") {
        clocks.extend((0..found.length()).filter_map(|index| found.get(index)?.dyn_into::<Element>().ok()));
    }
    for element in clocks {
        let secs = element.get_attribute("data-live-after").and_then(|secs| secs.parse::<u32>().ok());
        let Some(secs) = secs.filter(|secs| *secs > 0) else { continue };
        Timeout::new(secs.saturating_mul(1000), move || {
            if element.is_connected() {
                let names = element.get_attribute("data-live").unwrap_or_default();
                expect(names.split(' ').take(1));
                // Where nothing has changed, the element stays, and with it the wish to look again.
                look_again_later(Some(element));
            }
        })
        .forget();
    }
}

/// Listens until the page is hidden. What happened in between was missed.
pub(super) fn connect(has_missed: bool) {
    let mine = CONNECTION.get() + 1;
    CONNECTION.set(mine);
    spawn_local(async move {
        let Ok(mut source) = EventSource::new(ADDRESS) else { return };
        let (Ok(hello), Ok(changed)) = (source.subscribe("hello"), source.subscribe("changed")) else {
            return;
        };
        let mut heard = futures::stream::select(hello, changed);
        let mut has_missed = has_missed;
        // An error is a lost connection, which the browser makes anew; then it is greeted again.
        while let Some(message) = heard.next().await {
            if CONNECTION.get() != mine {
                break;
            }
            let Ok((kind, message)) = message else { continue };
            if kind == "hello" {
                if has_missed {
                    expect([EVERYTHING]);
                }
                has_missed = true;
            } else if let Some(topics) = message.data().as_string() {
                expect(topics.split(' '));
            }
        }
        source.close();
    });
}

fn expect<'t>(topics: impl IntoIterator<Item = &'t str>) {
    WAITING.with_borrow_mut(|waiting| waiting.extend(topics.into_iter().map(str::to_owned)));
    TIMER.with_borrow_mut(|timer| {
        if timer.is_none() {
            *timer = Some(Timeout::new(GATHER_MS, || {
                TIMER.with_borrow_mut(|timer| *timer = None);
                let topics = WAITING.take();
                spawn_local(async move { refresh(&topics).await });
            }));
        }
    });
}

/// Whether an element is about one of the topics; `device:*` is about every device.
fn is_about(names: &str, topics: &BTreeSet<String>) -> bool {
    topics.contains(EVERYTHING)
        || names.split(' ').any(|name| match name.strip_suffix('*') {
            Some(beginning) => topics.iter().any(|topic| topic.starts_with(beginning)),
            None => topics.contains(name),
        })
}

async fn refresh(topics: &BTreeSet<String>) {
    let Ok(found) = document().query_selector_all("[data-live]") else { return };
    let mut of_the_page = Vec::new();
    for index in 0..found.length() {
        let Some(element) = found.get(index).and_then(|node| node.dyn_into::<Element>().ok()) else {
            continue;
        };
        if !is_about(&element.get_attribute("data-live").unwrap_or_default(), topics) {
            continue;
        }
        match element.get_attribute("data-live-from") {
            Some(address) => {
                if let Some(Fetched { page, .. }) = fetch(&address).await {
                    replace(&element, page.query_selector("[data-live]").ok().flatten());
                }
            }
            None => of_the_page.push(element),
        }
    }
    if of_the_page.is_empty() {
        return;
    }
    let Ok(here) = window().location().href() else { return };
    let Some(Fetched { page, is_gone }) = fetch(&here).await else { return };
    if is_gone && !is_in_use() {
        // What the page is about was deleted: it says so, and stays what it was for whoever is writing.
        let _ = window().location().reload();
        return;
    }
    for element in of_the_page {
        replace(&element, page.get_element_by_id(&element.id()));
    }
}

struct Fetched {
    page: web_sys::Document,
    /// There is nothing at this address any more.
    is_gone: bool,
}

/// A page, unless the session is over: then the browser goes where the server sends it, or stays with what was typed.
async fn fetch(address: &str) -> Option<Fetched> {
    let response = Request::get(address)
        .header("accept", "text/html")
        // Nobody asked for it: it must not keep the session from lying idle.
        .header("gatehouse-unattended", "1")
        .send()
        .await
        .ok()?;
    if response.status() == CONFLICT {
        Timeout::new(RENEWED_MS, || expect([EVERYTHING])).forget();
        return None;
    }
    let (landed, is_gone) = (response.url(), response.status() == NOT_FOUND);
    let page = parse(&response.text().await.ok()?).ok()?;
    let layout = page.get_element_by_id("layout").and_then(|layout| layout.get_attribute("data-layout"));
    if layout.is_some_and(|layout| layout != "console") {
        if !session_end::stays(&landed) {
            let to = if session_end::is_sign_in(&landed) { session_end::sign_in() } else { landed };
            let _ = window().location().assign(&to);
        }
        return None;
    }
    session_end::saw(&page);
    Some(Fetched { page, is_gone })
}

fn is_field(element: &Element) -> bool {
    element.matches("input, select, textarea").unwrap_or(false)
}

/// Somebody is in one of the page's fields, or has filled one in.
fn is_in_use() -> bool {
    document().active_element().is_some_and(|active| is_field(&active)) || is_filled_in(None)
}

/// Puts the new one in the place of the old one, unless somebody is at work in it or nothing has changed. What was filled in
/// stays, wherever the focus is: that it is about what was there before, the server says when it is sent.
fn replace(old: &Element, new: Option<Element>) {
    let has_focus =
        document().active_element().is_some_and(|active| old.contains(Some(&active)) && is_field(&active));
    let is_in_use = has_focus || is_filled_in(Some(old));
    let Some(new) = new.filter(|_| !is_in_use) else { return };
    unfold(old, &new);
    if old.is_equal_node(Some(&new)) {
        return;
    }
    if let Some(onward) = new.get_attribute("data-go") {
        let _ = window().location().assign(&onward);
        return;
    }
    let focused = document().active_element().filter(|active| old.contains(Some(active)));
    if old.replace_with_with_node_1(&new).is_ok() {
        let _ = new.set_attribute("data-renewed", "");
        swapped(&new);
        // The focus would be lost with the element.
        let again = focused.and_then(|active| like(&active, &new));
        if let Some(element) = again.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
            let _ = element.focus();
        }
    }
}

/// What is folded out stays so: the element itself, and in it whatever has the same words on it.
fn unfold(old: &Element, new: &Element) {
    if old.has_attribute("open") {
        let _ = new.set_attribute("open", "");
    }
    let words = |details: &Element| details.query_selector("summary").ok().flatten()?.text_content();
    let open: Vec<_> = all(old, "details[open]").map(|details| words(&details)).collect();
    for details in all(new, "details").filter(|details| open.contains(&words(details))) {
        let _ = details.set_attribute("open", "");
    }
}

/// What has taken the place of an element that was focused: of its kind and with the same words, so that nobody presses
/// another button than the one that had the focus. The words of what folds out may have changed.
fn like(focused: &Element, new: &Element) -> Option<Element> {
    let kind = focused.tag_name().to_lowercase();
    let same = all(new, &kind).find(|element| element.text_content() == focused.text_content());
    same.or_else(|| if kind == "summary" { all(new, &kind).next() } else { None })
}

fn all(root: &Element, selector: &str) -> impl Iterator<Item = Element> {
    let found = root.query_selector_all(selector).ok();
    found
        .into_iter()
        .flat_map(|found| (0..found.length()).filter_map(move |at| found.get(at)?.dyn_into::<Element>().ok()))
}
