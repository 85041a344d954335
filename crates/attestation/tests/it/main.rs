//! The crate as its callers see it, against TPMs made of software and against real data.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests end where something is not as it should be, and say what they skip"
)]

mod activation;
mod ak;
mod attacks;
mod boot_changes;
mod chain;
mod corpus;
mod corpus_chains;
mod creation;
mod ek_certificate;
mod event_log;
mod evidence;
mod hostile;
mod known_cas;
mod made;
mod possession;
mod quirks;
mod quote;
mod seeds;

use gatehouse_attestation::AkPublic;
use gatehouse_model::Timestamp;
use gatehouse_testkit::soft_tpm::{AkKind, AkTemplate, SoftAk};

const NONCE: [u8; 32] = [0xa5; 32];

/// 2026-06-01T00:00:00Z.
fn now() -> Timestamp {
    Timestamp::from_secs(1_780_272_000)
}

/// A good attestation key, and what the verifier makes of it.
fn ak(kind: AkKind) -> (SoftAk, AkPublic) {
    let ak = SoftAk::with_shared_key(&AkTemplate::new(kind));
    let public = AkPublic::parse(ak.public()).unwrap();
    (ak, public)
}
