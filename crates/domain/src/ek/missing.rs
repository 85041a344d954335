//! What mends a chain that ends too early.

use gatehouse_attestation::{ChainError, ChainErrorKind, KnownCas};

use crate::entity::{ACCEPTED_IN_REVIEW, EkVerdictCode};

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

/// Makers whose CAs this release knows, and whether their TPMs are made of software.
#[must_use]
pub fn known_vendors() -> Vec<(&'static str, bool)> {
    let known = KnownCas::of_this_release();
    let is_virtual = |vendor: &str| known.iter().any(|ca| ca.vendor == vendor && ca.virtual_tpms);
    known.vendors().into_iter().map(|vendor| (vendor, is_virtual(vendor))).collect()
}

/// What a stable word of a finding says, for people.
#[must_use]
pub fn finding_words(code: &str) -> &'static str {
    match code {
        "sha1_signature" => "signed with SHA-1",
        "expired_ca" => "a CA had expired by then",
        "expired_anchor" => "the allowed CA had expired by then",
        "expired_ek" => "the EK certificate had expired by then",
        ACCEPTED_IN_REVIEW => "let in after a review by",
        _ => "remarkable",
    }
}

/// What a stable word of a verdict says, for people.
#[must_use]
pub fn verdict_words(code: &str) -> &'static str {
    match code {
        EkVerdictCode::MISSING => "the TPM has no EK certificate",
        EkVerdictCode::NO_EVIDENCE => "what it enrolled with is no longer kept",
        "unknown_issuer" => "its CA is not allowed",
        "bad_signature" => "its CA is not the allowed one of that name",
        "sha1_signature" => "a signature uses SHA-1",
        "expired_ca" => "a CA has expired",
        "expired_ek" => "the EK certificate has expired",
        "issuer_expired" => "it was issued after its CA's end",
        "not_yet_valid" => "a certificate is not valid yet",
        _ => "its EK certificate is refused",
    }
}
