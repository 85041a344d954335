use gatehouse_domain::authz::{DecideReview, ForeseePreference, ListReviews, ReadReview, UpdatePreference};
use gatehouse_domain::ek::{AddPreview, ReviewDetail, ReviewPage};
use gatehouse_domain::entity::ReviewCursor;

use super::page_token;
use crate::{ApiError, ConsoleContext};

/// Reviews of one page.
const PAGE: i64 = 50;

/// A page of reviews, and the token of the next one.
pub(crate) struct ReviewList {
    pub(crate) page: ReviewPage,
    pub(crate) next: Option<String>,
}

/// One review.
pub(crate) struct ReviewView {
    pub(crate) detail: ReviewDetail,
    /// What allowing the CA that the device has sent would do.
    pub(crate) preview: Option<AddPreview>,
    pub(crate) may_decide: bool,
    pub(crate) may_trust: bool,
}

/// Those that wait, or those that do not.
///
/// # Errors
/// No role allows it; a damaged token.
pub(crate) async fn review_list(
    console: &ConsoleContext,
    pending: bool,
    after: Option<&str>,
) -> Result<ReviewList, ApiError> {
    let grant = console.granted::<ListReviews>()?;
    let before = after.map(page_token::read::<ReviewCursor>).transpose()?;
    let page = console.services.reviews.page(&grant, pending, before.as_ref(), PAGE).await;
    let page = page.map_err(|error| console.refuse(error))?;
    Ok(ReviewList { next: page.next.as_ref().and_then(page_token::write), page })
}

/// One review, and what it is to be decided by.
///
/// # Errors
/// No role allows it; there is none such.
pub(crate) async fn review_view(console: &ConsoleContext, id: &str) -> Result<ReviewView, ApiError> {
    let grant = console.granted::<ReadReview>()?;
    let services = &console.services;
    let detail = services.reviews.get(&grant, id).await.map_err(|error| console.refuse(error))?;
    let may_decide = console.principal.may::<DecideReview>();
    let may_trust = may_decide && console.principal.may::<UpdatePreference>();
    let sent = detail.facts.as_ref().and_then(|facts| facts.chain.first());
    let preview = match (sent, console.principal.grant::<ForeseePreference>()) {
        (Some(ca), Ok(grant)) => services.ek_cas.preview_add(&grant, &ca.der).await.ok(),
        _ => None,
    };
    Ok(ReviewView { detail, preview, may_decide, may_trust })
}

/// Grants what was asked for, this once.
///
/// # Errors
/// It does not wait any more; what was asked for does not hold any more.
pub(crate) async fn accept(console: &ConsoleContext, id: &str, seen: &str) -> Result<(), ApiError> {
    let grant = console.granted::<DecideReview>()?;
    let done = console.services.reviews.accept(&grant, id, seen).await;
    done.map(|_| ()).map_err(|error| console.refuse(error))
}

/// Allows CAs, and grants what was asked for by them.
///
/// # Errors
/// As [`accept`]; certificates that do not help.
pub(crate) async fn trust(
    console: &ConsoleContext,
    id: &str,
    seen: &str,
    certificates: &[u8],
) -> Result<(), ApiError> {
    let decide = console.granted::<DecideReview>()?;
    let list = console.granted::<UpdatePreference>()?;
    let done = console.services.reviews.trust(&decide, &list, id, seen, certificates).await;
    done.map(|_| ()).map_err(|error| console.refuse(error))
}

/// Refuses what was asked for.
///
/// # Errors
/// It does not wait any more.
pub(crate) async fn refuse(console: &ConsoleContext, id: &str, seen: &str) -> Result<(), ApiError> {
    let grant = console.granted::<DecideReview>()?;
    let done = console.services.reviews.refuse(&grant, id, seen).await;
    done.map(|_| ()).map_err(|error| console.refuse(error))
}
