use leptos::prelude::*;

/// The pictures of the console, drawn on 24 × 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    ShieldCheck,
    ShieldWarning,
    Check,
    Circle,
    Chevron,
    Gate,
}

impl Shape {
    const fn path(self) -> &'static str {
        match self {
            Self::ShieldCheck => {
                "M12 2.5 4.5 5.2v6.1c0 4.7 3.1 8.6 7.5 10.2 4.4-1.6 7.5-5.5 7.5-10.2V5.2L12 2.5Zm-3.6 9.4 2.6 2.6 4.8-5"
            }
            Self::ShieldWarning => {
                "M12 2.5 4.5 5.2v6.1c0 4.7 3.1 8.6 7.5 10.2 4.4-1.6 7.5-5.5 7.5-10.2V5.2L12 2.5Zm0 5v5.2m0 3.1v.1"
            }
            Self::Check => "m5 12.5 4.5 4.5L19 7",
            Self::Circle => "M12 5.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z",
            Self::Chevron => "m6 9.5 6 6 6-6",
            Self::Gate => "M4 21V11a8 8 0 0 1 16 0v10M2 21h20M9 21V11.5m6 9.5v-9.5M4.5 14h15",
        }
    }
}

/// A picture that adds nothing to the words beside it.
#[component]
pub(crate) fn Icon(shape: Shape) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=shape.path()></path>
        </svg>
    }
}
