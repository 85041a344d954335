use async_trait::async_trait;
use gatehouse_domain::entity::{Digest, Evidence, EvidenceBasis, RecordKind};
use gatehouse_domain::ports::StoreError;
use gatehouse_domain::ports::evidence_rows::EvidenceBasisRows;
use gatehouse_domain::ports::store::{EvidenceRows, Stored};
use gatehouse_model::tpm::{AttestationParameters, PlatformParameters};
use gatehouse_model::{AttestationTier, Timestamp};

use super::Unit;
use super::device::RECORD_KINDS;
use crate::decode::{Columns, Decode, TEXT, to_json};
use crate::executor::Executor;
use crate::platform;
use crate::sql::evidence as sql;
use crate::value::values;

pub(super) const EVIDENCE: Decode<Evidence> = Decode {
    entity: "evidence",
    read: |columns| {
        Ok(Evidence {
            id: columns.text()?,
            device_id: columns.text()?,
            user: columns.text()?,
            kind: columns.one_of(&RECORD_KINDS, RecordKind::as_str)?,
            time: columns.time()?,
            verdict: columns.text()?,
            credential_id: columns.text()?,
            tier: columns.numbered(AttestationTier::from_number)?,
            nonce: columns.bytes()?,
            ek_public: columns.bytes()?,
            ek_certificate: columns.bytes()?,
            ak: AttestationParameters {
                public: columns.bytes()?,
                create_data: columns.bytes()?,
                create_attestation: columns.bytes()?,
                create_signature: columns.bytes()?,
            },
            device_key: columns.bytes()?,
            signature: columns.bytes()?,
            platform: platform_parameters(columns)?,
            intermediates: columns.maybe_bytes()?.unwrap_or_default(),
            basis: columns.maybe_digest()?,
            findings: columns.json()?,
        })
    },
};

const DER: Decode<Vec<u8>> = Decode { entity: "CA of evidence", read: |columns| columns.bytes() };

pub(super) fn platform_parameters(columns: &mut dyn Columns) -> Stored<PlatformParameters> {
    let encoded = columns.bytes()?;
    let event_log = columns.bytes()?;
    platform::decode(&encoded, event_log).ok_or_else(|| columns.corrupt())
}

#[async_trait]
impl<E: Executor> EvidenceRows for Unit<E> {
    async fn insert_evidence(&mut self, evidence: &Evidence) -> Stored<()> {
        let platform = platform::encode(&evidence.platform)
            .ok_or_else(|| StoreError::Corrupt { what: "platform attestation (too long)".to_owned() })?;
        let findings = to_json(&evidence.findings)?;
        let values = values![
            &evidence.id,
            &evidence.device_id,
            &evidence.user,
            evidence.kind.as_str(),
            evidence.time,
            &evidence.verdict,
            &evidence.credential_id,
            evidence.tier as i64,
            &evidence.nonce,
            &evidence.ek_public,
            &evidence.ek_certificate,
            &evidence.ak.public,
            &evidence.ak.create_data,
            &evidence.ak.create_attestation,
            &evidence.ak.create_signature,
            &evidence.device_key,
            &evidence.signature,
            &platform,
            &evidence.platform.event_log,
            Some(evidence.intermediates.as_slice()).filter(|ders| !ders.is_empty()),
            evidence.basis.as_ref(),
            &findings,
        ];
        self.on.change(sql::INSERT_EVIDENCE, values).await
    }

    async fn evidence_of_device(&mut self, device_id: &str, limit: i64) -> Stored<Vec<Evidence>> {
        self.on.all(sql::EVIDENCE_OF_DEVICE, values![device_id, limit], EVIDENCE).await
    }

    async fn purge_evidence(&mut self, before: Timestamp) -> Stored<i64> {
        self.on.takes_long();
        self.on.execute(sql::PURGE_EVIDENCE, values![before]).await
    }
}

#[async_trait]
impl<E: Executor> EvidenceBasisRows for Unit<E> {
    async fn keep_evidence_basis(&mut self, basis: &EvidenceBasis) -> Stored<()> {
        if self.on.execute(sql::KEEP_BASIS, values![&basis.hash, &basis.body]).await? == 0 {
            return Ok(());
        }
        for (hash, der) in &basis.cas {
            self.on.execute(sql::KEEP_CA, values![hash, der]).await?;
        }
        Ok(())
    }

    async fn evidence_basis(&mut self, hash: &Digest) -> Stored<Option<String>> {
        self.on.optional(sql::BASIS, values![hash], TEXT).await
    }

    async fn evidence_ca(&mut self, sha256: &Digest) -> Stored<Option<Vec<u8>>> {
        self.on.optional(sql::CA, values![sha256], DER).await
    }
}
