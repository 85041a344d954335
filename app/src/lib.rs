//! Gatehouse's console.

use leptos::prelude::*;

/// A button that changes between the light and the dark theme.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let dark = RwSignal::new(false);
    view! {
        <button type="button" aria-pressed=move || dark.get().to_string() on:click=move |_| dark.update(|on| *on = !*on)>
            "Dark theme"
        </button>
    }
}
