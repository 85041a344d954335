use gatehouse_attestation::{CaFacts, EkCertificate, Intermediates, KnownCas};
use gatehouse_model::Timestamp;

use crate::device::EkCertificateDetail;
use crate::ek::{EkTrust, missing_ca};
use crate::entity::{Evidence, Review, UnknownCaDetails};

/// What an unknown CA is to be judged by.
#[derive(Clone, Debug)]
pub struct ReviewFacts {
    /// SHA-256 of the EK, in hexadecimal digits.
    pub ek_sha256: String,
    /// `RSA-2048` and so on.
    pub ek_kind: String,
    /// SHA-256 of the EK certificate, in hexadecimal digits.
    pub certificate_sha256: String,
    pub certificate: EkCertificateDetail,
    /// Identifier of the issuer's key, as the certificate says.
    pub aki: Option<String>,
    /// CAs above the certificate, from its issuer upwards, as far as the device has sent them. Nobody vouches for them.
    pub chain: Vec<CaFacts>,
    /// Vendor of the pinned CA that one of the chain is.
    pub pinned: Option<&'static str>,
    /// Why it is not trusted today; none if it is by now.
    pub refusal: Option<Refusal>,
}

/// Why an EK certificate is not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Stable word.
    pub code: &'static str,
    pub text: String,
    /// What would mend it.
    pub hint: String,
}

/// The EK certificate of a review, and what the device sent with it.
pub(super) fn chain_of(review: &Review, evidence: &Evidence) -> Option<(EkCertificate, Vec<Vec<u8>>)> {
    let details: UnknownCaDetails = serde_json::from_value(review.details.clone()).ok()?;
    let sent = details.intermediates.iter().filter_map(|text| hex::decode(text).ok()).collect();
    Some((EkCertificate::parse(&evidence.ek_certificate).ok()?, sent))
}

pub(super) fn facts(
    review: &Review,
    evidence: &Evidence,
    trust: Option<&EkTrust>,
    now: Timestamp,
) -> Option<ReviewFacts> {
    let (leaf, sent) = chain_of(review, evidence)?;
    let chain = Intermediates::from_device(&sent).above(&leaf);
    let known = KnownCas::of_this_release();
    let pinned = chain.iter().find_map(|ca| known.pinned(&ca.sha256)).map(|known| known.vendor);
    let refusal = trust.and_then(|trust| trust.judge(&leaf, &sent, now).err()).map(|error| Refusal {
        code: error.code(),
        text: error.to_string(),
        hint: missing_ca(&error),
    });
    Some(ReviewFacts {
        ek_sha256: hex::encode(leaf.ek().fingerprint()),
        ek_kind: leaf.ek().kind().to_string(),
        certificate_sha256: hex::encode(<sha2::Sha256 as sha2::Digest>::digest(leaf.der())),
        certificate: EkCertificateDetail::of(&leaf),
        aki: leaf.aki(),
        chain,
        pinned,
        refusal,
    })
}
