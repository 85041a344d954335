//! Accounts: the list, an invitation, one account.

mod invite;
mod list;
mod one;

pub(crate) use invite::InvitePage;
pub(crate) use list::UsersPage;
pub(crate) use one::UserPage;

use gatehouse_domain::entity::UserGlance;
use gatehouse_model::resource::UserKind;
use leptos::prelude::*;

use crate::api::users::LinkShown;
use crate::components::{CopyBox, QrCode};

/// Address of a user's page; names hold nothing that would have to be escaped in a path.
pub(crate) fn path_of(name: &str) -> String {
    format!("/web/users/{name}")
}

/// What a person signs in with, in words.
fn ways_in(glance: &UserGlance) -> String {
    let passkeys = match glance.passkeys {
        0 => None,
        1 => Some("passkey".to_owned()),
        many => Some(format!("{many} passkeys")),
    };
    let words = match (glance.user.kind, glance.user.can_sign_in(), passkeys, glance.has_totp) {
        (UserKind::Bot, ..) => "none: a bot",
        (UserKind::Human, false, ..) => "not signed up yet",
        (UserKind::Human, true, Some(passkeys), true) => return format!("{passkeys}, authenticator app"),
        (UserKind::Human, true, Some(passkeys), false) => return passkeys,
        (UserKind::Human, true, None, true) => "authenticator app",
        (UserKind::Human, true, None, false) => "password alone",
    };
    words.to_owned()
}

/// How long a link can be good for, in seconds.
fn lifetimes() -> Vec<(String, String)> {
    [("3600", "1 hour"), ("28800", "8 hours"), ("86400", "1 day"), ("259200", "3 days"), ("604800", "7 days")]
        .map(|(secs, words)| (secs.to_owned(), words.to_owned()))
        .into()
}

/// A one-time link, which is never shown again.
#[component]
fn OneTimeLink(link: LinkShown) -> impl IntoView {
    view! {
        <section class="card card--part" aria-labelledby="one-time-link">
            <h2 id="one-time-link">"One-time link for " {link.user}</h2>
            <p>
                "Hand this to the person. It is good once, until "
                <time datetime=link.expires.exact>{link.expires.text}</time> ", and is not shown again."
            </p>
            <CopyBox text=link.url.clone() label="One-time link"/>
            <QrCode text=link.url label="QR code of the one-time link"/>
        </section>
    }
}
