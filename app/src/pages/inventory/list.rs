use gatehouse_domain::authz::CreateDevice;
use gatehouse_domain::device::DeviceQuery;
use gatehouse_domain::entity::{ListCount, ListOrder};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::filters::Filters;
use super::row::DeviceRow;
use crate::api::{
    INVENTORY, InventoryAddress, InventoryPage, address_of, inventory, page_token, parameters, sorted_by,
};
use crate::components::{EmptyState, Icon, PageHeader, Pager, Problem, Shape, grouped};
use crate::{ApiError, ConsoleContext};

const COLUMNS: [(ListOrder, &str); 8] = [
    (ListOrder::Tag, "Asset tag"),
    (ListOrder::Os, "System"),
    (ListOrder::Model, "Model"),
    (ListOrder::Owner, "Owner"),
    (ListOrder::Status, "State"),
    (ListOrder::Tier, "Attestation"),
    (ListOrder::Source, "Source"),
    (ListOrder::Seen, "Last authenticated"),
];

/// The inventory.
#[component]
pub(crate) fn DevicesPage() -> impl IntoView {
    let search = use_location().search.get_untracked();
    view! {
        <Title text="Devices"/>
        <Suspense>
            {Suspend::new(async move {
                match page(&search).await {
                    Ok((query, page)) => view! { <Inventory query page/> }.into_any(),
                    Err(error) => view! { <Refused error search/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn page(search: &str) -> Result<(DeviceQuery, InventoryPage), ApiError> {
    let console = ConsoleContext::current()?;
    let address = InventoryAddress::read(&console, search)?;
    let page = inventory(&console, &address).await?;
    Ok((address.query, page))
}

#[component]
fn Inventory(query: DeviceQuery, page: InventoryPage) -> impl IntoView {
    let may_add = use_context::<ConsoleContext>()
        .is_some_and(|console| console.principal.grant::<CreateDevice>().is_ok());
    let export = address_of("/web/devices/export.csv", &query, None);
    let is_empty = page.rows.is_empty();
    let actions = view! {
        {(!is_empty).then(|| view! {
            <a class="button" href=export download="" data-reload><Icon shape=Shape::Download/>"Export CSV"</a>
        })}
        {may_add.then(|| view! {
            <a class="button" href="/web/devices/import"><Icon shape=Shape::Upload/>"Import"</a>
            <a class="button" href="/web/devices/ship-ahead">"Announced TPMs"</a>
            <a class="button button--primary" href="/web/devices/add"><Icon shape=Shape::Plus/>"Add a device"</a>
        })}
    };
    let has_no_devices = is_empty && query.is_everything() && page.first.is_none();
    let summary = counted(page.count, &query);
    let body = if has_no_devices {
        view! { <NoDevices may_add/> }.into_any()
    } else if is_empty {
        view! { <NothingFound query=query.clone() page=page.clone()/> }.into_any()
    } else {
        let stopped = page.stopped.then(|| view! { <Stopped/> });
        view! { <Table query=query.clone() page=page.clone()/> {stopped} }.into_any()
    };
    let pager = (!is_empty).then(|| {
        view! { <Pager first=page.first previous=page.previous next=page.next summary=summary/> }
    });
    view! {
        <PageHeader title="Devices">{actions}</PageHeader>
        {(!has_no_devices).then(|| view! { <Filters query=query.clone()/> })}
        {body}
        {pager}
    }
}

/// Such as `10,000+ devices`.
fn counted(count: ListCount, query: &DeviceQuery) -> String {
    let what = if query.is_everything() { "" } else { " found" };
    match count {
        ListCount::Exactly(1) => format!("1 device{what}"),
        ListCount::Exactly(count) => format!("{} devices{what}", grouped(count)),
        ListCount::Many => format!("{}+ devices{what}", grouped(ListCount::MOST)),
        ListCount::Uncounted => format!("Many devices{what}"),
    }
}

#[component]
fn Table(query: DeviceQuery, page: InventoryPage) -> impl IntoView {
    let heads = COLUMNS.map(|(order, label)| {
        let (sort, arrow) = match (query.order == order, query.descending) {
            (false, _) => (None, ""),
            (true, false) => (Some("ascending"), " ↑"),
            (true, true) => (Some("descending"), " ↓"),
        };
        let path = sorted_by(&query, order);
        view! {
            <th scope="col" aria-sort=sort>
                <a href=path>{label}<span aria-hidden="true">{arrow}</span></a>
            </th>
        }
    });
    let rows = page.rows.into_iter().map(|row| view! { <DeviceRow row/> }).collect_view();
    view! {
        // Wide tables scroll by themselves; the keyboard must reach them too.
        <div class="table-frame" role="region" aria-label="Devices of the inventory" tabindex="0">
            <table class="table table--sorted">
                <thead><tr>{heads.to_vec()}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// Reading went far enough for one page.
#[component]
fn Stopped() -> impl IntoView {
    view! {
        <p class="form__note">
            "The list was not looked through to its end. Narrow your search with another word or a filter, or go on with the next page."
        </p>
    }
}

#[component]
fn NothingFound(query: DeviceQuery, page: InventoryPage) -> impl IntoView {
    let is_stopped = page.stopped;
    let title = match (is_stopped, page.first.is_some()) {
        (true, _) => "Nothing found so far",
        (false, true) => "The list ends here",
        (false, false) => "No device matches",
    };
    let all = address_of(INVENTORY, &DeviceQuery::default().sorted(query.order, query.descending), None);
    let on = page.next.filter(|_| is_stopped);
    let on = on.map(|path| view! { <a class="button" href=path>"Look further"</a> });
    let first = page.first.map(|path| view! { <a class="button" href=path>"First page"</a> });
    let clear =
        (!query.is_everything()).then(|| view! { <a class="button" href=all>"Clear search and filters"</a> });
    let words = if is_stopped {
        "Tens of thousands of devices were looked at and none of them matches. Narrow your search with another word or a filter."
    } else {
        "A search finds the beginnings of words: of asset tags, serial numbers, owners, models and device IDs."
    };
    view! {
        <EmptyState title>
            <p>{words}</p>
            <p class="form__end">{on} {first} {clear}</p>
        </EmptyState>
    }
}

#[component]
fn NoDevices(may_add: bool) -> impl IntoView {
    let ways = may_add.then(|| {
        view! {
            <p class="form__end">
                <a class="button button--primary" href="/web/devices/add">"Add the first device"</a>
                <a class="button" href="/web/devices/import">"Import a list"</a>
            </p>
        }
    });
    view! {
        <EmptyState title="No devices yet">
            <p>
                "Register a device by its asset tag, create an enrolment token for it, and enrol it there. On the device, "
                <code>"tsh device asset-tag"</code> " prints its asset tag, and "
                <code>"tsh device enroll --token=…"</code> " enrols it."
            </p>
            {ways}
        </EmptyState>
    }
}

#[component]
fn Refused(error: ApiError, search: String) -> impl IntoView {
    let (title, is_about_the_list) = match error.code.as_str() {
        "trusted_device_required" => ("The inventory needs a trusted device", false),
        "not_allowed" => ("The inventory is not open to you", false),
        "invalid_filter" | "too_many_words" => ("The inventory cannot be searched like this", true),
        _ => ("The inventory cannot be shown", false),
    };
    // The same list from its beginning, if the list itself is well.
    let pairs = parameters(&search);
    let query = DeviceQuery::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let first = address_of(INVENTORY, &query.unwrap_or_default(), None);
    if page_token::is_lost(&error.code) {
        return view! { <h1>"Devices"</h1> <Problem title error/> }.into_any();
    }
    let way = if is_about_the_list {
        view! { <a class="button" href=first>"First page of the list"</a> }
    } else {
        view! { <a class="button" href="/web/account".to_owned()>"To your own devices"</a> }
    };
    view! {
        <h1>"Devices"</h1>
        <Problem title error/>
        <p>{way}</p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_easily() {
        let (all, some) = (DeviceQuery::default(), DeviceQuery::read([("os", "linux"), ("q", "x")]).unwrap());
        assert_eq!(counted(ListCount::Exactly(1), &all), "1 device");
        assert_eq!(counted(ListCount::Exactly(0), &some), "0 devices found");
        assert_eq!(counted(ListCount::Exactly(1204), &all), "1,204 devices");
        assert_eq!(counted(ListCount::Many, &all), "10,000+ devices");
        assert_eq!(counted(ListCount::Many, &some), "10,000+ devices found");
        assert_eq!(counted(ListCount::Uncounted, &some), "Many devices found");
    }

    #[test]
    fn columns_turn_around() {
        let query = DeviceQuery::read([("q", "a&b"), ("sort", "model")]).unwrap();
        assert_eq!(sorted_by(&query, ListOrder::Model), "/web/devices?q=a%26b&sort=-model");
        assert_eq!(sorted_by(&query, ListOrder::Tag), "/web/devices?q=a%26b");
        assert_eq!(sorted_by(&query, ListOrder::Seen), "/web/devices?q=a%26b&sort=-seen");
    }
}
