use gatehouse_domain::authz::RevokeEnrollToken;
use gatehouse_domain::entity::{MAX_CHALLENGES, TokenPurpose, TokenState};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::device::may;
use crate::api::tokens::{TokenRow, Tokens, list};
use crate::components::{Badge, EmptyState, PageHeader, Pager, PostForm, Problem, Time, Tone};
use crate::{ConsoleContext, FormOutcome};

/// What the address asks for.
#[derive(Clone, Default)]
struct Asked {
    device: Option<String>,
    ended: bool,
    before: Option<String>,
    revoke: Option<String>,
}

impl Asked {
    fn current() -> Self {
        let query = use_query_map().get_untracked();
        let given = |name: &str| query.get(name).filter(|text| !text.is_empty());
        // A refused form comes back to the address without its query.
        let outcome = FormOutcome::current().of("revoke").map(|outcome| outcome.field("token"));
        Self {
            device: given("device"),
            ended: given("ended").is_some(),
            before: given("before"),
            revoke: outcome.or_else(|| given("revoke")),
        }
    }

    /// The address of another view of the list.
    fn address(&self, ended: bool, more: &str) -> String {
        let device = self.device.as_ref().map(|id| format!("device={id}"));
        let parts =
            [device, ended.then(|| "ended=1".to_owned()), Some(more.to_owned()).filter(|m| !m.is_empty())];
        let query = parts.into_iter().flatten().collect::<Vec<_>>().join("&");
        if query.is_empty() { "/web/tokens".to_owned() } else { format!("/web/tokens?{query}") }
    }
}

/// Enrolment tokens as objects.
#[component]
pub(crate) fn TokensPage() -> impl IntoView {
    let asked = Asked::current();
    let console = use_context::<ConsoleContext>();
    let view = |path: String, label: &'static str, here: bool| {
        view! { <a class="tabs__tab" href=path aria-current=here.then_some("page")>{label}</a> }
    };
    let of_device = asked.device.clone().map(|id| {
        view! {
            <p>
                "Tokens of one device. "
                <a href=format!("/web/devices/{id}")>"To the device"</a> " · " <a href="/web/tokens">"All tokens"</a>
            </p>
        }
    });
    view! {
        <Title text="Enrolment tokens"/>
        <PageHeader
            title="Enrolment tokens"
            lead="Each enrols one device once. The secret itself is shown when it is made and stored nowhere."
        >
            <a class="button" href="/web/devices/add">"Add a device"</a>
        </PageHeader>
        {of_device}
        {asked.revoke.clone().map(|id| view! { <Revoke id back=asked.address(asked.ended, "")/> })}
        <nav class="tabs" aria-label="Which tokens">
            {view(asked.address(false, ""), "Active", !asked.ended)}
            {view(asked.address(true, ""), "All, ended ones too", asked.ended)}
        </nav>
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                let may_revoke = may::<RevokeEnrollToken>(&console);
                match list(&console, asked.device.as_deref(), asked.ended, asked.before.as_deref()).await {
                    Ok(found) if found.rows.is_empty() && asked.before.is_none() => {
                        view! { <Empty ended=asked.ended/> }.into_any()
                    }
                    Ok(found) => view! { <List found asked may_revoke/> }.into_any(),
                    Err(error) => view! { <Problem title="The tokens cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Empty(ended: bool) -> impl IntoView {
    let title = if ended { "No enrolment tokens" } else { "No active enrolment tokens" };
    view! {
        <EmptyState title>
            <p>"A token is made on a device's page, or in the same step as the device is added."</p>
            <p><a class="button" href="/web/devices">"To the devices"</a></p>
        </EmptyState>
    }
}

/// The one form of the page: what revoking means, before it is done.
#[component]
fn Revoke(id: String, back: String) -> impl IntoView {
    view! {
        <section class="card card--part form--narrow" aria-labelledby="revoke-title">
            <h2 id="revoke-title">"Revoke this token?"</h2>
            <p>
                "Nobody can enrol a device with token " <code>{id.clone()}</code>
                " any more, and an enrolment that is under way with it fails. Devices that were enrolled stay so."
            </p>
            <PostForm action="revoke" submit="Revoke the token" is_danger=true>
                <input type="hidden" name="token" value=id/>
            </PostForm>
            <p><a class="button button--quiet" href=back>"Keep it"</a></p>
        </section>
    }
}

#[component]
fn List(found: Tokens, asked: Asked, may_revoke: bool) -> impl IntoView {
    let Tokens { rows, next } = found;
    let first = asked.before.is_some().then(|| asked.address(asked.ended, ""));
    let next = next.map(|token| asked.address(asked.ended, &format!("before={token}")));
    let ended = asked.ended;
    let rows = rows
        .into_iter()
        .map(|found| {
            let revoke = (may_revoke && found.state == TokenState::Active)
                .then(|| asked.address(ended, &format!("revoke={}", found.token.id)));
            row(found, revoke)
        })
        .collect_view();
    view! {
        <div id="tokens" data-live="device:*">
            <div class="table-frame" role="region" aria-label="Enrolment tokens" tabindex="0">
                <table class="table">
                    <caption>"Enrolment tokens, newest first"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Device"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Attempts"</th>
                            <th scope="col">"For"</th>
                            <th scope="col">"By"</th>
                            <th scope="col">"Made"</th>
                            <th scope="col">"Expires"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <Pager first=first next=next/>
        </div>
    }
}

fn row(found: TokenRow, revoke: Option<String>) -> impl IntoView {
    let TokenRow { token, state, device } = found;
    let tag = device.map_or_else(|| token.device_id.clone(), |device| device.asset_tag.to_string());
    let purpose = match (token.purpose, token.note.is_empty()) {
        (TokenPurpose::AutoEnroll, _) => "auto-enrolment".to_owned(),
        (TokenPurpose::Admin, true) => String::new(),
        (TokenPurpose::Admin, false) => token.note.clone(),
    };
    let bound = token.bound_user.map(|user| view! { <span class="table__none">" only " {user}</span> });
    let label = format!("Revoke the token for {tag}");
    view! {
        <tr>
            <th scope="row"><a href=format!("/web/devices/{}", token.device_id)>{tag}</a></th>
            <td><TokenBadge state/></td>
            <td class="table__number">{token.challenges} " of " {MAX_CHALLENGES}</td>
            <td class="table__wide">{purpose} {bound}</td>
            <td>{token.created_by}</td>
            <td class="table__number"><Time at=token.created/></td>
            <td class="table__number"><Time at=token.expires/></td>
            <td>{revoke.map(|path| view! { <a href=path aria-label=label>"Revoke"</a> })}</td>
        </tr>
    }
}

/// A token's state in a word.
#[component]
pub(super) fn TokenBadge(state: TokenState) -> impl IntoView {
    let (tone, text) = match state {
        TokenState::Active => (Tone::Good, "active"),
        TokenState::Spent => (Tone::Plain, "spent"),
        TokenState::Revoked => (Tone::Problem, "revoked"),
        TokenState::Expired => (Tone::Plain, "expired"),
        TokenState::Exhausted => (Tone::Warning, "attempts used up"),
    };
    view! { <Badge tone text/> }
}
