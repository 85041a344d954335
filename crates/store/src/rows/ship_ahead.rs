use async_trait::async_trait;
use gatehouse_domain::entity::{AnnouncedTpm, Digest, ShipAhead, ShipAheadCursor, ShipAheadUse};
use gatehouse_domain::ports::ship_ahead::ShipAheadRows;
use gatehouse_domain::ports::store::Stored;

use super::Unit;
use crate::decode::Decode;
use crate::executor::Executor;
use crate::sql::ship_ahead as sql;
use crate::value::values;

const SHIP_AHEAD: Decode<ShipAhead> = Decode {
    entity: "announced TPM",
    read: |columns| {
        let id = columns.text()?;
        let ek = columns.maybe_digest()?;
        let certificate = (columns.maybe_text()?, columns.maybe_text()?, columns.maybe_text()?);
        let tpm = match (ek, certificate) {
            (Some(ek), (None, ..)) => AnnouncedTpm::Ek(ek),
            (None, (Some(serial), Some(issuer), Some(issuer_key))) => {
                AnnouncedTpm::Certificate { serial, issuer, issuer_key }
            }
            _ => return Err(columns.corrupt()),
        };
        Ok(ShipAhead {
            id,
            tpm,
            standing: columns.flag()?,
            owner: columns.maybe_text()?,
            asset_tag: columns.maybe_text()?,
            note: columns.text()?,
            created: columns.time()?,
            created_by: columns.text()?,
            uses: columns.int()?,
            used: {
                let (time, user, device) =
                    (columns.maybe_time()?, columns.maybe_text()?, columns.maybe_text()?);
                match (time, user, device) {
                    (Some(time), Some(user), Some(device_id)) => Some(ShipAheadUse { time, user, device_id }),
                    (None, None, None) => None,
                    _ => return Err(columns.corrupt()),
                }
            },
        })
    },
};

#[async_trait]
impl<E: Executor> ShipAheadRows for Unit<E> {
    async fn insert_ship_ahead(&mut self, row: &ShipAhead) -> Stored<bool> {
        let (ek, certificate) = match &row.tpm {
            AnnouncedTpm::Ek(ek) => (Some(ek), None),
            AnnouncedTpm::Certificate { serial, issuer, issuer_key } => {
                (None, Some((serial, issuer, issuer_key)))
            }
        };
        let used = row.used.as_ref();
        let values = values![
            &row.id,
            ek,
            certificate.map(|(serial, ..)| serial.as_str()),
            certificate.map(|(_, issuer, _)| issuer.as_str()),
            certificate.map(|(.., issuer_key)| issuer_key.as_str()),
            row.standing,
            row.owner.as_deref(),
            row.asset_tag.as_deref(),
            &row.note,
            row.created,
            &row.created_by,
            row.uses,
            used.map(|used| used.time),
            used.map(|used| used.user.as_str()),
            used.map(|used| used.device_id.as_str()),
        ];
        Ok(self.on.execute(sql::INSERT_SHIP_AHEAD, values).await? > 0)
    }

    async fn ship_ahead(&mut self, id: &str) -> Stored<Option<ShipAhead>> {
        self.on.optional(sql::SHIP_AHEAD, values![id], SHIP_AHEAD).await
    }

    async fn ship_ahead_by_ek(&mut self, ek_sha256: &Digest) -> Stored<Option<ShipAhead>> {
        self.on.optional(sql::SHIP_AHEAD_BY_EK, values![ek_sha256], SHIP_AHEAD).await
    }

    async fn ship_ahead_by_certificate(
        &mut self,
        serial: &str,
        issuer_key: &str,
    ) -> Stored<Option<ShipAhead>> {
        self.on.optional(sql::SHIP_AHEAD_BY_CERTIFICATE, values![serial, issuer_key], SHIP_AHEAD).await
    }

    async fn ship_aheads(&mut self, before: Option<&ShipAheadCursor>, limit: i64) -> Stored<Vec<ShipAhead>> {
        match before {
            Some(ShipAheadCursor { created, id }) => {
                self.on.all(sql::SHIP_AHEADS_BEFORE, values![*created, id, limit], SHIP_AHEAD).await
            }
            None => self.on.all(sql::SHIP_AHEADS, values![limit], SHIP_AHEAD).await,
        }
    }

    async fn use_ship_ahead(&mut self, id: &str, used: &ShipAheadUse) -> Stored<bool> {
        let values = values![id, used.time, &used.user, &used.device_id];
        Ok(self.on.execute(sql::USE_SHIP_AHEAD, values).await? > 0)
    }

    async fn delete_ship_ahead(&mut self, id: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::DELETE_SHIP_AHEAD, values![id]).await? > 0)
    }
}
