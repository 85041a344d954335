//! Refused ceremonies: what is refused, and the trace that it leaves.

use gatehouse_model::clean_label;

use super::CeremonyError;
use crate::audit::EventKind;
use crate::authz::Attribution;
use crate::entity::Device;
use crate::ports::StoreError;
use crate::{Core, Decision};

/// A refusal, with the device that it is about where that is known.
pub(super) struct Refusal {
    pub(super) device: Option<Device>,
    pub(super) error: CeremonyError,
}

impl From<CeremonyError> for Refusal {
    fn from(error: CeremonyError) -> Self {
        Self { device: None, error }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        CeremonyError::from(error).into()
    }
}

impl Core {
    /// Writes a refused ceremony into the audit log, in a commit of its own: it changed nothing else.
    pub(super) async fn note_refusal(
        &self,
        kind: EventKind,
        by: &Attribution,
        device: Option<&Device>,
        credential_id: &str,
        error: &CeremonyError,
    ) -> Result<(), CeremonyError> {
        let credential_id = clean_label(credential_id);
        let event = self.event(kind, by);
        let event = match device {
            Some(device) => event.about_device(device, &credential_id),
            None => event.about(credential_id),
        };
        let event = match error {
            // What would mend it, for who reads the log.
            CeremonyError::EkChain(chain) => event.with_details(serde_json::json!({
                "reason": chain.code(), "issuer": chain.issuer, "aki": chain.aki, "issuer_url": chain.issuer_url,
            })),
            _ => event,
        };
        Ok(self.append_alone(&event.failed(kind, error.code(), error)).await?)
    }
}
