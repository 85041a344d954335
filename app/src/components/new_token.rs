use gatehouse_domain::device::NewEnrollToken;
use gatehouse_model::Timestamp;
use leptos::prelude::*;

use super::{CopyBox, QrCode, Time};

/// A token on the one page that shows it.
#[derive(Clone)]
pub(crate) struct NewToken {
    secret: String,
    expires: Timestamp,
    device_id: String,
    asset_tag: String,
}

impl NewToken {
    pub(crate) fn new(token: &NewEnrollToken, device_id: &str, asset_tag: &str) -> Self {
        Self {
            secret: token.token.reveal().to_owned(),
            expires: token.expires,
            device_id: device_id.to_owned(),
            asset_tag: asset_tag.to_owned(),
        }
    }
}

/// The token with the command that redeems it. It is nowhere else, and not here either when the page is opened again.
#[component]
pub(crate) fn NewTokenCard(token: NewToken) -> impl IntoView {
    let NewToken { secret, expires, device_id, asset_tag } = token;
    let command = format!("tsh device enroll --token={secret}");
    view! {
        <section class="card card--part new-token" role="status" aria-labelledby="new-token-title">
            <h2 id="new-token-title">"Enrolment token for " {asset_tag}</h2>
            <p>
                <strong>"Copy the command now. "</strong>
                "The token is shown this once: it is stored nowhere, and when you leave this page nobody can see it again."
            </p>
            <div class="new-token__ways">
                <div class="new-token__command">
                    <p>"On the device, signed in with " <code>"tsh login"</code> ", run:"</p>
                    <CopyBox text=command.clone() label="Command that enrols the device"/>
                    <p class="form__note">
                        "It enrols this device once, until " <Time at=expires/> ", in at most five attempts."
                    </p>
                </div>
                <QrCode text=command label="The command as a QR code"/>
            </div>
            <p class="actions">
                <a class="button" href=format!("/web/devices/{device_id}")>"To the device"</a>
                <a class="button" href="/web/tokens">"All enrolment tokens"</a>
            </p>
        </section>
    }
}
