use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::ConsoleContext;
use crate::api::device_web::{authorize_and_go_to, could_be_trusted};
use crate::next_page::safe_next;

/// Where the own devices are, and how this machine becomes one of them.
const MY_DEVICES: &str = "/web/account#devices";

/// What makes a session trusted that lacks a trusted device: a device of the viewer's that speaks for it, or, where there is
/// none that could, enrolling one.
#[component]
pub(crate) fn WayToTrust(
    /// In another tab, so that nothing is lost that was typed in this one.
    #[prop(optional)]
    elsewhere: bool,
) -> impl IntoView {
    let to = authorize_and_come_back();
    view! {
        <Suspense>
            {
                let to = to.clone();
                Suspend::new(async move {
                    let Some(console) = use_context::<ConsoleContext>() else { return ().into_any() };
                    let (to, words) = if could_be_trusted(&console).await {
                        (to, "Authorize this session")
                    } else {
                        (MY_DEVICES.to_owned(), "How to enrol this machine")
                    };
                    if elsewhere {
                        view! { <p><a href=to target="_blank" rel="noopener">{words}</a> " (in a new tab)"</p> }.into_any()
                    } else {
                        view! { <p><a class="button button--primary" href=to data-reload="">{words}</a></p> }.into_any()
                    }
                })
            }
        </Suspense>
    }
}

/// The page that hands the session to the device, and then this one again.
fn authorize_and_come_back() -> String {
    let location = use_location();
    let query = location.search.get_untracked();
    let mark = if query.is_empty() || query.starts_with('?') { "" } else { "?" };
    let here = format!("{}{mark}{query}", location.pathname.get_untracked());
    authorize_and_go_to(safe_next(Some(&here)))
}
