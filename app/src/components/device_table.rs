use leptos::prelude::*;

use super::{Icon, Pager, Shape};
use crate::api::{DeviceList, DeviceRow};

/// A page of devices, with the way to the next.
#[component]
pub(crate) fn DeviceTable(
    list: DeviceList,
    caption: &'static str,
    /// The page that the table stands on.
    path: &'static str,
    /// Not the first page of the list.
    is_later_page: bool,
) -> impl IntoView {
    let rows = list.rows.into_iter().map(row).collect_view();
    let first = is_later_page.then(|| path.to_owned());
    let next = list.next.map(|token| format!("{path}?after={token}"));
    view! {
        // Wide tables scroll by themselves; the keyboard must reach them too.
        <div class="table-frame" role="region" aria-label=caption tabindex="0">
            <table class="table">
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">"Asset tag"</th>
                        <th scope="col">"OS"</th>
                        <th scope="col">"Enrol status"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col">"Last authenticated"</th>
                        <th scope="col">"Device ID"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first next/>
    }
}

fn row(device: DeviceRow) -> impl IntoView {
    let status = if device.enrolled {
        view! { <span class="badge badge--good"><Icon shape=Shape::Check/>"enrolled"</span> }.into_any()
    } else {
        view! { <span class="badge"><Icon shape=Shape::Circle/>"not enrolled"</span> }.into_any()
    };
    let owner = device.owner.map_or_else(
        || view! { <span class="table__none">"none"</span> }.into_any(),
        |owner| owner.into_any(),
    );
    let last = device.last_authenticated.map_or_else(
        || view! { <span class="table__none">"never"</span> }.into_any(),
        |moment| view! { <time datetime=moment.exact>{moment.text}</time> }.into_any(),
    );
    view! {
        <tr>
            <th scope="row">{device.asset_tag}</th>
            <td>{device.os}</td>
            <td>{status}</td>
            <td>{owner}</td>
            <td class="table__number">{last}</td>
            <td><code>{device.id}</code></td>
        </tr>
    }
}
