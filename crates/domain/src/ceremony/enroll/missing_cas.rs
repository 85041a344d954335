//! CAs between an EK certificate and the allow-list that nobody has sent: from where the certificates say, if the policy
//! lets them be fetched. They link and are trusted for nothing.

use gatehouse_attestation::{ChainErrorKind, EkCertificate, MAX_SENT_CERTIFICATES, certificates_in};
use gatehouse_model::tpm::EkMaterial;

use super::DeviceKey;
use crate::Core;
use crate::ek::EkTrust;

/// Most certificates that are fetched for one enrolment: makers' chains are shorter.
const MAX_FETCHED: usize = 3;

/// Adds what can be fetched. Nothing that goes wrong here ends the enrolment: the judgement says what is missing.
pub(crate) async fn fetch_missing_cas(
    core: &Core,
    key: &DeviceKey,
    sent: &mut Vec<Vec<u8>>,
    trust: Option<&EkTrust>,
) {
    let (Some(trust), DeviceKey::Tpm { ek: EkMaterial::Certificate(der), .. }) = (trust, key) else { return };
    let Ok(leaf) = EkCertificate::parse(der) else { return };
    let mut asked: Vec<String> = Vec::new();
    while asked.len() < MAX_FETCHED {
        let Err(error) = trust.judge(&leaf, sent, core.now()) else { return };
        let url = match (error.kind, error.issuer_url) {
            (ChainErrorKind::UnknownIssuer | ChainErrorKind::Signature, Some(url)) => url,
            _ => return,
        };
        if asked.contains(&url) {
            return;
        }
        let fetched = core.issuers.fetch(&url).await;
        asked.push(url);
        let Some(found) = fetched.and_then(|bytes| certificates_in(&bytes).ok()) else { return };
        let before = sent.len();
        for der in found {
            if sent.len() < MAX_SENT_CERTIFICATES && !sent.contains(&der) {
                sent.push(der);
            }
        }
        if sent.len() == before {
            return;
        }
    }
}
