use leptos::prelude::*;

use crate::islands::ThemeSwitch;

/// Version and theme.
#[component]
pub(crate) fn Footer() -> impl IntoView {
    view! {
        <footer class="footer">
            <p>"Gatehouse " {env!("CARGO_PKG_VERSION")}</p>
            <ThemeSwitch/>
        </footer>
    }
}
