//! Whose TPMs are trusted: the CAs that are allowed, what they cover, and what administrators decide where they do not.

mod allow_list;
mod coverage;
mod judgement;
mod missing;
mod review;
mod trust;

pub use allow_list::{CaEntry, CaWarning, EkCaError, EkCaList, EkCas};
pub(crate) use coverage::device_ek;
pub use coverage::{AddPreview, CaPreview, Coverage, CoveredDevice, RemovePreview};
pub use gatehouse_attestation::CaFacts;
pub use judgement::{FailingEks, JudgementProgress};
pub(crate) use missing::missing_ca;
pub use missing::{finding_words, known_vendors, verdict_words};
pub(crate) use review::{Asked, AskedFor};
pub use review::{Refusal, ReviewDetail, ReviewError, ReviewFacts, ReviewPage, Reviews};
pub(crate) use trust::{EkTrust, EkTrusts, finding_of, fingerprint};
