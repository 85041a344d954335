use leptos::prelude::*;

/// Where the choice is kept; the page's first script reads it too, before anything is painted.
#[cfg(feature = "hydrate")]
const STORAGE_KEY: &str = "gatehouse-theme";

/// How the console looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Theme {
    Light,
    Dark,
    /// As the system does.
    #[default]
    System,
}

impl Theme {
    const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::System];

    const fn label(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Dark => "Dark",
            Self::System => "System",
        }
    }
}

/// Three buttons: light, dark, or what the system says. The choice is kept in this browser alone.
#[island]
pub fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(Theme::default());
    // After the first rendering, which must be the server's.
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| chosen.set(browser::stored()));
    let choose = move |theme: Theme| {
        chosen.set(theme);
        #[cfg(feature = "hydrate")]
        browser::apply(theme);
    };
    let button = move |theme: Theme| {
        view! {
            <button
                type="button"
                class="theme-switch__choice"
                aria-pressed=move || (chosen.get() == theme).to_string()
                on:click=move |_| choose(theme)
            >
                {theme.label()}
            </button>
        }
    };
    view! {
        <div class="theme-switch" role="group" aria-label="Theme">
            {Theme::ALL.map(button)}
        </div>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::{document, window};

    use super::{STORAGE_KEY, Theme};

    /// Storage may be switched off; then the choice lasts as long as the page.
    fn storage() -> Option<web_sys::Storage> {
        window().local_storage().ok().flatten()
    }

    pub(super) fn stored() -> Theme {
        let stored = storage().and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
        match stored.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }

    pub(super) fn apply(theme: Theme) {
        let name = match theme {
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
            Theme::System => None,
        };
        if let Some(root) = document().document_element() {
            let _ = match name {
                Some(name) => root.set_attribute("data-theme", name),
                None => root.remove_attribute("data-theme"),
            };
        }
        if let Some(storage) = storage() {
            let _ = match name {
                Some(name) => storage.set_item(STORAGE_KEY, name),
                None => storage.remove_item(STORAGE_KEY),
            };
        }
    }
}
