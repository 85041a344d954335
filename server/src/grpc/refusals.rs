//! What was refused of a call, on its way to the audit log: whoever is shown the call's id can be helped by it.

use std::sync::{Arc, Mutex, PoisonError};

use gatehouse_domain::audit::RefusedRequest;
use gatehouse_domain::authz::Attribution;
use gatehouse_domain::{Failure, Services};

/// Who makes a call, and what of it was refused first. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Refusals(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    by: Option<Attribution>,
    first: Option<RefusedRequest>,
}

impl Refusals {
    /// Somebody is known to make the call.
    pub(super) fn by(&self, by: Attribution) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by = Some(by);
    }

    /// Something was refused.
    pub(super) fn add(&self, method: &str, failure: &Failure) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.first.get_or_insert_with(|| RefusedRequest {
            request: method.to_owned(),
            kind: failure.kind,
            code: failure.code.to_owned(),
            message: failure.message(),
        });
    }

    /// Whether something was refused already.
    pub(super) fn is_any(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first.is_some()
    }

    /// Writes it down, once; nothing of a stranger's.
    pub(super) async fn write(&self, services: &Services) {
        let (by, refused) = {
            let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if noted.by.is_none() {
                return;
            }
            (noted.by.clone(), noted.first.take())
        };
        let (Some(by), Some(refused)) = (by, refused) else { return };
        if let Err(error) = services.audit.note_refused(&by, &refused).await {
            tracing::error!(%error, request_id = by.request_id, "a refusal could not be noted");
        }
    }
}
