use gatehouse_model::{AttestationTier, Leniency};

/// How faults of chains are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainPolicy {
    /// A signature that uses SHA-1, anywhere on the path. The first TPMs' makers had nothing else; by now whoever pays
    /// for a collision can have one.
    pub sha1: Leniency,
    /// An intermediate CA that has expired since it issued: makers do not renew CAs whose chips live on, nor do they
    /// guard keys for ever. What it issued after its end is always refused, and a listed CA is trusted as listed.
    pub expired_ca: Leniency,
    /// An EK certificate that has expired: chips outlive them, and nobody renews them in the field.
    pub expired_ek: Leniency,
}

impl Default for ChainPolicy {
    fn default() -> Self {
        Self { sha1: Leniency::Refuse, expired_ca: Leniency::LowerTier, expired_ek: Leniency::Accept }
    }
}

impl ChainPolicy {
    /// Everything that genuine chips have, accepted.
    pub const LENIENT: Self =
        Self { sha1: Leniency::Accept, expired_ca: Leniency::Accept, expired_ek: Leniency::Accept };

    pub(super) fn lowers_something(&self) -> bool {
        [self.sha1, self.expired_ca, self.expired_ek].contains(&Leniency::LowerTier)
    }
}

/// What is remarkable about a path that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub kind: FindingKind,
    /// Name of the certificate it is about, for people.
    pub certificate: String,
    /// Whether it costs the certificate its tier.
    pub lowers_tier: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FindingKind {
    #[error("signed with SHA-1")]
    Sha1,
    #[error("the CA has expired since it issued the certificate below")]
    ExpiredCa,
    #[error("the allowed CA has expired; it is trusted as listed")]
    ExpiredAnchor,
    #[error("the EK certificate has expired")]
    ExpiredEk,
}

impl FindingKind {
    /// Stable word for logs, JSON and tests.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1_signature",
            Self::ExpiredCa => "expired_ca",
            Self::ExpiredAnchor => "expired_anchor",
            Self::ExpiredEk => "expired_ek",
        }
    }
}

pub(super) fn tier(findings: &[Finding]) -> AttestationTier {
    if findings.iter().any(|finding| finding.lowers_tier) {
        AttestationTier::TpmEkcert
    } else {
        AttestationTier::TpmEkcertTrusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_safe() {
        let policy = ChainPolicy::default();
        assert_eq!(policy.sha1, Leniency::Refuse);
        assert_ne!(policy.expired_ca, Leniency::Accept);
    }
}
