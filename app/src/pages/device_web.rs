use gatehouse_domain::device_web::Progress;
use gatehouse_model::{HandoffCode, percent};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::device_web::{Handoff, HandoffPage, authorize_and_go_to, handoff};
use crate::components::{CopyBox, Problem, marked_up, sentence};
use crate::moment::moment;
use crate::next_page::safe_next;
use crate::{ApiError, ConsoleContext};

/// Between two looks at an attempt of which nothing was heard, in seconds: links expire without a word.
const LOOK_SECS: &str = "60";

/// Hands this session to the device's own client, waits, and goes on by itself to the place that was wanted. Its address holds
/// no token. Open also without a trusted device.
#[component]
pub(crate) fn DeviceAuthorizePage() -> impl IntoView {
    let wished = use_query_map().get_untracked().get("next");
    let next = safe_next(wished.as_deref()).to_owned();
    view! {
        <Title text="Authorize this session"/>
        <div class="card card--narrow">
            <Suspense>
                {Suspend::new(async move {
                    let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                    match handoff(&console, &next).await {
                        Ok(HandoffPage::Offered(handoff)) => view! { <Offer handoff next/> }.into_any(),
                        Ok(HandoffPage::Done) => {
                            leptos_axum::redirect(&next);
                            ().into_any()
                        }
                        Ok(HandoffPage::Unattended) => ().into_any(),
                        Ok(HandoffPage::NotPossible(error)) => view! { <NotPossible error next/> }.into_any(),
                        Err(error) => view! {
                            <h1>"Authorize this session"</h1>
                            <Problem title="This is not possible now" error/>
                        }
                        .into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn Offer(handoff: Handoff, next: String) -> impl IntoView {
    let Handoff { id, link, code, until } = handoff;
    let progress = Progress::Waiting { until };
    let until = moment(until);
    let command = format!("tsh device authorize {code}");
    view! {
        <h1>"Authorize this session"</h1>
        <p>
            "You are signed in. Now have " <code>"tsh"</code> " prove that you are at a device of yours: it asks you once, and "
            "then this page goes on to where you were going."
        </p>
        <div class="actions">
            <a class="button button--primary" id="authorize" href=link data-reload="">"Authorize this session"</a>
            <a class="button" id="without" href=next.clone() data-reload="">"Continue without"</a>
        </div>
        <State id next progress/>
        <details class="more">
            <summary>"Nothing opens?"</summary>
            <p>
                "Then this machine does not know yet what to open such links with: " <code>"tsh install-handler"</code>
                " changes that. For now, type this in a terminal of this machine:"
            </p>
            <CopyBox text=command label="Command that authorizes this session"/>
            <p class="form__note">
                "The code counts once, for this session alone, until "
                <time datetime=until.exact>{until.text}</time> ". Give it to nobody. It is for this machine: "
                <code>"tsh"</code> " comes back to the browser of the machine on which it runs."
            </p>
        </details>
    }
}

#[component]
fn NotPossible(error: ApiError, next: String) -> impl IntoView {
    let is_lacking = error.code == HandoffCode::NoDevice.as_str();
    let enrol = is_lacking
        .then(|| view! { <a class="button button--primary" href="/web/account#devices">"How to enrol this machine"</a> });
    let without = if is_lacking { "button" } else { "button button--primary" };
    view! {
        <h1>"This session cannot be authorized"</h1>
        <p>{sentence(&error.message)} "."</p>
        {error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> })}
        <div class="actions">
            {enrol}
            <a class=without href=next>"Continue without"</a>
        </div>
    }
}

/// What the page waits for; fetched anew by itself when that changes.
#[component]
fn State(id: String, next: String, progress: Progress) -> impl IntoView {
    let from = format!("/web/device/authorize/state?attempt={id}&next={}", percent::encode_path(&next));
    let onward = (progress == Progress::Confirmed).then(|| next.clone());
    let kind = match progress {
        Progress::Waiting { .. } | Progress::Proven => "handoff",
        Progress::Confirmed => "handoff handoff--done",
        Progress::Expired | Progress::Refused { .. } => "handoff handoff--problem",
    };
    view! {
        <div
            id="handoff"
            class=kind
            role="status"
            data-live="device-web session"
            data-live-from=from
            data-live-after=LOOK_SECS
            data-go=onward
        >
            <StateWords next progress/>
        </div>
    }
}

#[component]
fn StateWords(next: String, progress: Progress) -> impl IntoView {
    let again = authorize_and_go_to(&next);
    let retry = view! { <p><a class="button" href=again data-reload="">"Get a new link"</a></p> };
    match progress {
        Progress::Waiting { until } => {
            let until = moment(until);
            view! {
                <p>
                    "Waiting for " <code>"tsh"</code> " on this machine. The link is good until "
                    <time datetime=until.exact>{until.text}</time> "."
                </p>
            }
            .into_any()
        }
        Progress::Proven => {
            view! { <p>"The device has proven itself. Waiting for it to come back to this browser."</p> }
                .into_any()
        }
        Progress::Confirmed => {
            view! { <p>"This session is authorized. " <a href=next data-reload="">"Go on"</a></p> }.into_any()
        }
        Progress::Expired => {
            view! { <p>"This link has expired, and nothing was done."</p> {retry} }.into_any()
        }
        Progress::Refused { code, correlation_id } => {
            let known = HandoffCode::ALL.iter().find(|known| known.as_str() == code);
            let (what, way_out) = known
                .map_or(("the device was refused", "try again"), |code| (code.sentence(), code.way_out()));
            view! {
                <p>{sentence(what)} ". " {marked_up(way_out)} "."</p>
                <p class="notice__reference">
                    "Error " <code>{code}</code> " · request " <code>{correlation_id}</code>
                </p>
                {retry}
            }
            .into_any()
        }
    }
}

/// What the page waits for, by itself.
#[must_use]
pub fn handoff_state(id: &str, next: &str, progress: &Progress) -> String {
    let (id, next, progress) = (id.to_owned(), next.to_owned(), progress.clone());
    Owner::new().with(|| view! { <State id next progress/> }.to_html())
}

/// A browser that came back from the device and was refused; the place that was wanted is kept.
#[component]
pub(crate) fn HandoffRefused(error: ApiError) -> impl IntoView {
    let wished = use_query_map().get_untracked().get("redirect_uri");
    let next = safe_next(wished.as_deref()).to_owned();
    let again = authorize_and_go_to(&next);
    view! {
        <Title text="Not authorized"/>
        <h1>"This session was not authorized"</h1>
        <Problem title="The way back from the device was refused" error/>
        <div class="actions">
            <a class="button button--primary" href=again data-reload="">"Try again"</a>
            <a class="button" href=next data-reload="">"Continue without"</a>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_names_no_token_and_goes_on_when_it_has_come() {
        let html = handoff_state("a<b", "/web/devices?x=y&z", &Progress::Confirmed);
        assert!(html.contains("data-go=\"/web/devices?x=y&amp;z\"") && !html.contains("a<b"), "{html}");
        let refused = Progress::Refused { code: "device_locked".to_owned(), correlation_id: "r1".to_owned() };
        let html = handoff_state("a", "/web/devices", &refused);
        for part in ["This device is locked", "device_locked", "r1", "Get a new link"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("data-go"), "{html}");
    }
}
