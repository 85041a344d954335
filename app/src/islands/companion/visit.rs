//! Another page without a reload: it is fetched like any page, and what differs is put in the place of what is there.

use std::cell::{Cell, RefCell};

use gloo_net::http::{RequestBuilder, Response};
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    AbortController, Element, Event, FormData, HtmlAnchorElement, HtmlElement, HtmlFormElement,
    HtmlInputElement, MouseEvent, SubmitEvent, Url, UrlSearchParams,
};

use super::page::{announce, listen, nearest, parse, swapped};
use super::session_end;

/// What is put in the place of its like.
const PARTS: [&str; 4] = ["nav", "nav-narrow", "viewer", "main"];

/// How the address changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A new entry of the history.
    Forward,
    /// The same entry: a filter was changed.
    Same,
    /// The browser has changed it already.
    Back,
}

enum Body {
    None,
    Fields(UrlSearchParams),
    Files(FormData),
}

thread_local! {
    /// The visit under way; a later one ends it.
    static UNDER_WAY: RefCell<Option<AbortController>> = const { RefCell::new(None) };
    static COUNT: Cell<u64> = const { Cell::new(0) };
    /// The page that is shown.
    static SHOWN: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The address without the place on the page.
fn page_of(address: &str) -> &str {
    address.split('#').next().unwrap_or_default()
}

fn note_shown(address: &str) {
    SHOWN.replace(page_of(address).to_owned());
}

pub(super) fn start() {
    listen(&document(), "click", clicked);
    listen(&document(), "submit", submitted);
    if let Ok(address) = window().location().href() {
        note_shown(&address);
    }
    listen(&window(), "popstate", |_: Event| {
        // Going to a place on the page that is shown is told so as well: what is filled in there stays.
        let address = window().location().href().ok();
        if let Some(address) = address.filter(|address| SHOWN.with_borrow(|shown| page_of(address) != shown))
        {
            visit(address, Body::None, Step::Back);
        }
    });
}

fn clicked(event: MouseEvent) {
    let is_plain = event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    let Some(link) = nearest(&event, "a[href]").filter(|_| is_plain && !event.default_prevented()) else {
        return;
    };
    let Ok(link) = link.dyn_into::<HtmlAnchorElement>() else { return };
    let stays = !link.has_attribute("data-reload")
        && !link.has_attribute("download")
        && link.target().is_empty()
        && is_of_the_console(&link.href());
    // A place on the same page is the browser's to find.
    if !stays || link.get_attribute("href").is_some_and(|href| href.starts_with('#')) {
        return;
    }
    event.prevent_default();
    visit(link.href(), Body::None, Step::Forward);
}

fn submitted(event: SubmitEvent) {
    let Some(form) = nearest(&event, "form").and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
        return;
    };
    let address = form.get_attribute("action").unwrap_or_default();
    let Ok(address) = Url::new_with_base(&address, &document().base_uri().ok().flatten().unwrap_or_default())
    else {
        return;
    };
    if event.default_prevented() || form.has_attribute("data-reload") || !is_of_the_console(&address.href()) {
        return;
    }
    let Ok(data) = FormData::new_with_form(&form) else { return };
    if let Some(button) = event.submitter() {
        let name = button.get_attribute("name").unwrap_or_default();
        if !name.is_empty() {
            let _ = data.append_with_str(&name, &button.get_attribute("value").unwrap_or_default());
        }
    }
    let has_files = form.enctype() == "multipart/form-data";
    let is_get = form.method().eq_ignore_ascii_case("get");
    let fields = || UrlSearchParams::new_with_str_sequence_sequence(data.as_ref());
    event.prevent_default();
    if is_get {
        let Ok(fields) = fields() else { return };
        address.set_search(&filled(&fields));
        let step = if form.has_attribute("data-auto") { Step::Same } else { Step::Forward };
        visit(address.href(), Body::None, step);
    } else if has_files {
        visit(address.href(), Body::Files(data), Step::Forward);
    } else if let Ok(fields) = fields() {
        visit(address.href(), Body::Fields(fields), Step::Forward);
    }
}

/// Without the fields that were left empty: addresses are to be read and shared.
fn filled(fields: &UrlSearchParams) -> String {
    let kept = fields.to_string().as_string().unwrap_or_default();
    kept.split('&').filter(|pair| !pair.ends_with('=') && pair.contains('=')).collect::<Vec<_>>().join("&")
}

fn is_of_the_console(address: &str) -> bool {
    let (Ok(address), Ok(origin)) = (Url::new(address), window().location().origin()) else { return false };
    address.origin() == origin && address.pathname().starts_with("/web/")
}

fn visit(address: String, body: Body, step: Step) {
    let mine = COUNT.get() + 1;
    COUNT.set(mine);
    let abort = AbortController::new().ok();
    let before = UNDER_WAY.replace(abort.clone());
    if let Some(before) = before {
        before.abort();
    }
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-busy", "");
    }
    spawn_local(async move {
        let is_post = !matches!(body, Body::None);
        let fetched = fetch(&address, body, abort.as_ref()).await;
        if COUNT.get() != mine {
            return;
        }
        if let Some(root) = document().document_element() {
            let _ = root.remove_attribute("data-busy");
        }
        match fetched {
            // What was posted was not done: it can be sent again from here.
            Ok((landed, _)) if is_post && session_end::stays(&landed) => {}
            Ok((landed, html)) => {
                if put_in(&html, &landed, step, is_post).is_none() {
                    load(&landed);
                }
            }
            // What was posted may have been done: it is not sent again.
            Err(_) if is_post => {
                announce("The server cannot be reached. Look at what there is before you send it again.");
                load(&window().location().href().unwrap_or_default());
            }
            Err(_) => load(&address),
        }
    });
}

