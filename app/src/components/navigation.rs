use gatehouse_domain::authz::{
    Capability, ListDevices, ListEvents, ListLocks, ListReviews, ListRoles, ListSessions, ListUsers,
    Principal, ReadPreference,
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::{Icon, Shape};
use crate::ConsoleContext;

/// A way to a page, for those who may see it.
struct Way {
    path: &'static str,
    label: &'static str,
    shape: Shape,
    is_open: fn(&Principal) -> bool,
}

/// Ways that belong together.
struct Area {
    label: &'static str,
    ways: &'static [Way],
}

/// Whether a role allows it; the gate of `required` is the page's to explain.
fn may<C: Capability>(principal: &Principal) -> bool {
    !matches!(principal.grant::<C>(), Err(gatehouse_domain::authz::AuthzError::NotAllowed { .. }))
}

const fn way(path: &'static str, label: &'static str, shape: Shape, is_open: fn(&Principal) -> bool) -> Way {
    Way { path, label, shape, is_open }
}

const AREAS: &[Area] = &[
    Area {
        label: "Inventory",
        ways: &[
            way("/web/devices", "Devices", Shape::Device, may::<ListDevices>),
            way("/web/tokens", "Enrolment tokens", Shape::Ticket, may::<ListDevices>),
            way("/web/reviews", "Reviews", Shape::Warning, may::<ListReviews>),
            way("/web/devices/insights", "Insights", Shape::Chart, may::<ListDevices>),
        ],
    },
    Area {
        label: "People",
        ways: &[
            way("/web/users", "Users", Shape::People, may::<ListUsers>),
            way("/web/roles", "Roles", Shape::Badge, may::<ListRoles>),
            way("/web/sessions", "Sessions", Shape::Clock, may::<ListSessions>),
        ],
    },
    Area {
        label: "Cluster",
        ways: &[
            way("/web/settings", "Device trust", Shape::ShieldCheck, may::<ReadPreference>),
            way("/web/locks", "Locks", Shape::Lock, may::<ListLocks>),
            way("/web/audit", "Audit log", Shape::List, may::<ListEvents>),
        ],
    },
    Area {
        label: "You",
        ways: &[
            way("/web/account", "Account", Shape::Person, |_| true),
            way("/web/account/security", "Security", Shape::Key, |_| true),
            way("/web/account/sessions", "Your sessions", Shape::Clock, |_| true),
        ],
    },
];

/// Ways to the pages. Narrow windows have them behind a button, which opens without a script.
#[component]
pub(crate) fn Navigation() -> impl IntoView {
    let principal = use_context::<ConsoleContext>().map(|console| console.principal);
    let here = use_location().pathname.get_untracked();
    let current = current(&here);
    let area = |area: &'static Area| {
        let is_open = |way: &&Way| principal.as_ref().is_some_and(|principal| (way.is_open)(principal));
        let ways: Vec<_> = area.ways.iter().filter(is_open).map(|way| link(way, current)).collect();
        (!ways.is_empty())
            .then(|| view! { <li><span class="nav__area">{area.label}</span><ul>{ways}</ul></li> })
    };
    let areas = || AREAS.iter().map(area).collect_view();
    view! {
        <nav id="nav" class="nav" aria-label="Main"><ul class="nav__areas">{areas()}</ul></nav>
        <details id="nav-narrow" class="nav-narrow">
            <summary><Icon shape=Shape::Menu/>"Menu"</summary>
            <nav class="nav" aria-label="Main, narrow"><ul class="nav__areas">{areas()}</ul></nav>
        </details>
    }
}

fn link(way: &Way, current: Option<&'static str>) -> impl IntoView + use<> {
    let here = (current == Some(way.path)).then_some("page");
    view! { <li><a href=way.path aria-current=here><Icon shape=way.shape/>{way.label}</a></li> }
}

/// The way whose path is the longest beginning of the address.
fn current(here: &str) -> Option<&'static str> {
    let leads_here = |path: &&'static str| {
        here.strip_prefix(*path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    AREAS
        .iter()
        .flat_map(|area| area.ways)
        .map(|way| way.path)
        .filter(leads_here)
        .max_by_key(|path| path.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_way_is_the_current_one() {
        assert_eq!(current("/web/devices"), Some("/web/devices"));
        assert_eq!(current("/web/devices/insights"), Some("/web/devices/insights"));
        assert_eq!(current("/web/devices/abc"), Some("/web/devices"));
        assert_eq!(current("/web/devicesx"), None);
        assert_eq!(current("/web/account/sessions"), Some("/web/account/sessions"));
    }
}
