use super::authority::Authority;
use super::policy::tier;
use super::{
    AllowedCas, ChainError, ChainErrorKind, ChainPolicy, EkPath, Finding, FindingKind, Intermediates,
    Leniency, MAX_PATH_CERTIFICATES, MAX_SIGNATURE_CHECKS, PathCertificate,
};
use crate::digest::colon_hex;
use crate::x509::{Certificate, SignatureError};

/// Where a path may go.
pub(super) struct Ground<'a> {
    pub(super) anchors: &'a AllowedCas,
    /// In the order in which they are tried.
    pub(super) intermediates: &'a [&'a Intermediates],
    pub(super) policy: ChainPolicy,
    pub(super) now: i64,
}

/// Depth-first search with a budget of signature checks. Depth is bounded by [`MAX_PATH_CERTIFICATES`].
struct Search<'a> {
    ground: &'a Ground<'a>,
    /// Whether faults that lower the tier are put up with.
    lowering: bool,
    checks_left: u32,
    /// The failure to report: how far up it happened, how much it says, and what it was.
    failure: Option<(usize, u8, ChainError)>,
}

/// The best path from `leaf`: one without faults that lower the tier, if there is any.
pub(super) fn find(leaf: &Certificate, ground: &Ground<'_>) -> Result<EkPath, ChainError> {
    if leaf.not_before > ground.now {
        return Err(error(leaf, ChainErrorKind::NotYetValid));
    }
    if let Some(oid) = &leaf.extensions.not_understood {
        return Err(error(leaf, ChainErrorKind::CriticalExtension(oid.clone())));
    }
    if leaf.not_after < ground.now && ground.policy.expired_ek == Leniency::Refuse {
        return Err(error(leaf, ChainErrorKind::EkExpired));
    }
    let passes: &[bool] = if ground.policy.lowers_something() { &[false, true] } else { &[false] };
    let mut failure = None;
    for lowering in passes {
        let mut search =
            Search { ground, lowering: *lowering, checks_left: MAX_SIGNATURE_CHECKS, failure: None };
        let mut path = Vec::new();
        if let Some(anchor) = search.climb(leaf, &mut path) {
            return Ok(describe(leaf, &path, anchor, ground));
        }
        failure = search.failure;
    }
    Err(failure.map_or_else(|| error(leaf, ChainErrorKind::UnknownIssuer), |(.., error)| error))
}

