use leptos::prelude::*;

use super::{Icon, SHIELD_MISSING, SHIELD_TRUSTED, Shape, ShieldMark, WayToTrust};
use crate::ConsoleContext;
use crate::api::{Shield, Viewer, viewer_of};

/// Name of the product, and who is signed in.
#[component]
pub(crate) fn Header() -> impl IntoView {
    let viewer = use_context::<ConsoleContext>().and_then(|console| viewer_of(&console));
    view! {
        <header class="header">
            <a class="header__brand" href="/web/devices">
                <Icon shape=Shape::Gate/>
                <span>"Gatehouse"</span>
            </a>
            {viewer.map(|viewer| view! { <UserMenu viewer/> })}
        </header>
    }
}

/// Opens without a script; changes by itself when the session does.
#[component]
fn UserMenu(viewer: Viewer) -> impl IntoView {
    let device = viewer.device.as_ref().map(|device| match (device.tier.as_str(), &device.since) {
        ("", _) | (_, None) => device.asset_tag.clone(),
        (tier, Some(since)) => format!("{} ({tier}) since {}", device.asset_tag, since.text),
    });
    let is_by_code = viewer.device.as_ref().is_some_and(|device| device.is_by_code);
    let (words, next) = match viewer.shield {
        Shield::Trusted => (
            Some(SHIELD_TRUSTED),
            device.map(|tag| format!("On {tag}. Resources that ask for a trusted device are open to you.")),
        ),
        Shield::Missing => (
            Some(SHIELD_MISSING),
            Some(
                "A trusted device is required of you, and this session has proven none. Your account and \
                  your devices stay open."
                    .to_owned(),
            ),
        ),
        Shield::None => (None, None),
    };
    let trust = words.map(|words| {
        view! {
            <div class="user-menu__trust">
                <p><ShieldMark shield=viewer.shield is_spoken=false/><strong>{words}</strong></p>
                {next.map(|next| view! { <p>{next}</p> })}
                {is_by_code.then(|| view! { <p>"Confirmed by a code: this browser is on another machine."</p> })}
                {(viewer.shield == Shield::Missing).then(|| view! { <WayToTrust elsewhere=true/> })}
            </div>
        }
    });
    view! {
        <details id="viewer" class="user-menu" data-live="session">
            <summary>
                <ShieldMark shield=viewer.shield/>
                <span class="user-menu__name">{viewer.name}</span>
                <Icon shape=Shape::Chevron/>
            </summary>
            <div class="user-menu__sheet">
                {trust}
                <a class="user-menu__item" href="/web/account">"Your account and devices"</a>
                <form method="post" action="/web/logout" data-reload>
                    <button class="user-menu__item" type="submit">"Sign out"</button>
                </form>
            </div>
        </details>
    }
}
