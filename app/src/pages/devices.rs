use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::ApiError;
use crate::api::list_devices;
use crate::components::{DeviceTable, Problem};

/// The inventory.
#[component]
pub(crate) fn DevicesPage() -> impl IntoView {
    let after = use_query_map().get_untracked().get("after").filter(|token| !token.is_empty());
    let is_later_page = after.is_some();
    view! {
        <Title text="Devices"/>
        <h1>"Devices"</h1>
        <Suspense>
            {Suspend::new(async move {
                match list_devices(after).await {
                    Ok(list) if list.rows.is_empty() && !is_later_page => view! { <Empty/> }.into_any(),
                    Ok(list) => view! {
                        <DeviceTable list caption="Devices of the inventory" path="/web/devices" is_later_page/>
                    }
                    .into_any(),
                    Err(error) => view! { <Refused error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <section class="empty">
            <h2>"No devices yet"</h2>
            <p>"Register the first device, then create an enrolment token for it:"</p>
            <pre tabindex="0"><code>
                "tctl devices add --os=linux --asset-tag=C00AA0AAAA0A\n"
                "tctl devices enroll --asset-tag=C00AA0AAAA0A"
            </code></pre>
            <p>
                "On the device, " <code>"tsh device asset-tag"</code>
                " prints its asset tag, and " <code>"tsh device enroll --token=…"</code> " enrols it."
            </p>
        </section>
    }
}

#[component]
fn Refused(error: ApiError) -> impl IntoView {
    let title = match error.code.as_str() {
        "trusted_device_required" => "The inventory needs a trusted device",
        "not_allowed" => "The inventory is not open to you",
        _ => "The inventory cannot be shown",
    };
    view! {
        <Problem title error/>
        <p><a class="button" href="/web/account">"To your own devices"</a></p>
    }
}
