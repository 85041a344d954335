use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, SHIELD_MISSING, SHIELD_TRUSTED, Shape, ShieldMark};
use crate::ConsoleContext;
use crate::api::{Shield, Viewer, viewer_of};

/// Name of the product, ways to the pages, and who is signed in.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let viewer = use_context::<ConsoleContext>().and_then(|console| viewer_of(&console));
    let signed_in = viewer.map(|viewer| view! { <Navigation/> <UserMenu viewer/> });
    view! {
        <header class="header">
            <a class="header__brand" href="/web/devices">
                <Icon shape=Shape::Gate/>
                <span>"Gatehouse"</span>
            </a>
            {signed_in}
        </header>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let here = use_location().pathname.get_untracked();
    let link = move |path: &'static str, label: &'static str| {
        let current = (here == path).then_some("page");
        view! { <li><a href=path aria-current=current>{label}</a></li> }
    };
    view! {
        <nav class="header__nav" aria-label="Main">
            <ul>{link("/web/devices", "Devices")} {link("/web/account", "Account")}</ul>
        </nav>
    }
}

/// Opens without a script.
#[component]
fn UserMenu(viewer: Viewer) -> impl IntoView {
    let trust = match viewer.shield {
        Shield::Trusted => Some(format!(
            "{SHIELD_TRUSTED}{}",
            viewer.device.as_ref().map(|device| format!(" on {}", device.asset_tag)).unwrap_or_default()
        )),
        Shield::Missing => Some(SHIELD_MISSING.to_owned()),
        Shield::None => None,
    };
    view! {
        <details class="user-menu">
            <summary>
                <ShieldMark shield=viewer.shield/>
                <span class="user-menu__name">{viewer.name}</span>
                <Icon shape=Shape::Chevron/>
            </summary>
            <div class="user-menu__sheet">
                {trust.map(|words| view! { <p class="user-menu__trust">{words}</p> })}
                <a class="user-menu__item" href="/web/account">"Your account and devices"</a>
                <form method="post" action="/web/logout">
                    <button class="user-menu__item" type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
}
