//! What evidence says of the rules and CAs that it was judged by: a reference, to what is kept once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_attestation::AllowedCas;

use crate::cluster::Effective;
use crate::ek::fingerprint;
use crate::entity::{Digest, EvidenceBasis, EvidenceRules};
use crate::ports::{StoreError, UnitOfWork};

/// The basis of the values in force, made once for as long as they stay the same.
#[derive(Default)]
pub(crate) struct Bases(Mutex<Option<(Digest, Arc<Basis>)>>);

/// A basis, and whether this server has seen it stored.
pub(crate) struct Basis {
    basis: EvidenceBasis,
    stored: AtomicBool,
}

impl Bases {
    pub(crate) fn of(&self, effective: &Effective) -> Arc<Basis> {
        let key = fingerprint(effective);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, basis)) = kept.as_ref()
            && *known == key
        {
            return Arc::clone(basis);
        }
        let basis = Arc::new(Basis { basis: basis_of(effective), stored: AtomicBool::new(false) });
        *kept = Some((key, Arc::clone(&basis)));
        basis
    }
}

/// The rules and CAs of the values in force.
pub(crate) fn basis_of(effective: &Effective) -> EvidenceBasis {
    // A list that cannot be read lets nobody enrol, so that no evidence refers to it.
    let listed = AllowedCas::from_pems(&effective.ekcert_allowed_cas).unwrap_or_default();
    let policy = effective.ekcert_policy;
    let rules = EvidenceRules {
        sha1: policy.sha1.to_string(),
        expired_ca: policy.expired_ca.to_string(),
        expired_ek: policy.expired_ek.to_string(),
        vendors: effective.ekcert_allowed_vendors.names().iter().map(ToString::to_string).collect(),
        ..EvidenceRules::default()
    };
    EvidenceBasis::new(rules, listed.facts().into_iter().map(|ca| ca.der).collect())
}

impl Basis {
    pub(crate) fn hash(&self) -> Digest {
        self.basis.hash
    }

    /// Keeps it with whatever else the unit of work writes.
    pub(crate) async fn keep(&self, work: &mut dyn UnitOfWork) -> Result<(), StoreError> {
        if self.stored.load(Ordering::Relaxed) {
            return Ok(());
        }
        work.keep_evidence_basis(&self.basis).await
    }

    /// What was written with it is committed.
    pub(crate) fn is_kept(&self) {
        self.stored.store(true, Ordering::Relaxed);
    }
}
