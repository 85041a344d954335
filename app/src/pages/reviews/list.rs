use gatehouse_domain::entity::Review;
use gatehouse_model::Timestamp;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::{PATH, reason_words, state_words};
use crate::ConsoleContext;
use crate::api::query::address;
use crate::api::reviews::{ReviewList, review_list};
use crate::components::{Badge, EmptyState, PageHeader, Pager, Problem, Time};

/// Reviews that wait, or those that do not any more.
#[component]
pub(crate) fn ReviewsPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let is_past = query.get("state").is_some_and(|state| state == "decided");
    let after = query.get("after").filter(|token| !token.is_empty());
    view! {
        <Title text="Reviews"/>
        <PageHeader
            title="Reviews"
            lead="Devices that proved everything that was asked of them, but not to the letter of the rules. You decide."
        />
        <nav class="tabs" aria-label="Which reviews">
            <a href=PATH aria-current=(!is_past).then_some("page")>"Waiting"</a>
            <a href="/web/reviews?state=decided" aria-current=is_past.then_some("page")>"Decided"</a>
        </nav>
        <Suspense>
            {Suspend::new(async move {
                let found = match ConsoleContext::current() {
                    Ok(console) => review_list(&console, !is_past, after.as_deref()).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(list) => view! { <Whole list is_past is_later_page=after.is_some()/> }.into_any(),
                    Err(error) => view! { <Problem title="Reviews cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn Whole(list: ReviewList, is_past: bool, is_later_page: bool) -> impl IntoView {
    let state = if is_past { "decided" } else { "" };
    let first = is_later_page.then(|| address(PATH, &[("state", state)]));
    let next = list.next.map(|token| address(PATH, &[("state", state), ("after", &token)]));
    let now = list.page.now;
    let rows = list.page.reviews.into_iter().map(|review| row(review, now)).collect_view();
    let table = if rows.is_empty() {
        let title = if is_past { "No review has been decided" } else { "Nothing awaits review" };
        view! {
            <EmptyState title>
                <p>"A review is made when a device proves its TPM, and the TPM's CA is not among the EKCert CAs."</p>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <div class="table-frame" role="region" aria-label="Reviews" tabindex="0">
                <table class="table">
                    <caption>{if is_past { "Decided reviews, newest first" } else { "Reviews that wait, newest first" }}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Device"</th>
                            <th scope="col">"Reason"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Asked by"</th>
                            <th scope="col">"Since"</th>
                            <th scope="col">"Until"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! { <div id="reviews" class="stack" data-live="reviews">{table} <Pager first next/></div> }
}

fn row(review: Review, now: Timestamp) -> impl IntoView {
    let (tone, text) = state_words(review.state_at(now));
    view! {
        <tr>
            <th scope="row"><a href=format!("{PATH}/{}", review.id)>{review.asset_tag}</a></th>
            <td data-label="Reason" class="table__wide">{reason_words(review.reason)}</td>
            <td data-label="State"><Badge tone text/></td>
            <td data-label="Asked by">{review.user}</td>
            <td data-label="Since" class="table__number"><Time at=review.created/></td>
            <td data-label="Until" class="table__number"><Time at=review.expires/></td>
        </tr>
    }
}
