//! Passkeys: a form with `data-passkey` is sent only when an authenticator has answered for it.
//!
//! The options come as JSON with binary values in base64url, and so goes the answer (WebAuthn level 3, sections 5.1 and
//! 5.4): converted here, because not every browser can do it.

use gloo_net::http::RequestBuilder;
use js_sys::{Array, JSON, Object, Reflect, Uint8Array};
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Element, HtmlElement, HtmlFormElement, HtmlInputElement, SubmitEvent, UrlSearchParams};

use super::page::{listen, nearest};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Before `visit` listens: what is stopped here is not sent.
pub(super) fn start() {
    listen(&document(), "submit", submitted);
}

fn submitted(event: SubmitEvent) {
    let Some(form) = nearest(&event, "form[data-passkey]") else { return };
    let Ok(form) = form.dyn_into::<HtmlFormElement>() else { return };
    if input(&form, "credential").is_some_and(|answer| !answer.value().is_empty()) {
        return; // answered: on its way
    }
    event.prevent_default();
    if form.has_attribute("aria-busy") {
        return;
    }
    let _ = form.set_attribute("aria-busy", "true");
    say(&form, None);
    spawn_local(async move {
        let asked = ask(&form).await;
        let _ = form.remove_attribute("aria-busy");
        match asked {
            Ok(()) => {
                let _ = form.request_submit();
            }
            Err(problem) => say(&form, Some(&problem)),
        }
    });
}

fn input(form: &Element, name: &str) -> Option<HtmlInputElement> {
    form.query_selector(&format!("input[name={name}]")).ok()??.dyn_into().ok()
}

/// Says in the form what went wrong.
fn say(form: &Element, problem: Option<&str>) {
    let Ok(Some(place)) = form.query_selector("[data-passkey-problem]") else { return };
    place.set_text_content(None);
    let Some(text) = problem else {
        let _ = place.set_attribute("hidden", "");
        return;
    };
    if let Ok(line) = document().create_element("p") {
        line.set_text_content(Some(text));
        let _ = place.append_child(&line);
    }
    let _ = place.remove_attribute("hidden");
    if let Some(place) = place.dyn_ref::<HtmlElement>() {
        let _ = place.focus();
    }
}

/// Gets a challenge, has it answered, and puts the answer into the form.
async fn ask(form: &HtmlFormElement) -> Result<(), String> {
    let purpose = form.get_attribute("data-passkey").unwrap_or_default();
    let question = question(form, &purpose).await?;
    let origin = text(&question, "origin");
    let options = JSON::parse(&text(&question, "options")).map_err(|_| unexpected())?;
    decode_members(&options);
    let is_new = matches!(purpose.as_str(), "add" | "sign-up");
    let credential = call(&options, is_new).await.map_err(|error| words(&error, &origin))?;
    let answer = JSON::stringify(&answer(&credential)).map_err(|_| unexpected())?;
    let fields = [("ceremony", text(&question, "ceremony")), ("credential", String::from(answer))];
    for (name, value) in fields {
        input(form, name).ok_or_else(unexpected)?.set_value(&value);
    }
    Ok(())
}

async fn question(form: &HtmlFormElement, purpose: &str) -> Result<JsValue, String> {
    let fields = UrlSearchParams::new().map_err(|_| unexpected())?;
    fields.append("purpose", purpose);
    fields.append("token", &form.get_attribute("data-token").unwrap_or_default());
    if let Some(user) = input(form, "user") {
        fields.append("user", &user.value());
    }
    let unreachable = |_| "The server cannot be reached. Try again.".to_owned();
    let request = RequestBuilder::new("/api/passkey").method("POST".parse().unwrap_or_default());
    let request = request.body(JsValue::from(fields)).map_err(unreachable)?;
    let response = request.send().await.map_err(unreachable)?;
    let is_ok = response.ok();
    let body = response.text().await.map_err(unreachable)?;
    let body = JSON::parse(&body).map_err(|_| unexpected())?;
    if is_ok {
        return Ok(body);
    }
    let (message, hint) = (text(&body, "message"), text(&body, "hint"));
    let mut said = sentence(&message);
    if !hint.is_empty() {
        said.push(' ');
        said.push_str(&sentence(&hint));
    }
    Err(said)
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).filter(|c| *c != '`').collect()
}

