use gatehouse_model::{AssetTag, EnrollStatus, OsType, Timestamp};

use super::Digest;

/// The EK that a device proved last, and how its certificate is judged by the CAs that are allowed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEk {
    pub device_id: String,
    /// X.509 DER; empty where the TPM has none.
    pub certificate: Vec<u8>,
    /// DER, one behind the other: what the device sent with it.
    pub intermediates: Vec<u8>,
    /// The name of the certificate's issuer, in the form for comparison.
    pub issuer_key: Digest,
    /// The name of the issuer of the topmost certificate that the device sent.
    pub top_key: Digest,
    pub verdict: EkVerdictCode,
    pub updated: Timestamp,
}

/// How an EK is judged, as a stable word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EkVerdictCode(pub String);

impl EkVerdictCode {
    /// A path to an allowed CA.
    pub const TRUSTED: &'static str = "trusted";
    /// Such a path, with a fault that lowers the tier.
    pub const LOWER_TIER: &'static str = "lower_tier";
    /// Nobody has judged it yet.
    pub const NONE: &'static str = "";
    /// The TPM has no certificate.
    pub const MISSING: &'static str = "ekcert_missing";
    /// What it was judged by has passed its retention.
    pub const NO_EVIDENCE: &'static str = "no_evidence";

    /// Whether a device with it could not enrol today.
    #[must_use]
    pub fn fails(&self) -> bool {
        ![Self::TRUSTED, Self::LOWER_TIER, Self::NONE].contains(&self.0.as_str())
    }
}

/// A device with its EK, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EkOfDevice {
    pub device_id: String,
    pub os_type: OsType,
    pub asset_tag: AssetTag,
    pub enroll_status: EnrollStatus,
    pub ek: Option<DeviceEk>,
}

/// How far the EKs of all devices have been judged by the CAs that are allowed now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EkJudgement {
    /// Of the CAs, the policies, and the day.
    pub revision: String,
    /// Devices up to this id are judged.
    pub after: String,
    /// Enrolled devices that are judged.
    pub judged: i64,
    /// Those of them that could not enrol.
    pub failing: i64,
    pub started: Timestamp,
    pub finished: Option<Timestamp>,
}
