use gatehouse_domain::ek::{CoveredDevice, FailingEks, JudgementProgress, verdict_words};
use gatehouse_model::counted;
use leptos::prelude::*;

use super::word;
use crate::api::query::address;
use crate::components::{Pager, Tone};

const PATH: &str = "/web/settings/cas";

/// Enrolled devices that could not enrol today.
#[component]
pub(super) fn Failing(failing: FailingEks, is_later_page: bool) -> impl IntoView {
    let FailingEks { progress, devices, next } = failing;
    let Some(progress) = progress else { return ().into_any() };
    let first = is_later_page.then(|| PATH.to_owned());
    let next = next.map(|after| address(PATH, &[("after", &after)]));
    let rows = devices.into_iter().map(row).collect_view();
    let table = (!rows.is_empty()).then(|| {
        view! {
            <div class="table-frame" role="region" aria-label="Devices that could not enrol today" tabindex="0">
                <table class="table">
                    <caption>"Enrolled devices that could not enrol today"</caption>
                    <thead>
                        <tr><th scope="col">"Device"</th><th scope="col">"OS"</th><th scope="col">"Why"</th></tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <section class="card card--part" aria-labelledby="failing" id="failing-devices">
            <h2 id="failing">"Enrolled devices that could not enrol today"</h2>
            <Standing progress/>
            {table}
            <Pager first next/>
        </section>
    }
    .into_any()
}

#[component]
fn Standing(progress: JudgementProgress) -> impl IntoView {
    let JudgementProgress { judged, failing, enrolled, is_done } = progress;
    if is_done {
        let state = if failing == 0 { word(Tone::Good, "none") } else { word(Tone::Warning, "some") };
        let stay = (failing > 0).then_some(" They stay enrolled; enrolling them again would fail.");
        return view! {
            <p>{state} {format!(" {failing} of {judged} enrolled devices with TPMs.")} {stay}</p>
        }
        .into_any();
    }
    view! {
        <p>{format!("{judged} of {} judged by the list as it is now, {failing} of them could not enrol.", counted(enrolled, "device is", "devices are"))}</p>
        <progress max=enrolled.max(1) value=judged aria-label="Devices judged"></progress>
        <p><a href=PATH>"Look again"</a></p>
    }
    .into_any()
}

fn row((device, reason): (CoveredDevice, String)) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/web/devices/{}", device.id)>{device.asset_tag}</a></th>
            <td data-label="OS">{device.os_type.friendly()}</td>
            <td data-label="Why" class="table__wide">{verdict_words(&reason)} " " <code>{reason.clone()}</code></td>
        </tr>
    }
}
