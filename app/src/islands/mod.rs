//! What reacts in the browser. Everything else is plain HTML.

mod theme;

pub use theme::ThemeSwitch;
