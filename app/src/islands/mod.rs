//! What reacts in the browser. Everything else is plain HTML.

mod companion;
mod theme;

pub use companion::Companion;
pub use theme::ThemeSwitch;
