use gatehouse_domain::account::{UserPage as Users, UserSummary};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{path_of, ways_in};
use crate::ConsoleContext;
use crate::api::query::address;
use crate::api::users::{may_invite, user_list};
use crate::components::{Badge, EmptyState, FilterForm, Icon, PageHeader, Pager, Problem, Shape, Tone};
use crate::moment::moment;

const PATH: &str = "/web/users";

/// All accounts.
#[component]
pub(crate) fn UsersPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let prefix = query.get("q").unwrap_or_default();
    let given = |name: &str| query.get(name).filter(|name| !name.is_empty());
    let (after, before) = (given("after"), given("before"));
    let may_invite = use_context::<ConsoleContext>().is_some_and(|console| {
        console.principal.may::<gatehouse_domain::authz::CreateUser>() && may_invite(&console).is_ok()
    });
    let wished = prefix.clone();
    let whole = (!prefix.is_empty()).then(|| PATH.to_owned());
    view! {
        <Title text="Users"/>
        <PageHeader title="Users" lead="People and bots, what they may do, and whether they are on trusted devices.">
            {may_invite.then(|| view! {
                <a class="button button--primary" href="/web/users/~new"><Icon shape=Shape::Plus/>"Invite a user"</a>
            })}
        </PageHeader>
        <FilterForm action=PATH label="Name begins with" text=wished longest=64 clear=whole/>
        <Suspense>
            {Suspend::new(async move {
                let found = match ConsoleContext::current() {
                    Ok(console) => user_list(&console, &prefix, after.as_deref(), before.as_deref()).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(page) => view! { <UserTable page prefix/> }.into_any(),
                    Err(error) => view! { <Problem title="Users cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn UserTable(page: Users, prefix: String) -> impl IntoView {
    if page.users.is_empty() {
        return view! {
            <EmptyState title="Nobody is found">
                <p>"No name begins so. " <a href=PATH>"Show all users"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    let first = page.previous.is_some().then(|| address(PATH, &[("q", &prefix)]));
    let previous = page.previous.map(|before| address(PATH, &[("q", &prefix), ("before", &before)]));
    let next = page.next.map(|after| address(PATH, &[("q", &prefix), ("after", &after)]));
    let rows = page.users.into_iter().map(row).collect_view();
    view! {
        <div class="table-frame" role="region" aria-label="Users" tabindex="0">
            <table class="table">
                <caption>"Users by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Roles"</th>
                        <th scope="col">"Signs in with"</th>
                        <th scope="col">"Trusted device"</th>
                        <th scope="col">"Last seen"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first previous next/>
    }
    .into_any()
}

fn row(summary: UserSummary) -> impl IntoView {
    let UserSummary { glance, is_locked } = summary;
    let ways_in = ways_in(&glance);
    let user = glance.user;
    let state = if is_locked {
        view! { <Badge tone=Tone::Problem shape=Shape::Lock text="locked"/> }.into_any()
    } else if user.kind == gatehouse_model::resource::UserKind::Bot {
        view! { <Badge tone=Tone::Plain text="bot"/> }.into_any()
    } else if user.can_sign_in() {
        view! { <Badge tone=Tone::Good text="active"/> }.into_any()
    } else {
        view! { <Badge tone=Tone::Warning text="invited"/> }.into_any()
    };
    let device = if glance.enrolled_devices > 0 {
        "yes".into_any()
    } else {
        view! { <span class="table__none">"no"</span> }.into_any()
    };
    let last = glance.last_seen.map_or_else(
        || view! { <span class="table__none">"not lately"</span> }.into_any(),
        |time| {
            let moment = moment(time);
            view! { <time datetime=moment.exact>{moment.text}</time> }.into_any()
        },
    );
    let id = format!("user-{}", user.name);
    let topic = format!("user:{}", user.name);
    view! {
        <tr id=id data-live=topic>
            <th scope="row"><a href=path_of(&user.name)>{user.name.clone()}</a></th>
            <td data-label="State">{state}</td>
            <td data-label="Roles" class="table__wide">{user.roles.join(", ")}</td>
            <td data-label="Signs in with">{ways_in}</td>
            <td data-label="Trusted device">{device}</td>
            <td data-label="Last seen" class="table__number">{last}</td>
        </tr>
    }
}
