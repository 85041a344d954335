//! What mends a chain that ends too early.

use gatehouse_attestation::{ChainError, ChainErrorKind, KnownCas};

/// What is missing, where it is published, and how an administrator allows it.
pub(crate) fn missing_ca(error: &ChainError) -> String {
    let mut text = error.hint().unwrap_or_default();
    if !matches!(error.kind, ChainErrorKind::UnknownIssuer | ChainErrorKind::Signature) {
        return text;
    }
    let known = KnownCas::of_this_release().missing(error);
    if let Some(known) = known.first() {
        let place = match known.url {
            Some(url) => format!(", published at {url}: `tctl ekcas fetch --vendor={0}`", known.vendor),
            None => format!(": `tctl ekcas import PATH --vendor={}`", known.vendor),
        };
        text.push_str(&format!("; it may be a known CA of {}{place}", known.vendor));
    }
    text.push_str(
        "; an administrator adds a CA to device_trust.ekcert_allowed_cas with `tctl ekcas add` or in the console",
    );
    text
}
