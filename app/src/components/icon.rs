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
    Menu,
    Device,
    Ticket,
    Chart,
    People,
    Person,
    Badge,
    Clock,
    Lock,
    List,
    Key,
    Cross,
    Warning,
    Search,
    Plus,
    Download,
    Upload,
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
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Device => "M5 5.5h14v9.5H5zM2.5 18.5h19",
            Self::Ticket => "M4 7h16v3.2a1.8 1.8 0 0 0 0 3.6V17H4v-3.2a1.8 1.8 0 0 0 0-3.6zM14.5 7v10",
            Self::Chart => "M4 20V4m0 16h16M8.5 16v-4m4 4V8m4 8v-6",
            Self::People => {
                "M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM3 19.5c0-3 2.7-5 6-5s6 2 6 5m1-8a2.8 2.8 0 1 0-1-5.4m2 8.6c2.3.4 4 2.2 4 4.8"
            }
            Self::Person => {
                "M12 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2ZM5 20c0-3.4 3-5.7 7-5.7s7 2.3 7 5.7"
            }
            Self::Badge => {
                "M5 4h14v16H5zM9 4v2h6V4M12 13a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM8.5 17c.5-1.5 1.8-2.3 3.5-2.3s3 .8 3.5 2.3"
            }
            Self::Clock => "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 3.5V12l3 2",
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
            Self::List => "M5 6h.1M9 6h11M5 12h.1M9 12h11M5 18h.1M9 18h11",
            Self::Key => "M8 12.5a4 4 0 1 0 0 .1Zm3.9-2.6L20 3.5m-3 2.4 2.5 2.8m-5-.6 2 2.2M4.1 15.4",
            Self::Cross => "m6 6 12 12M18 6 6 18",
            Self::Warning => "M12 4 2.8 19.5h18.4L12 4Zm0 5.5v5m0 2.4v.1",
            Self::Search => "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.3 10.3 5 5",
            Self::Plus => "M12 5v14M5 12h14",
            Self::Download => "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M4.5 20h15",
            Self::Upload => "M12 15V4m0 0 4.5 4.5M12 4 7.5 8.5M4.5 20h15",
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
