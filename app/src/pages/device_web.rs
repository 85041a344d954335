use gatehouse_domain::device_web::Progress;
use gatehouse_model::{HandoffCode, Timestamp, percent};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::device_web::{
    AUTHORIZE_REMOTE, Handoff, HandoffPage, authorize_and_go_to, handoff, way_elsewhere,
};
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
                        Ok(HandoffPage::Offered(handoff)) => {
                            let elsewhere = way_elsewhere(&console, &next).await;
                            view! { <Offer handoff next elsewhere/> }.into_any()
                        }
                        Ok(HandoffPage::Done) => {
                            leptos_axum::redirect(&next);
                            ().into_any()
                        }
                        Ok(HandoffPage::Unattended) => ().into_any(),
                        Ok(HandoffPage::NotPossible(error)) => {
                            let elsewhere = way_elsewhere(&console, &next).await;
                            view! { <NotPossible error next elsewhere/> }.into_any()
                        }
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
fn Offer(
    handoff: Handoff,
    next: String,
    /// To the page for browsers that are not on a device.
    elsewhere: Option<String>,
) -> impl IntoView {
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
            {elsewhere.map(|to| view! { <Elsewhere to/> })}
        </details>
    }
}

/// For a browser that is on no device of the user's.
#[component]
fn Elsewhere(to: String) -> impl IntoView {
    view! { <p>"This browser is not on your device? " <a href=to data-reload="">"Authorize it from there"</a></p> }
}

#[component]
pub(super) fn NotPossible(
    error: ApiError,
    next: String,
    #[prop(optional_no_strip)] elsewhere: Option<String>,
) -> impl IntoView {
    let lacking = [
        (HandoffCode::NoDevice, "How to enrol this machine"),
        (HandoffCode::NoEnrolledDevice, "How to enrol a device"),
    ];
    let enrol = lacking.into_iter().find(|(code, _)| error.code == code.as_str()).map(|(_, words)| {
        view! { <a class="button button--primary" href="/web/account#devices">{words}</a> }
    });
    let without = if enrol.is_some() { "button" } else { "button button--primary" };
    view! {
        <h1>"This session cannot be authorized"</h1>
        <p>{sentence(&error.message)} "."</p>
        {error.hint.as_deref().map(|hint| view! { <p>{marked_up(hint)} "."</p> })}
        <div class="actions">
            {enrol}
            <a class=without href=next>"Continue without"</a>
        </div>
        {elsewhere.map(|to| view! { <Elsewhere to/> })}
    }
}

/// What the page waits for; fetched anew by itself when that changes.
#[component]
pub(super) fn State(
    id: String,
    next: String,
    progress: Progress,
    /// The browser is not on the device.
    #[prop(optional)]
    is_remote: bool,
) -> impl IntoView {
    let place = percent::encode_path(&next);
    let kind = if is_remote { "remote&" } else { "" };
    let from = format!("/web/device/authorize/state?{kind}attempt={id}&next={place}");
    let take_up = format!("/web/device/authorize/finish?attempt={id}&next={place}");
    let onward = match progress {
        Progress::Confirmed => Some(next.clone()),
        Progress::ToTakeUp => Some(take_up.clone()),
        _ => None,
    };
    let kind = match progress {
        Progress::Waiting { .. } | Progress::Proven => "handoff",
        Progress::Number { .. } | Progress::Matched | Progress::ToTakeUp => "handoff",
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
            <StateWords next progress is_remote take_up/>
        </div>
    }
}

#[component]
fn StateWords(next: String, progress: Progress, is_remote: bool, take_up: String) -> impl IntoView {
    let (again, what) = if is_remote {
        (format!("{AUTHORIZE_REMOTE}?next={}", percent::encode_path(&next)), "Get a new code")
    } else {
        (authorize_and_go_to(&next), "Get a new link")
    };
    let retry = view! { <p><a class="button" href=again data-reload="">{what}</a></p> };
    match progress {
        Progress::Waiting { until } if is_remote => {
            let until = moment(until);
            view! {
                <p>
                    "Waiting for the code to be typed. It is good until "
                    <time datetime=until.exact>{until.text}</time> "."
                </p>
            }
            .into_any()
        }
        Progress::Number { number, address, other_network, until } => {
            view! { <Number number address other_network until/> }.into_any()
        }
        Progress::Matched => {
            view! { <p>"The number was typed. Waiting for the device to prove itself."</p> }.into_any()
        }
        Progress::ToTakeUp => {
            view! { <p>"The device has proven itself. " <a href=take_up data-reload="">"Go on"</a></p> }
                .into_any()
        }
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
            let what = if is_remote { "code" } else { "link" };
            view! { <p>"This " {what} " has expired, and nothing was done."</p> {retry} }.into_any()
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

/// What is typed on the device; where its code was typed is shown here, too.
#[component]
fn Number(number: i64, address: String, other_network: bool, until: Timestamp) -> impl IntoView {
    let until = moment(until);
    let elsewhere = other_network.then(|| {
        view! {
            <p>
                "That is another network than this browser's. If it is not yours, somebody else has typed your code: go on "
                "without, and get a new one."
            </p>
        }
    });
    view! {
        <p>"The code was typed at " <code>{address}</code> ". Type this number there:"</p>
        <p class="handoff__number" id="handoff-number">{number}</p>
        {elsewhere}
        <p>
            "There is one try, until " <time datetime=until.exact>{until.text}</time>
            ". Tell the number to nobody: whoever asks you for it wants to get in."
        </p>
    }
}

/// What the page waits for, by itself; `is_remote` for a browser that is not on the device.
#[must_use]
pub fn handoff_state(id: &str, next: &str, progress: &Progress, is_remote: bool) -> String {
    let (id, next, progress) = (id.to_owned(), next.to_owned(), progress.clone());
    Owner::new().with(|| view! { <State id next progress is_remote/> }.to_html())
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
        let html = handoff_state("a<b", "/web/devices?x=y&z", &Progress::Confirmed, false);
        assert!(html.contains("data-go=\"/web/devices?x=y&amp;z\"") && !html.contains("a<b"), "{html}");
        let refused = Progress::Refused { code: "device_locked".to_owned(), correlation_id: "r1".to_owned() };
        let html = handoff_state("a", "/web/devices", &refused, false);
        for part in ["This device is locked", "device_locked", "r1", "Get a new link"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("data-go"), "{html}");
    }

    #[test]
    fn a_browser_elsewhere_shows_its_number_after_the_code_was_typed_and_goes_on_by_itself() {
        let number = Progress::Number {
            number: 42,
            address: "192.0.2.7".to_owned(),
            other_network: true,
            until: Timestamp::from_secs(1),
        };
        let html = handoff_state("a", "/web/devices", &number, true);
        for part in ["42", "192.0.2.7", "another network", "attempt=a"] {
            assert!(html.contains(part), "{part}: {html}");
        }
        assert!(!html.contains("data-go"), "{html}");
        let html = handoff_state("a", "/web/devices", &Progress::ToTakeUp, true);
        let onward = "data-go=\"/web/device/authorize/finish?attempt=a&amp;next=/web/devices\"";
        assert!(html.contains(onward), "{html}");
        let waiting = Progress::Waiting { until: Timestamp::from_secs(1) };
        assert!(!handoff_state("a", "/web/devices", &waiting, true).contains("handoff__number"));
    }
}