fn unexpected() -> String {
    "The server's answer cannot be understood. Load the page again.".to_owned()
}

/// `navigator.credentials.create` or `.get`.
async fn call(options: &JsValue, is_new: bool) -> Result<JsValue, JsValue> {
    let all = Object::new();
    Reflect::set(&all, &"publicKey".into(), options)?;
    // A method that is missing is an error here, not an exception of the page.
    let container = Reflect::get(&window().navigator(), &"credentials".into())?;
    let method = Reflect::get(&container, &(if is_new { "create" } else { "get" }).into())?;
    let method: js_sys::Function = method.dyn_into()?;
    let promise: js_sys::Promise = method.call1(&container, &all)?.dyn_into()?;
    JsFuture::from(promise).await
}

/// What the browser's refusal means to a person.
fn words(error: &JsValue, origin: &str) -> String {
    match text(error, "name").as_str() {
        "NotAllowedError" | "AbortError" => {
            "Nothing was done: the request was cancelled, took too long, or no passkey here fits. Try again."
                .to_owned()
        }
        "InvalidStateError" => "This passkey is registered already. Use another one.".to_owned(),
        "SecurityError" => {
            let here = window().location().origin().unwrap_or_default();
            format!(
                "Passkeys of this server work at {origin} only, and this page is at {here}. Open it there."
            )
        }
        "NotSupportedError" | "ConstraintError" => {
            "This browser or security key cannot do what is asked for. Use another one.".to_owned()
        }
        _ => "This browser knows no passkeys. Use another browser or another way.".to_owned(),
    }
}

/// Makes bytes of the members that are bytes.
fn decode_members(options: &JsValue) {
    decode_member(options, "challenge");
    if let Ok(user) = Reflect::get(options, &"user".into()) {
        decode_member(&user, "id");
    }
    for list in ["excludeCredentials", "allowCredentials"] {
        let Ok(list) = Reflect::get(options, &list.into()) else { continue };
        for entry in list.dyn_ref::<Array>().map(Array::iter).into_iter().flatten() {
            decode_member(&entry, "id");
        }
    }
}

fn decode_member(of: &JsValue, name: &str) {
    let bytes = decode(&text(of, name));
    if !bytes.is_empty() {
        let _ = Reflect::set(of, &name.into(), &Uint8Array::from(bytes.as_slice()));
    }
}

/// The JSON form of a credential: with what the server reads.
fn answer(credential: &JsValue) -> Object {
    let (answer, response) = (Object::new(), Object::new());
    let set = |object: &Object, name: &str, value: &JsValue| {
        let _ = Reflect::set(object, &name.into(), value);
    };
    let theirs = Reflect::get(credential, &"response".into()).unwrap_or_default();
    for name in ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"] {
        if let Some(bytes) = bytes(&theirs, name) {
            set(&response, name, &encode(&bytes).into());
        }
    }
    if let Some(transports) = method(&theirs, "getTransports") {
        set(&response, "transports", &transports);
    }
    for name in ["id", "type"] {
        set(&answer, name, &text(credential, name).into());
    }
    set(&answer, "rawId", &encode(&bytes(credential, "rawId").unwrap_or_default()).into());
    set(&answer, "response", &response);
    // Known to hold no bytes: none of the extensions that are asked for gives any.
    let extensions = method(credential, "getClientExtensionResults").unwrap_or_else(|| Object::new().into());
    set(&answer, "clientExtensionResults", &extensions);
    answer
}

fn method(of: &JsValue, name: &str) -> Option<JsValue> {
    let method: js_sys::Function = Reflect::get(of, &name.into()).ok()?.dyn_into().ok()?;
    method.call0(of).ok()
}

fn bytes(of: &JsValue, name: &str) -> Option<Vec<u8>> {
    let value = Reflect::get(of, &name.into()).ok()?;
    value.is_object().then(|| Uint8Array::new(&value).to_vec())
}

fn text(of: &JsValue, name: &str) -> String {
    Reflect::get(of, &name.into()).ok().and_then(|value| value.as_string()).unwrap_or_default()
}

/// Base64url without padding (RFC 4648, section 5).
fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
        let number = number << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = (number >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut number, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let Some(index) = ALPHABET.iter().position(|known| *known == letter) else { break };
        number = ((number << 6) | index as u32) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(((number >> bits) & 0xff) as u8);
        }
    }
    bytes
}
