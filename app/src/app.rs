use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::components::{Footer, Header, Navigation, SaidNotice, escaped};
use crate::islands::Companion;
use crate::pages::{
    AccountPage, AddDevicePage, AllSessionsPage, AuditPage, AuthenticatorPage, CliLoginPage, ConfirmPage,
    DeviceAuthorizePage, DeviceAuthorizeRemotePage, DevicePage, DevicesPage, EkCasPage, EventPage,
    ImportPage, ImportsPage, InsightsPage, InvitePage, LockPage, LockedOutPage, LocksPage, LoginPage,
    NewRolePage, NotFoundPage, OwnSessionsPage, PasskeyPage, RefusedPage, ReviewPage, ReviewsPage, RolePage,
    RolesPage, SecondFactorPage, SecurityPage, SettingsPage, ShipAheadPage, SignupPage, TokensPage, UserPage,
    UsersPage,
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
        // Names stand in titles, and Leptos writes titles as they are.
        <Title formatter=|title: String| format!("{} · Gatehouse", escaped(&title))/>
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
                <Route path=path!("/web/login/second-factor") view=SecondFactorPage/>
                <Route path=path!("/web/signup/:token") view=SignupPage/>
                <Route path=path!("/web/devices") view=DevicesPage/>
                <Route path=path!("/web/devices/insights") view=InsightsPage/>
                <Route path=path!("/web/account") view=AccountPage/>
                <Route path=path!("/web/account/security") view=SecurityPage/>
                <Route path=path!("/web/account/security/authenticator") view=AuthenticatorPage/>
                <Route path=path!("/web/account/security/passkeys/:id") view=PasskeyPage/>
                <Route path=path!("/web/account/confirm") view=ConfirmPage/>
                <Route path=path!("/web/account/sessions") view=OwnSessionsPage/>
                <Route path=path!("/web/sessions") view=AllSessionsPage/>
                <Route path=path!("/web/cli/login") view=CliLoginPage/>
                <Route path=path!("/web/device/authorize") view=DeviceAuthorizePage/>
                <Route path=path!("/web/device/authorize/remote") view=DeviceAuthorizeRemotePage/>
                <Route path=path!("/web/users") view=UsersPage/>
                <Route path=path!("/web/users/~new") view=InvitePage/>
                <Route path=path!("/web/users/:name") view=UserPage/>
                <Route path=path!("/web/roles") view=RolesPage/>
                <Route path=path!("/web/roles/~new") view=NewRolePage/>
                <Route path=path!("/web/roles/:name") view=RolePage/>
                <Route path=path!("/web/settings") view=SettingsPage/>
                <Route path=path!("/web/settings/cas") view=EkCasPage/>
                <Route path=path!("/web/reviews") view=ReviewsPage/>
                <Route path=path!("/web/reviews/:id") view=ReviewPage/>
                <Route path=path!("/web/settings/locked-out") view=LockedOutPage/>
                <Route path=path!("/web/locks") view=LocksPage/>
                <Route path=path!("/web/locks/:id") view=LockPage/>
                <Route path=path!("/web/audit") view=AuditPage/>
                <Route path=path!("/web/audit/:uid") view=EventPage/>
                <Route path=path!("/web/devices/add") view=AddDevicePage/>
                <Route path=path!("/web/devices/import") view=ImportsPage/>
                <Route path=path!("/web/devices/import/:id") view=ImportPage/>
                <Route path=path!("/web/devices/ship-ahead") view=ShipAheadPage/>
                <Route path=path!("/web/tokens") view=TokensPage/>
                // The last of its kind: what is above is no device's id.
                <Route path=path!("/web/devices/:id") view=DevicePage/>
            </Routes>
        }
        .into_any(),
    }
}
