use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::{Shield, Viewer, list_own_devices, viewer};
use crate::components::{DeviceTable, Problem, SHIELD_MISSING, SHIELD_TRUSTED};

/// Who is signed in, and the own devices: open also without a trusted device.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").filter(|token| !token.is_empty());
    let is_later_page = after.is_some();
    view! {
        <Title text="Account"/>
        <h1>"Account"</h1>
        <Suspense>
            {Suspend::new(async move {
                match viewer().await {
                    Ok(viewer) => view! { <WhoAmI viewer/> }.into_any(),
                    Err(error) => view! { <Problem title="Nobody is signed in" error/> }.into_any(),
                }
            })}
        </Suspense>
        <h2 id="devices">"My devices"</h2>
        <Suspense>
            {Suspend::new(async move {
                match list_own_devices(after).await {
                    Ok(list) if list.rows.is_empty() && !is_later_page => view! { <NoDevices/> }.into_any(),
                    Ok(list) => view! {
                        <DeviceTable list caption="Your devices" path="/web/account" is_later_page/>
                    }
                    .into_any(),
                    Err(error) => view! { <Problem title="Your devices cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn WhoAmI(viewer: Viewer) -> impl IntoView {
    let trust = match viewer.shield {
        Shield::Trusted => SHIELD_TRUSTED,
        Shield::Missing => SHIELD_MISSING,
        Shield::None => "This session has no trusted device, and nothing requires one",
    };
    let device = viewer.device.map(|device| {
        view! { <dt>"Trusted device"</dt><dd>{device.asset_tag} " " <code>{device.id}</code></dd> }
    });
    let logins = if viewer.logins.is_empty() { "none".to_owned() } else { viewer.logins.join(", ") };
    view! {
        <dl class="facts card">
            <dt>"User"</dt><dd>{viewer.name}</dd>
            <dt>"Roles"</dt><dd>{viewer.roles.join(", ")}</dd>
            <dt>"Logins"</dt><dd>{logins}</dd>
            <dt>"Device Trust"</dt><dd>{trust}</dd>
            {device}
            <dt>"Session ends"</dt>
            <dd><time datetime=viewer.expires.exact>{viewer.expires.text}</time></dd>
        </dl>
        <form method="post" action="/web/logout">
            <button class="button" type="submit">"Sign out"</button>
        </form>
    }
}

#[component]
fn NoDevices() -> impl IntoView {
    view! {
        <section class="empty">
            <p>"You have not enrolled a device yet. With a token from an administrator, run on the device:"</p>
            <pre tabindex="0"><code>"tsh device enroll --token=…"</code></pre>
            <p>
                "After that, " <code>"tsh logout"</code> " and " <code>"tsh login"</code>
                " make its next session a trusted one."
            </p>
        </section>
    }
}
