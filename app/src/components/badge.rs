use leptos::prelude::*;

use super::{Icon, Shape};

/// How a state is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Warning,
    Problem,
}

/// A state in a word or two; its picture tells it apart without colour.
#[component]
pub(crate) fn Badge(
    tone: Tone,
    #[prop(into)] text: String,
    /// Instead of the tone's own picture.
    #[prop(optional)]
    shape: Option<Shape>,
) -> impl IntoView {
    let (class, own) = match tone {
        Tone::Plain => ("badge", Shape::Circle),
        Tone::Good => ("badge badge--good", Shape::Check),
        Tone::Warning => ("badge badge--warning", Shape::Warning),
        Tone::Problem => ("badge badge--problem", Shape::Cross),
    };
    view! { <span class=class><Icon shape=shape.unwrap_or(own)/>{text}</span> }
}
