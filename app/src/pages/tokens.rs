use gatehouse_domain::authz::RevokeEnrollToken;
use gatehouse_domain::device::TokenQuery;
use gatehouse_domain::entity::{MAX_CHALLENGES, TokenPurpose, TokenState};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::api::device::may;
use crate::api::query::address;
use crate::api::tokens::{TokenRow, Tokens, list};
use crate::components::{
    Badge, EmptyState, Field, FilterForm, PageHeader, Pager, PostForm, Problem, SelectField, Time, Tone,
    sentence,
};
use crate::{ApiError, ConsoleContext, FormOutcome};

const PATH: &str = "/web/tokens";

/// What the address asks for.
#[derive(Clone, Default)]
struct Asked {
    device: String,
    state: String,
    by: String,
    text: String,
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
            device: given("device").unwrap_or_default(),
            state: given("state").unwrap_or_default(),
            by: given("by").unwrap_or_default(),
            text: given("q").unwrap_or_default(),
            before: given("before"),
            revoke: outcome.or_else(|| given("revoke")),
        }
    }

    /// The address of the same list, with something more.
    fn address(&self, more: Option<(&str, &str)>) -> String {
        let asked = [("device", &self.device), ("q", &self.text), ("state", &self.state), ("by", &self.by)];
        let asked = asked.map(|(name, value)| (name, value.as_str()));
        let pairs: Vec<_> = asked.into_iter().chain(more).collect();
        address(PATH, &pairs)
    }

    fn query(&self, console: &ConsoleContext) -> Result<TokenQuery, ApiError> {
        let query = TokenQuery::read(&self.device, &self.state, &self.by, &self.text);
        query.map_err(|error| console.refuse(error))
    }
}

/// Enrolment tokens as objects.
#[component]
pub(crate) fn TokensPage() -> impl IntoView {
    let asked = Asked::current();
    let console = use_context::<ConsoleContext>();
    let of_device = (!asked.device.is_empty()).then(|| {
        view! {
            <p>
                "Tokens of one device. "
                <a href=format!("/web/devices/{}", asked.device)>"To the device"</a> " · " <a href=PATH>"All tokens"</a>
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
        {asked.revoke.clone().map(|id| view! { <Revoke id back=asked.address(None)/> })}
        <Filters asked=asked.clone()/>
        <Suspense>
            {Suspend::new(async move {
                let Some(console) = console else { return ().into_any() };
                let may_revoke = may::<RevokeEnrollToken>(&console);
                let found = match asked.query(&console) {
                    Ok(query) => list(&console, &query, asked.before.as_deref())
                        .await
                        .map(|found| (found, query.is_narrowed())),
                    Err(error) => Err(error),
                };
                match found {
                    Ok((found, is_narrowed)) if found.rows.is_empty() && !found.stopped && asked.before.is_none() => {
                        view! { <Empty is_narrowed/> }.into_any()
                    }
                    Ok((found, _)) => view! { <List found asked may_revoke/> }.into_any(),
                    Err(error) => view! { <Problem title="The tokens cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Filters(asked: Asked) -> impl IntoView {
    let ended = TokenState::ALL.into_iter().filter(|state| *state != TokenState::Active);
    let states = [(String::new(), "Active".to_owned())]
        .into_iter()
        .chain(ended.map(|state| (state.as_str().to_owned(), sentence(state_words(state)))))
        .chain([("all".to_owned(), "All".to_owned())])
        .collect();
    let is_narrowed = [&asked.text, &asked.state, &asked.by].into_iter().any(|text| !text.is_empty());
    let clear = is_narrowed.then(|| address(PATH, &[("device", &asked.device)]));
    let device =
        (!asked.device.is_empty()).then(|| view! { <input type="hidden" name="device" value=asked.device/> });
    view! {
        <FilterForm action=PATH placeholder="Asset tag, purpose or ID" text=asked.text clear>
            <SelectField name="state" label="State" options=states value=asked.state/>
            <Field name="by" label="Made by" autocomplete="off" value=asked.by required=false/>
            {device}
        </FilterForm>
    }
}

#[component]
fn Empty(is_narrowed: bool) -> impl IntoView {
    if is_narrowed {
        return view! {
            <EmptyState title="No token is found">
                <p>"No enrolment token is as the search and the filters ask for."</p>
                <p><a class="button" href=PATH>"Show all active tokens"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <EmptyState title="No active enrolment tokens">
            <p>"A token is made on a device's page, or in the same step as the device is added."</p>
            <p><a class="button" href="/web/devices">"To the devices"</a></p>
        </EmptyState>
    }
    .into_any()
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
    let Tokens { rows, next, stopped } = found;
    let first = asked.before.is_some().then(|| asked.address(None));
    let next = next.map(|token| asked.address(Some(("before", &token))));
    let stopped = stopped.then(|| {
        view! {
            <p class="form__note">
                "So far, 5,000 tokens were looked at. Narrow your search, or go on with the next page."
            </p>
        }
    });
    let rows = rows
        .into_iter()
        .map(|found| {
            let revoke = (may_revoke && found.state == TokenState::Active)
                .then(|| asked.address(Some(("revoke", &found.token.id))));
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
            {stopped}
            <Pager first next/>
        </div>
    }
}

fn row(found: TokenRow, revoke: Option<String>) -> impl IntoView {
    let TokenRow { token, state, device } = found;
    let tag = device.asset_tag.to_string();
    let purpose = match (token.purpose, token.note.is_empty()) {
        (TokenPurpose::AutoEnroll, _) => "auto-enrolment".to_owned(),
        (TokenPurpose::Admin, true) => String::new(),
        (TokenPurpose::Admin, false) => token.note.clone(),
    };
    let purpose = match purpose.as_str() {
        "" if token.bound_user.is_none() => view! { <span class="table__none">"none"</span> }.into_any(),
        _ => purpose.into_any(),
    };
    let bound = token.bound_user.map(|user| view! { <span class="table__none">" only " {user}</span> });
    let label = format!("Revoke the token for {tag}");
    view! {
        <tr>
            <th scope="row"><a href=format!("/web/devices/{}", token.device_id)>{tag}</a></th>
            <td data-label="State"><TokenBadge state/></td>
            <td data-label="Attempts" class="table__number">{token.challenges} " of " {MAX_CHALLENGES}</td>
            <td data-label="For" class="table__wide">{purpose} {bound}</td>
            <td data-label="By">{token.created_by}</td>
            <td data-label="Made" class="table__number"><Time at=token.created/></td>
            <td data-label="Expires" class="table__number"><Time at=token.expires/></td>
            <td>{revoke.map(|path| view! { <a href=path aria-label=label>"Revoke"</a> })}</td>
        </tr>
    }
}

/// A token's state in a word.
#[component]
pub(super) fn TokenBadge(state: TokenState) -> impl IntoView {
    let tone = match state {
        TokenState::Active => Tone::Good,
        TokenState::Spent | TokenState::Expired => Tone::Plain,
        TokenState::Revoked => Tone::Problem,
        TokenState::Exhausted => Tone::Warning,
    };
    view! { <Badge tone text=state_words(state)/> }
}

const fn state_words(state: TokenState) -> &'static str {
    match state {
        TokenState::Exhausted => "attempts used up",
        other => other.as_str(),
    }
}
