use leptos::prelude::*;

use super::{Icon, Shape};

/// What narrows a list: a search and whatever else the list can be asked for. A form that works by itself, and sends itself
/// where scripts run.
#[component]
pub(crate) fn FilterForm(
    /// Address of the list.
    action: &'static str,
    #[prop(default = "Search")] label: &'static str,
    /// What is searched.
    #[prop(optional)]
    placeholder: Option<&'static str>,
    /// What is searched for now.
    #[prop(into)]
    text: String,
    /// Longest text, in characters.
    #[prop(default = 200)]
    longest: u16,
    /// Address of the whole list, where this is a part of it.
    #[prop(optional_no_strip)]
    clear: Option<String>,
    /// Filters beside the search.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let clear = clear.map(|whole| view! { <a class="button" href=whole>"Clear"</a> });
    view! {
        <form id="filters" class="filters" role="search" method="get" action=action data-auto>
            <div class="field field--wide">
                <label for="q">{label}</label>
                <input
                    id="q"
                    name="q"
                    type="search"
                    value=text
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    maxlength=longest
                    placeholder=placeholder
                />
            </div>
            {children.map(|children| children())}
            <div class="filters__end">
                <button class="button" type="submit"><Icon shape=Shape::Search/>"Search"</button>
                {clear}
            </div>
        </form>
    }
}
