use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::{Footer, Header, Navigation, SaidNotice};
use crate::islands::Companion;
use crate::pages::{
    AccountPage, DevicesPage, InsightsPage, LoginPage, NotFoundPage, RefusedPage, SignupPage,
};
use crate::{ConsoleContext, Refusal};

/// The console: header, the ways to the pages, the page that the address names, footer.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let is_signed_in =
        use_context::<ConsoleContext>().is_some_and(|console| console.principal.signed_in().is_some());
    // What is swapped when the page changes without a reload; another layout is loaded anew.
    let layout = if is_signed_in { "console" } else { "entry" };
    view! {
        <Title formatter=|title| format!("{title} · Gatehouse")/>
        <Router>
            <a class="skip-link" href="#main">"Skip to content"</a>
            <div class="layout" id="layout" data-layout=layout>
                <Header/>
                {is_signed_in.then(|| view! { <Navigation/> })}
                <main id="main" class="page" tabindex="-1"><SaidNotice/><Page/></main>
                <Footer/>
            </div>
            <Companion/>
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
                <Route path=path!("/web/devices/insights") view=InsightsPage/>
                <Route path=path!("/web/account") view=AccountPage/>
            </Routes>
        }
        .into_any(),
    }
}
