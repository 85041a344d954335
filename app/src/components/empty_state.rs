use leptos::prelude::*;

/// There is nothing to show, and what can be done about it.
#[component]
pub(crate) fn EmptyState(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! { <section class="empty"><h2>{title}</h2>{children()}</section> }
}
