use gatehouse_domain::ek::ReviewPage;
use gatehouse_domain::entity::Review;
use gatehouse_model::Timestamp;
use leptos::prelude::*;

use super::{PATH, reason_words, state_words};
use crate::components::{Badge, Time};

/// The reviews of what a page is about; nothing where there are none.
#[component]
pub(crate) fn ReviewsAbout(page: ReviewPage) -> impl IntoView {
    if page.reviews.is_empty() {
        return ().into_any();
    }
    let rows = page.reviews.into_iter().map(|review| row(review, page.now)).collect_view();
    view! {
        <section class="card card--part" aria-labelledby="reviews-title">
            <h2 id="reviews-title">"Reviews"</h2>
            <ul class="plain-list">{rows}</ul>
        </section>
    }
    .into_any()
}

fn row(review: Review, now: Timestamp) -> impl IntoView {
    let (tone, text) = state_words(review.state_at(now));
    let path = format!("{PATH}/{}", review.id);
    view! {
        <li>
            <Badge tone text/> " " <a href=path>{review.asset_tag} ": " {reason_words(review.reason)}</a> ", asked by "
            {review.user} ", " <Time at=review.created/>
        </li>
    }
}
