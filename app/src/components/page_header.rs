use leptos::prelude::*;

/// What a page is called, what it is for, and what can be done on it.
#[component]
pub(crate) fn PageHeader(
    #[prop(into)] title: String,
    /// One sentence below the title.
    #[prop(optional, into)]
    lead: Option<String>,
    /// Back to the page above: address and name.
    #[prop(optional)]
    up: Option<(&'static str, &'static str)>,
    /// Links and buttons beside the title.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let up = up.map(|(path, name)| {
        view! { <p class="page-header__up"><a href=path>"← " {name}</a></p> }
    });
    let actions = children.map(|children| view! { <div class="page-header__actions">{children()}</div> });
    view! {
        <header class="page-header">
            <div class="page-header__words">
                {up}
                <h1>{title}</h1>
                {lead.map(|lead| view! { <p class="lead">{lead}</p> })}
            </div>
            {actions}
        </header>
    }
}
