use leptos::prelude::*;

/// Ways to the other pages of a list: whole addresses, absent where there is no such page.
#[component]
pub(crate) fn Pager(
    #[prop(optional_no_strip)] first: Option<String>,
    #[prop(optional_no_strip)] previous: Option<String>,
    #[prop(optional_no_strip)] next: Option<String>,
    /// Such as "1,204 devices".
    #[prop(optional, into)]
    summary: Option<String>,
) -> impl IntoView {
    let link = |path: Option<String>, label: &'static str, rel: Option<&'static str>| {
        path.map(|path| view! { <a class="button" href=path rel=rel>{label}</a> })
    };
    let has_ways = first.is_some() || previous.is_some() || next.is_some();
    let ways = has_ways.then(|| {
        view! {
            <nav class="pager__ways" aria-label="Pages of the list">
                {link(first, "First page", None)}
                {link(previous, "Previous page", Some("prev"))}
                {link(next, "Next page", Some("next"))}
            </nav>
        }
    });
    (has_ways || summary.is_some()).then(|| {
        view! { <div class="pager"><p class="pager__summary">{summary}</p>{ways}</div> }
    })
}