/// The browser's own way.
fn load(address: &str) {
    let _ = window().location().assign(address);
}

/// The page, and the address at which it was found.
async fn fetch(
    address: &str,
    body: Body,
    abort: Option<&AbortController>,
) -> Result<(String, String), gloo_net::Error> {
    let signal = abort.map(AbortController::signal);
    let method = if matches!(body, Body::None) { "GET" } else { "POST" };
    let request = RequestBuilder::new(address)
        .method(method.parse().unwrap_or_default())
        .abort_signal(signal.as_ref())
        .header("accept", "text/html");
    let request = match body {
        Body::None => request.build()?,
        Body::Fields(fields) => request.body(JsValue::from(fields))?,
        Body::Files(data) => request.body(JsValue::from(data))?,
    };
    let response: Response = request.send().await?;
    let kind = response.headers().get("content-type").unwrap_or_default();
    let landed = landed(&response.url(), address);
    if !kind.starts_with("text/html") || response.headers().get("content-disposition").is_some() {
        return Ok((landed, String::new()));
    }
    Ok((landed, response.text().await?))
}

/// Where an answer was found, as people are to see it: requests leave an empty query behind, and forget the place on the
/// page that was asked for.
fn landed(found: &str, asked: &str) -> String {
    let found = found.trim_end_matches(['?', '&']);
    match asked.split_once('#') {
        Some((_, place)) if !found.contains('#') => format!("{found}#{place}"),
        _ => found.to_owned(),
    }
}

/// `None` if the page has to be loaded by the browser.
fn put_in(html: &str, landed: &str, step: Step, is_post: bool) -> Option<()> {
    let (page, shown) = (parse(html).ok()?, document());
    let layout = |of: &web_sys::Document| of.get_element_by_id("layout")?.get_attribute("data-layout");
    if layout(&page)? != layout(&shown)? {
        return None;
    }
    let here = window().location().href().ok()?;
    let history = window().history().ok()?;
    if step != Step::Back && here != landed {
        let change = if step == Step::Same { "replace" } else { "push" };
        let _ = match change {
            "push" => history.push_state_with_url(&JsValue::NULL, "", Some(landed)),
            _ => history.replace_state_with_url(&JsValue::NULL, "", Some(landed)),
        };
    }
    note_shown(landed);
    let focus = (step == Step::Same).then(Focus::note).flatten();
    for id in PARTS {
        let (old, new) = (shown.get_element_by_id(id), page.get_element_by_id(id));
        if let (Some(old), Some(new)) = (old, new)
            && old.replace_with_with_node_1(&new).is_ok()
        {
            swapped(&new);
        }
    }
    shown.set_title(&page.title());
    announce(&page.title());
    match focus {
        Some(focus) => focus.give_back(),
        None => arrive(landed, is_post),
    }
    Some(())
}

/// As after a reload: at the top, at the place that the address names, or at what went wrong.
fn arrive(landed: &str, is_post: bool) {
    let shown = document();
    let problem = if is_post { shown.query_selector("main [role=alert]").ok().flatten() } else { None };
    let place = Url::new(landed).ok().map(|url| url.hash()).filter(|hash| hash.len() > 1);
    let place = place.and_then(|hash| shown.get_element_by_id(hash.trim_start_matches('#')));
    if let Some(place) = problem.as_ref().or(place.as_ref()) {
        place.scroll_into_view();
    } else {
        window().scroll_to_with_x_and_y(0.0, 0.0);
    }
    let main = shown.get_element_by_id("main");
    let wants_focus = shown.query_selector("main [autofocus]").ok().flatten();
    if let Some(element) =
        problem.or(wants_focus).or(main).and_then(|found| found.dyn_into::<HtmlElement>().ok())
    {
        let _ = element.focus();
    }
}

/// Where the person was typing.
struct Focus {
    id: String,
    selection: Option<(u32, u32)>,
}

impl Focus {
    fn note() -> Option<Self> {
        let element: Element = document().active_element()?;
        let id = Some(element.id()).filter(|id| !id.is_empty())?;
        let input = element.dyn_ref::<HtmlInputElement>();
        let selection =
            input.and_then(|input| Some((input.selection_start().ok()??, input.selection_end().ok()??)));
        Some(Self { id, selection })
    }

    fn give_back(&self) {
        let Some(element) = document().get_element_by_id(&self.id) else { return };
        if let Some(element) = element.dyn_ref::<HtmlElement>() {
            let _ = element.focus();
        }
        if let (Some(input), Some((start, end))) = (element.dyn_ref::<HtmlInputElement>(), self.selection) {
            let _ = input.set_selection_range(start, end);
        }
    }
}
