use gatehouse_domain::device_web::{Progress, REMOTE_SESSION_SECS};
use gatehouse_model::{HandoffCode, percent};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::device_web::{NotPossible, State};
use crate::api::device_web::{AUTHORIZE_REMOTE, RemoteHandoff, RemotePage, remote_handoff};
use crate::components::{CopyBox, Problem};
use crate::moment::moment;
use crate::next_page::safe_next;
use crate::{ApiError, ConsoleContext};

/// Hands this session to a device on another machine, by a code that is typed there and a number that is then shown here.
/// Open also without a trusted device.
#[component]
pub(crate) fn DeviceAuthorizeRemotePage() -> impl IntoView {
    let wished = use_query_map().get_untracked().get("next");
    let next = safe_next(wished.as_deref()).to_owned();
    view! {
        <Title text="Authorize this session from another machine"/>
        <div class="card card--narrow">
            <Suspense>
                {Suspend::new(async move {
                    let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                    match remote_handoff(&console, &next).await {
                        Ok(RemotePage::Offered(handoff)) => view! { <Offer handoff next/> }.into_any(),
                        Ok(RemotePage::Done) => {
                            leptos_axum::redirect(&next);
                            ().into_any()
                        }
                        Ok(RemotePage::Unattended) => ().into_any(),
                        Ok(RemotePage::NotPossible(error)) if error.code == HandoffCode::FactorStale.as_str() => {
                            view! { <ConfirmFirst next/> }.into_any()
                        }
                        Ok(RemotePage::NotPossible(error)) => view! { <NotPossible error next/> }.into_any(),
                        Err(error) => view! { <NotNow error/> }.into_any(),
                    }
                })}
            </Suspense>
        </div>
    }
}

#[component]
fn NotNow(error: ApiError) -> impl IntoView {
    view! {
        <h1>"Authorize this session from another machine"</h1>
        <Problem title="This is not possible now" error/>
    }
}

/// The sign-in's factor does not count: whoever was lured into signing in is not lured twice so easily.
#[component]
fn ConfirmFirst(next: String) -> impl IntoView {
    let here = format!("{AUTHORIZE_REMOTE}?next={}", percent::encode_path(&next));
    let confirm = format!("/web/account/confirm?next={}", percent::encode_path(&here));
    let minutes = REMOTE_SESSION_SECS / 60;
    view! {
        <h1>"Authorize this session from another machine"</h1>
        <p>
            "For a browser that is not on a device of yours. You type a code in " <code>"tsh"</code>
            " on your device, and then a number that is shown here. Such a session lasts " {minutes} " minutes."
        </p>
        <p>"First, confirm with your second factor that it is you: that of the sign-in does not count for this."</p>
        <div class="actions">
            <a class="button button--primary" href=confirm>"Confirm that it is you"</a>
            <a class="button" href=next data-reload="">"Continue without"</a>
        </div>
    }
}

#[component]
fn Offer(handoff: RemoteHandoff, next: String) -> impl IntoView {
    let RemoteHandoff { id, code, until } = handoff;
    let progress = Progress::Waiting { until };
    let until = moment(until);
    let command = format!("tsh device authorize {code}");
    let without = next.clone();
    view! {
        <h1>"Authorize this session from another machine"</h1>
        <p>"Type this in a terminal of your device, where you are logged in with " <code>"tsh"</code> ":"</p>
        <CopyBox text=command label="Command that authorizes this session"/>
        <State id next progress is_remote=true/>
        <p class="form__note">
            "The code counts once, for this session alone, until "
            <time datetime=until.exact>{until.text}</time> ". Give neither the code nor the number to anybody."
        </p>
        <div class="actions"><a class="button" href=without data-reload="">"Continue without"</a></div>
    }
}
