use leptos::prelude::*;

use super::{Icon, Shape};
use crate::api::Shield;

/// What the shield says of a session that is authorized with Device Trust.
pub(crate) const SHIELD_TRUSTED: &str = "Session authorized with Device Trust";
/// What it says where a trusted device is required and missing.
pub(crate) const SHIELD_MISSING: &str = "Session not authorized with Device Trust: access is restricted";

/// The shield beside the user's name: a check mark or an exclamation mark, so that nobody needs the colour. Nothing
/// where nothing is required.
#[component]
pub(crate) fn ShieldMark(
    shield: Shield,
    /// Whether the words are read aloud here; not where they stand beside it.
    #[prop(default = true)]
    is_spoken: bool,
) -> impl IntoView {
    let (class, shape, words) = match shield {
        Shield::Trusted => ("shield shield--trusted", Shape::ShieldCheck, SHIELD_TRUSTED),
        Shield::Missing => ("shield shield--missing", Shape::ShieldWarning, SHIELD_MISSING),
        Shield::None => return None,
    };
    let spoken = is_spoken.then(|| view! { <span class="visually-hidden">{words}</span> });
    let title = is_spoken.then_some(words);
    Some(view! { <span class=class title=title><Icon shape/>{spoken}</span> })
}
