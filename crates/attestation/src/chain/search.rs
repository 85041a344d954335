use super::{AllowedCas, ChainError, ChainErrorKind, EkPath, MAX_PATH_CERTIFICATES, MAX_SIGNATURE_CHECKS};
use crate::digest::{colon_hex, sha256};
use crate::spki::PublicKey;
use crate::x509::{Certificate, SignatureError};

/// Depth-first search with a budget of signature checks. Depth is bounded by [`MAX_PATH_CERTIFICATES`].
struct Search<'a> {
    anchors: &'a AllowedCas,
    intermediates: &'a [Certificate],
    now: i64,
    checks_left: u32,
    /// The failure to report: how far up it happened, and what it was.
    failure: Option<(usize, ChainError)>,
}

pub(super) fn find(
    leaf: &Certificate,
    anchors: &AllowedCas,
    intermediates: &[Certificate],
    now: i64,
) -> Result<EkPath, ChainError> {
    if leaf.not_before > now {
        return Err(error(leaf, ChainErrorKind::NotYetValid));
    }
    if let Some(oid) = &leaf.extensions.not_understood {
        return Err(error(leaf, ChainErrorKind::CriticalExtension(oid.clone())));
    }
    let mut search = Search { anchors, intermediates, now, checks_left: MAX_SIGNATURE_CHECKS, failure: None };
    let mut path = Vec::new();
    match search.climb(leaf, &mut path) {
        Some(anchor) => {
            let signed = std::iter::once(leaf).chain(path.iter().copied());
            Ok(EkPath {
                anchor: anchor.subject.to_string(),
                anchor_sha256: sha256(&anchor.der),
                uses_sha1: signed.into_iter().any(|certificate| certificate.signature_algorithm.uses_sha1()),
                intermediates: path.iter().map(|certificate| certificate.subject.to_string()).collect(),
            })
        }
        None => {
            Err(search.failure.map_or_else(|| error(leaf, ChainErrorKind::UnknownIssuer), |(_, error)| error))
        }
    }
}

impl<'a> Search<'a> {
    /// Looks for the issuer of `child`, the topmost certificate so far, and goes on from there. `path` holds the
    /// intermediates from the leaf's issuer up to `child`; on success it is complete.
    fn climb(&mut self, child: &Certificate, path: &mut Vec<&'a Certificate>) -> Option<&'a Certificate> {
        let depth = path.len();
        let anchors: Vec<&'a Certificate> = candidates(&self.anchors.certificates, child);
        let mut known = false;
        for anchor in anchors {
            known = true;
            match self.issued(child, anchor, path, true) {
                Ok(()) => return Some(anchor),
                Err(kind) => self.note(depth, child, kind),
            }
        }
        for issuer in candidates(self.intermediates, child) {
            if path.iter().any(|used| used.der == issuer.der) {
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
            if let Some(anchor) = self.climb(issuer, path) {
                return Some(anchor);
            }
            path.pop();
        }
        if !known {
            self.note(depth, child, ChainErrorKind::UnknownIssuer);
        }
        None
    }

    /// RFC 5280 section 6.1.3 and 6.1.4 for one step of the path.
    fn issued(
        &mut self,
        child: &Certificate,
        issuer: &Certificate,
        path: &[&Certificate],
        anchor: bool,
    ) -> Result<(), ChainErrorKind> {
        let extensions = &issuer.extensions;
        let ca = extensions.basic_constraints.filter(|basic| basic.ca).ok_or(ChainErrorKind::NotAnIssuer)?;
        if extensions.key_usage.is_some_and(|usage| !usage.signs_certificates)
            || extensions.purposes.is_some_and(|purposes| !purposes.ek && !purposes.any)
        {
            return Err(ChainErrorKind::NotAnIssuer);
        }
        if let Some(oid) = &extensions.not_understood {
            return Err(ChainErrorKind::CriticalExtension(oid.clone()));
        }
        let below = path.iter().filter(|certificate| !certificate.is_self_issued()).count();
        if ca.path_len.is_some_and(|limit| below > usize::try_from(limit).unwrap_or(usize::MAX)) {
            return Err(ChainErrorKind::PathLength);
        }
        if !anchor {
            if issuer.not_before > self.now {
                return Err(ChainErrorKind::NotYetValid);
            }
            if child.not_before > issuer.not_after {
                return Err(ChainErrorKind::IssuerExpired);
            }
        }
        if child.signature_algorithm.uses_sha1() && !self.anchors.accepts_sha1 {
            return Err(ChainErrorKind::Sha1);
        }
        let key = PublicKey::parse(&issuer.spki)
            .map_err(|error| ChainErrorKind::UnsupportedAlgorithm(error.to_string()))?;
        self.checks_left = self.checks_left.checked_sub(1).ok_or(ChainErrorKind::TooManyCandidates)?;
        child.signature_algorithm.verify(&key, &child.tbs, &child.signature).map_err(|error| match error {
            SignatureError::Unsupported(algorithm) => ChainErrorKind::UnsupportedAlgorithm(algorithm),
            SignatureError::Invalid => ChainErrorKind::Signature,
        })
    }

    /// Keeps the failure that happened farthest up; at the same height the first.
    fn note(&mut self, depth: usize, child: &Certificate, kind: ChainErrorKind) {
        if self.failure.as_ref().is_none_or(|(farthest, _)| depth > *farthest) {
            self.failure = Some((depth, error(child, kind)));
        }
    }
}

/// Certificates that bear the name of the issuer, those with the right key identifier first.
fn candidates<'a>(certificates: &'a [Certificate], child: &Certificate) -> Vec<&'a Certificate> {
    let mut found: Vec<&Certificate> =
        certificates.iter().filter(|certificate| certificate.subject == child.issuer).collect();
    if child.issuer.is_empty() {
        found.clear();
    }
    let wanted = child.extensions.authority_key_id.as_deref();
    found.sort_by_key(|certificate| {
        wanted.is_none() || certificate.extensions.subject_key_id.as_deref() != wanted
    });
    found
}

fn error(child: &Certificate, kind: ChainErrorKind) -> ChainError {
    ChainError {
        kind,
        issuer: child.issuer.to_string(),
        aki: child.extensions.authority_key_id.as_deref().map(colon_hex),
        issuer_url: child.extensions.ca_issuers.clone(),
    }
}
