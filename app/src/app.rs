use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::Refusal;
use crate::components::{Footer, Header};
use crate::pages::{AccountPage, DevicesPage, LoginPage, NotFoundPage, RefusedPage, SignupPage};

/// The console: header, the page that the address names, footer.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title formatter=|title| format!("{title} · Gatehouse")/>
        <Router>
            <a class="skip-link" href="#main">"Skip to content"</a>
            <Header/>
            <main id="main" class="page" tabindex="-1"><Page/></main>
            <Footer/>
        </Router>
    }
}

/// What the address names, unless the request is refused as a whole.
#[component]
fn Page() -> impl IntoView {
    match use_context::<Refusal>() {
        Some(Refusal(error)) => view! { <RefusedPage error/> }.into_any(),
        None => view! {
            <Routes fallback=NotFoundPage>
                <Route path=path!("/web/login") view=LoginPage/>
                <Route path=path!("/web/signup/:token") view=SignupPage/>
                <Route path=path!("/web/devices") view=DevicesPage/>
                <Route path=path!("/web/account") view=AccountPage/>
            </Routes>
        }
        .into_any(),
    }
}
