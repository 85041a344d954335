use leptos::prelude::*;

use crate::api::sessions::{SessionList, SessionRow};
use crate::components::{Badge, Pager, Shape, Tone};
use crate::{ACTION_FIELD, ConsoleContext, KEY_FIELD};

/// A page of sessions, each with the way to end it.
#[component]
pub(super) fn SessionTable(
    list: SessionList,
    caption: &'static str,
    /// The page that the table stands on, with its query but for the place in the list.
    #[prop(into)]
    path: String,
    /// Not the first page of the list.
    is_later_page: bool,
    /// Also whose each is.
    #[prop(optional)]
    with_users: bool,
) -> impl IntoView {
    let joint = if path.contains('?') { '&' } else { '?' };
    let next = list.next.map(|token| format!("{path}{joint}after={token}"));
    let first = is_later_page.then(|| path.clone());
    let rows = list.rows.into_iter().map(|session| row(session, with_users, &path)).collect_view();
    view! {
        <div class="table-frame" role="region" aria-label=caption tabindex="0">
            <table class="table">
                <caption>{caption}</caption>
                <thead>
                    <tr>
                        {with_users.then(|| view! { <th scope="col">"User"</th> })}
                        <th scope="col">"Where"</th>
                        <th scope="col">"Last seen"</th>
                        <th scope="col">"Trusted device"</th>
                        <th scope="col"><span class="visually-hidden">"Action"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <Pager first next/>
    }
}

fn row(session: SessionRow, with_users: bool, path: &str) -> impl IntoView + use<> {
    let kind = if session.is_browser { "Browser" } else { "Command line" };
    let device = session.device.map_or_else(
        || view! { <span class="table__none">"none"</span> }.into_any(),
        |device| {
            view! {
                <Badge tone=Tone::Good text=device.asset_tag shape=Shape::ShieldCheck/> <br/>
                <span class="table__none">
                    {device.is_by_code.then(|| view! { "confirmed by a code" <br/> })}
                    {device.tier} <br/> "since " <time datetime=device.since.exact>{device.since.text}</time>
                </span>
            }
            .into_any()
        },
    );
    let this = session
        .is_this
        .then(|| view! { " " <Badge tone=Tone::Plain text="This session" shape=Shape::Person/> });
    let what = if session.is_this { "Sign out here" } else { "End this session" };
    // For those who hear the buttons one after the other.
    let which = format!(": {}, {}, signed in {}", session.client, session.address, session.created.text);
    let user = with_users.then(|| view! { <td data-label="User">{session.user}</td> });
    view! {
        <tr>
            {user}
            <th scope="row" class="table__wrap">
                {session.client} {this} <br/>
                <span class="table__none">{kind} " · " <code>{session.address}</code></span>
            </th>
            <td data-label="Last seen" class="table__number">
                <time datetime=session.last_seen.exact>{session.last_seen.text}</time> <br/>
                <span class="table__none">
                    "signed in " <time datetime=session.created.exact>{session.created.text}</time> <br/>
                    "ends by " <time datetime=session.ends.exact>{session.ends.text}</time>
                </span>
            </td>
            <td data-label="Trusted device" class="table__wrap">{device}</td>
            <td>
                <EndForm id=session.id to=path.to_owned() reloads=session.is_this>
                    {what} <span class="visually-hidden">{which}</span>
                </EndForm>
            </td>
        </tr>
    }
}

/// One button. What goes wrong is said above the table, once.
#[component]
fn EndForm(id: String, to: String, reloads: bool, children: Children) -> impl IntoView {
    let key = use_context::<ConsoleContext>().map(|console| console.form_key());
    view! {
        <form method="post" action=to data-reload=reloads.then_some("")>
            <input type="hidden" name=ACTION_FIELD value="end"/>
            <input type="hidden" name=KEY_FIELD value=key/>
            <input type="hidden" name="id" value=id/>
            <button class="button button--quiet" type="submit">{children()}</button>
        </form>
    }
}