impl<'a> Search<'a> {
    /// Looks for the issuer of `child`, the topmost certificate so far, and goes on from there. `path` holds the
    /// intermediates from the leaf's issuer up to `child`; on success it is complete.
    fn climb(&mut self, child: &Certificate, path: &mut Vec<&'a Authority>) -> Option<&'a Authority> {
        let ground = self.ground;
        let depth = path.len();
        let mut known = false;
        for anchor in ground.anchors.0.issuers_of(child) {
            known = true;
            match self.issued(child, anchor, path, true) {
                Ok(()) => return Some(anchor),
                Err(kind) => self.note(depth, child, kind),
            }
        }
        for intermediates in ground.intermediates {
            for issuer in intermediates.0.issuers_of(child) {
                if path.iter().any(|used| used.sha256 == issuer.sha256) {
                    continue;
                }
                known = true;
                // The leaf, the intermediates including this one, and the anchor.
                if depth.saturating_add(3) > MAX_PATH_CERTIFICATES {
                    self.note(depth, child, ChainErrorKind::TooDeep);
                    continue;
                }
                if let Err(kind) = self.issued(child, issuer, path, false) {
                    self.note(depth, child, kind);
                    continue;
                }
                path.push(issuer);
                if let Some(anchor) = self.climb(&issuer.certificate, path) {
                    return Some(anchor);
                }
                path.pop();
            }
        }
        if !known {
            self.note(depth, child, ChainErrorKind::UnknownIssuer);
        }
        None
    }

    /// RFC 5280 section 6.1.3 and 6.1.4 for one step of the path. That the issuer is the right one comes before faults that
    /// a policy is asked about, so that what is refused is refused for its own faults.
    fn issued(
        &mut self,
        child: &Certificate,
        issuer: &Authority,
        path: &[&Authority],
        anchor: bool,
    ) -> Result<(), ChainErrorKind> {
        let certificate = &issuer.certificate;
        let extensions = &certificate.extensions;
        if !issuer.is_ca() || extensions.purposes.is_some_and(|purposes| !purposes.ek && !purposes.any) {
            return Err(ChainErrorKind::NotAnIssuer);
        }
        if let Some(oid) = &extensions.not_understood {
            return Err(ChainErrorKind::CriticalExtension(oid.clone()));
        }
        let key = issuer.key.as_ref();
        let key = key.map_err(|error| ChainErrorKind::UnsupportedAlgorithm(error.to_string()))?;
        self.checks_left = self.checks_left.checked_sub(1).ok_or(ChainErrorKind::TooManyCandidates)?;
        key.verify(&child.signature_algorithm, &child.tbs, &child.signature).map_err(
            |error| match error {
                SignatureError::Unsupported(algorithm) => ChainErrorKind::UnsupportedAlgorithm(algorithm),
                SignatureError::WeakKey => ChainErrorKind::WeakIssuerKey,
                SignatureError::Invalid => ChainErrorKind::Signature,
            },
        )?;

        let limit = extensions.basic_constraints.and_then(|basic| basic.path_len);
        let below = path.iter().filter(|ca| !ca.certificate.is_self_issued()).count();
        if limit.is_some_and(|limit| below > usize::try_from(limit).unwrap_or(usize::MAX)) {
            return Err(ChainErrorKind::PathLength);
        }
        if !anchor {
            if certificate.not_before > self.ground.now {
                return Err(ChainErrorKind::NotYetValid);
            }
            if child.not_before > certificate.not_after {
                return Err(ChainErrorKind::IssuerExpired);
            }
            if certificate.not_after < self.ground.now && !self.passes(self.ground.policy.expired_ca) {
                return Err(ChainErrorKind::CaExpired);
            }
        }
        if child.signature_algorithm.uses_sha1() && !self.passes(self.ground.policy.sha1) {
            return Err(ChainErrorKind::Sha1);
        }
        Ok(())
    }

    fn passes(&self, leniency: Leniency) -> bool {
        match leniency {
            Leniency::Accept => true,
            Leniency::LowerTier => self.lowering,
            Leniency::Refuse => false,
        }
    }

    /// Keeps the failure that happened farthest up; at the same height the one that says most, then the first.
    fn note(&mut self, depth: usize, child: &Certificate, kind: ChainErrorKind) {
        // A CA of the same name with another key says nothing about the one that issued.
        let weight = u8::from(kind != ChainErrorKind::Signature);
        let better = |(farthest, says, _): &(usize, u8, ChainError)| (depth, weight) > (*farthest, *says);
        if self.failure.as_ref().is_none_or(better) {
            self.failure = Some((depth, weight, error(child, kind)));
        }
    }
}

fn describe(leaf: &Certificate, path: &[&Authority], anchor: &Authority, ground: &Ground<'_>) -> EkPath {
    let policy = ground.policy;
    let mut findings = Vec::new();
    let mut find = |kind, certificate: &Certificate, leniency| {
        let certificate = certificate.subject.to_string();
        findings.push(Finding { kind, certificate, lowers_tier: leniency == Leniency::LowerTier });
    };
    if leaf.not_after < ground.now {
        find(FindingKind::ExpiredEk, leaf, policy.expired_ek);
    }
    for certificate in std::iter::once(leaf).chain(path.iter().map(|ca| &ca.certificate)) {
        if certificate.signature_algorithm.uses_sha1() {
            find(FindingKind::Sha1, certificate, policy.sha1);
        }
    }
    for certificate in path.iter().map(|ca| &ca.certificate) {
        if certificate.not_after < ground.now {
            find(FindingKind::ExpiredCa, certificate, policy.expired_ca);
        }
    }
    if anchor.certificate.not_after < ground.now {
        find(FindingKind::ExpiredAnchor, &anchor.certificate, Leniency::Accept);
    }
    let step =
        |ca: &Authority| PathCertificate { subject: ca.certificate.subject.to_string(), sha256: ca.sha256 };
    EkPath {
        anchor: step(anchor),
        intermediates: path.iter().map(|ca| step(ca)).collect(),
        tier: tier(&findings),
        findings,
    }
}

fn error(child: &Certificate, kind: ChainErrorKind) -> ChainError {
    ChainError {
        kind,
        certificate: child.subject.to_string().into(),
        issuer: child.issuer.to_string(),
        aki: child.extensions.authority_key_id.as_deref().map(colon_hex),
        issuer_url: child.extensions.ca_issuers.clone(),
    }
}
