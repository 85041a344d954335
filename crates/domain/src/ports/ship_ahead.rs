use async_trait::async_trait;

use super::store::Stored;
use crate::entity::{Digest, ShipAhead, ShipAheadCursor, ShipAheadUse};

/// TPMs that were announced.
#[async_trait]
pub trait ShipAheadRows {
    /// False, and nothing is written, if the TPM is announced already.
    async fn insert_ship_ahead(&mut self, row: &ShipAhead) -> Stored<bool>;
    async fn ship_ahead(&mut self, id: &str) -> Stored<Option<ShipAhead>>;
    async fn ship_ahead_by_ek(&mut self, ek_sha256: &Digest) -> Stored<Option<ShipAhead>>;
    async fn ship_ahead_by_certificate(
        &mut self,
        serial: &str,
        issuer_key: &str,
    ) -> Stored<Option<ShipAhead>>;
    /// Newest first.
    async fn ship_aheads(&mut self, before: Option<&ShipAheadCursor>, limit: i64) -> Stored<Vec<ShipAhead>>;
    /// Notes a use; false, and nothing is written, if it is gone or was for one use and had it.
    async fn use_ship_ahead(&mut self, id: &str, used: &ShipAheadUse) -> Stored<bool>;
    /// False if there is none.
    async fn delete_ship_ahead(&mut self, id: &str) -> Stored<bool>;
}
