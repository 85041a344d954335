use leptos::prelude::*;

#[cfg(feature = "hydrate")]
mod copy;
#[cfg(feature = "hydrate")]
mod filled_in;
#[cfg(feature = "hydrate")]
mod forms;
#[cfg(feature = "hydrate")]
mod live;
#[cfg(feature = "hydrate")]
mod passkey;
#[cfg(feature = "hydrate")]
mod session_end;
#[cfg(feature = "hydrate")]
mod visit;

/// Lives as long as the document: changes pages without reloading them, keeps what is shown up to date, copies texts, asks for passkeys.
/// Without it, the same links and forms work, with reloads.
#[island]
pub fn Companion() -> impl IntoView {
    #[cfg(feature = "hydrate")]
    Effect::new(|_| {
        session_end::start();
        passkey::start();
        visit::start();
        forms::start();
        live::start();
        copy::start();
    });
    view! {
        <div class="companion">
            <div class="companion__progress" aria-hidden="true"></div>
            <p id="announcement" class="visually-hidden" role="status"></p>
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod page {
    use leptos::prelude::document;
    use wasm_bindgen::closure::Closure;
    use wasm_bindgen::{JsCast as _, JsValue};
    use web_sys::{Element, Event, EventTarget};

    /// Listens for as long as the document lives.
    pub(super) fn listen<E: wasm_bindgen::JsCast + wasm_bindgen::convert::FromWasmAbi + 'static>(
        target: &EventTarget,
        kind: &str,
        heard: impl FnMut(E) + 'static,
    ) {
        let closure = Closure::<dyn FnMut(E)>::new(heard);
        let _ = target.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        closure.forget();
    }

    /// The element that an event came from, or the nearest around it that fits the selector.
    pub(super) fn nearest(event: &Event, selector: &str) -> Option<Element> {
        event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
    }

    /// Tells those who do not see the page.
    pub(super) fn announce(text: &str) {
        if let Some(place) = document().get_element_by_id("announcement") {
            place.set_text_content(Some(text));
        }
    }

    /// Wakes the islands inside of what was just put in.
    pub(super) fn swapped(element: &Element) {
        let init = web_sys::CustomEventInit::new();
        init.set_bubbles(true);
        if let Ok(event) = web_sys::CustomEvent::new_with_event_init_dict("gatehouse:swapped", &init) {
            let _ = element.dispatch_event(&event);
        }
    }

    /// Reads a page that was fetched.
    pub(super) fn parse(html: &str) -> Result<web_sys::Document, JsValue> {
        web_sys::DomParser::new()?.parse_from_string(html, web_sys::SupportedType::TextHtml)
    }
}
