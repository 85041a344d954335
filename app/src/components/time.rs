use gatehouse_model::Timestamp;
use leptos::prelude::*;

use crate::moment::moment;

/// A moment, for people and for machines.
#[component]
pub(crate) fn Time(at: Timestamp) -> impl IntoView {
    let moment = moment(at);
    view! { <time datetime=moment.exact>{moment.text}</time> }
}
