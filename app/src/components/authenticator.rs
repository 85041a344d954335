use leptos::prelude::*;

use super::{OneTimeCodeField, QrCode};
use crate::api::AuthenticatorSecret;

/// A secret to be scanned or typed into an authenticator app, and the first code that proves it.
#[component]
pub(crate) fn Authenticator(secret: AuthenticatorSecret) -> impl IntoView {
    let spaced = in_groups(&secret.base32);
    view! {
        <fieldset class="authenticator">
            <legend>"Authenticator app"</legend>
            <p>"Scan the code with an authenticator app, or type the secret into it."</p>
            <QrCode text=secret.url label="QR code with the secret for an authenticator app"/>
            <dl class="facts">
                <dt>"Secret"</dt>
                <dd><code class="authenticator__secret" data-secret=secret.base32>{spaced}</code></dd>
            </dl>
            <OneTimeCodeField help="The six digits that the app shows now."/>
        </fieldset>
    }
}

/// In groups of four, to be typed off.
fn in_groups(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    chars.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_shown_in_groups() {
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
