//! Whether a person has put something into the page that would be lost with it.

use js_sys::Reflect;
use leptos::prelude::document;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, NodeList};

/// Something was typed or chosen in a form that writes, or came back with an error: in this element, or on the page.
pub(super) fn is_filled_in(part: Option<&Element>) -> bool {
    let find = |selector: &str| match part {
        Some(part) => part.query_selector_all(selector),
        None => document().query_selector_all(&format!("main :is({selector})")),
    };
    if elements(find("form > [role=alert]:not([hidden])").ok()).next().is_some() {
        return true;
    }
    elements(find("form[method=post] :is(input, textarea, select)").ok()).any(|field| is_changed(&field))
}

fn elements(found: Option<NodeList>) -> impl Iterator<Item = Element> {
    found
        .into_iter()
        .flat_map(|found| (0..found.length()).filter_map(move |at| found.get(at)?.dyn_into::<Element>().ok()))
}

fn is_changed(field: &Element) -> bool {
    let of = |element: &Element, name: &str| Reflect::get(element, &name.into()).unwrap_or_default();
    let differs = |now: &str, at_first: &str| of(field, now) != of(field, at_first);
    if field.tag_name().eq_ignore_ascii_case("select") {
        let Ok(options) = field.query_selector_all("option") else { return false };
        let options = (0..options.length()).filter_map(|at| options.get(at)?.dyn_into::<Element>().ok());
        let at_first = options.enumerate().find(|(_, option)| of(option, "defaultSelected").is_truthy());
        let at_first = at_first.map_or(0.0, |(at, _)| at as f64);
        return of(field, "selectedIndex").as_f64() != Some(at_first);
    }
    match field.get_attribute("type").as_deref() {
        Some("hidden") => false,
        Some("checkbox" | "radio") => differs("checked", "defaultChecked"),
        _ => differs("value", "defaultValue"),
    }
}
