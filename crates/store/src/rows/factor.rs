use async_trait::async_trait;
use gatehouse_domain::entity::{
    CeremonyPurpose, Digest, Passkey, PasskeyCeremony, PasskeyUse, PendingSignIn,
};
use gatehouse_domain::ports::store::{FactorRows, Stored};
use gatehouse_model::Timestamp;

use super::Unit;
use crate::decode::{Decode, NUMBER, TEXT};
use crate::executor::Executor;
use crate::sql::factor as sql;
use crate::value::values;

const PASSKEY: Decode<Passkey> = Decode {
    entity: "passkey",
    read: |columns| {
        Ok(Passkey {
            id: columns.text()?,
            user: columns.text()?,
            credential_id: columns.bytes()?,
            rp_id: columns.text()?,
            name: columns.text()?,
            credential: columns.text()?,
            counter: columns.int()?,
            backup_eligible: columns.flag()?,
            backed_up: columns.flag()?,
            discoverable: columns.flag()?,
            created: columns.time()?,
            last_used: columns.maybe_time()?,
        })
    },
};

const HANDLE: Decode<Vec<u8>> = Decode { entity: "passkey handle", read: |columns| columns.bytes() };

const CEREMONY: Decode<PasskeyCeremony> = Decode {
    entity: "passkey ceremony",
    read: |columns| {
        Ok(PasskeyCeremony {
            hash: columns.digest()?,
            purpose: columns.one_of(&CeremonyPurpose::ALL, CeremonyPurpose::as_str)?,
            owner: columns.text()?,
            user: columns.text()?,
            handle: columns.maybe_bytes()?,
            state: columns.text()?,
            created: columns.time()?,
            expires: columns.time()?,
        })
    },
};

const PENDING: Decode<PendingSignIn> = Decode {
    entity: "pending sign-in",
    read: |columns| {
        Ok(PendingSignIn {
            hash: columns.digest()?,
            user: columns.text()?,
            password_mark: columns.digest()?,
            created: columns.time()?,
            expires: columns.time()?,
        })
    },
};

#[async_trait]
impl<E: Executor> FactorRows for Unit<E> {
    async fn insert_passkey(&mut self, passkey: &Passkey) -> Stored<()> {
        let values = values![
            &passkey.id,
            &passkey.user,
            &passkey.credential_id,
            &passkey.rp_id,
            &passkey.name,
            &passkey.credential,
            passkey.counter,
            passkey.backup_eligible,
            passkey.backed_up,
            passkey.discoverable,
            passkey.created,
            passkey.last_used,
        ];
        self.on.execute(sql::INSERT_PASSKEY, values).await?;
        Ok(())
    }

    async fn passkeys(&mut self, user: &str) -> Stored<Vec<Passkey>> {
        self.on.all(sql::PASSKEYS, values![user], PASSKEY).await
    }

    async fn passkey_by_credential(&mut self, credential_id: &[u8]) -> Stored<Option<Passkey>> {
        self.on.optional(sql::PASSKEY_BY_CREDENTIAL, values![credential_id], PASSKEY).await
    }

    async fn use_passkey(&mut self, id: &str, used: &PasskeyUse) -> Stored<bool> {
        let values =
            values![id, &used.credential, used.counter, used.backup_eligible, used.backed_up, used.now,];
        Ok(self.on.execute(sql::USE_PASSKEY, values).await? > 0)
    }

    async fn rename_passkey(&mut self, user: &str, id: &str, name: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::RENAME_PASSKEY, values![user, id, name]).await? > 0)
    }

    async fn delete_passkey(&mut self, user: &str, id: &str) -> Stored<bool> {
        Ok(self.on.execute(sql::DELETE_PASSKEY, values![user, id]).await? > 0)
    }

    async fn delete_passkeys(&mut self, user: &str) -> Stored<()> {
        self.on.execute(sql::DELETE_PASSKEYS, values![user]).await?;
        Ok(())
    }

    async fn passkey_handle(&mut self, user: &str) -> Stored<Option<Vec<u8>>> {
        self.on.optional(sql::PASSKEY_HANDLE, values![user], HANDLE).await
    }

    async fn user_of_passkey_handle(&mut self, handle: &[u8]) -> Stored<Option<String>> {
        self.on.optional(sql::USER_OF_PASSKEY_HANDLE, values![handle], TEXT).await
    }

    async fn put_passkey_handle(&mut self, user: &str, handle: &[u8]) -> Stored<()> {
        self.on.execute(sql::PUT_PASSKEY_HANDLE, values![user, handle]).await?;
        Ok(())
    }

    async fn insert_passkey_ceremony(&mut self, ceremony: &PasskeyCeremony) -> Stored<()> {
        let values = values![
            &ceremony.hash,
            ceremony.purpose.as_str(),
            &ceremony.owner,
            &ceremony.user,
            ceremony.handle.as_deref(),
            &ceremony.state,
            ceremony.created,
            ceremony.expires,
        ];
        self.on.execute(sql::INSERT_PASSKEY_CEREMONY, values).await?;
        Ok(())
    }

    async fn has_passkey_ceremony(&mut self, hash: &Digest) -> Stored<bool> {
        Ok(self.on.optional(sql::HAS_PASSKEY_CEREMONY, values![hash], NUMBER).await?.unwrap_or_default() > 0)
    }

    async fn take_passkey_ceremony(&mut self, hash: &Digest) -> Stored<Option<PasskeyCeremony>> {
        self.on.optional(sql::TAKE_PASSKEY_CEREMONY, values![hash], CEREMONY).await
    }

    async fn drop_passkey_ceremonies(&mut self, purpose: CeremonyPurpose, owner: &str) -> Stored<()> {
        self.on.execute(sql::DROP_PASSKEY_CEREMONIES, values![purpose.as_str(), owner]).await?;
        Ok(())
    }

    async fn purge_passkey_ceremonies(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_PASSKEY_CEREMONIES, values![before]).await?;
        Ok(())
    }

    async fn insert_pending_sign_in(&mut self, pending: &PendingSignIn) -> Stored<()> {
        let values =
            values![&pending.hash, &pending.user, &pending.password_mark, pending.created, pending.expires,];
        self.on.execute(sql::INSERT_PENDING_SIGN_IN, values).await?;
        Ok(())
    }

    async fn pending_sign_in(&mut self, hash: &Digest) -> Stored<Option<PendingSignIn>> {
        self.on.optional(sql::PENDING_SIGN_IN, values![hash], PENDING).await
    }

    async fn delete_pending_sign_in(&mut self, hash: &Digest) -> Stored<bool> {
        Ok(self.on.execute(sql::DELETE_PENDING_SIGN_IN, values![hash]).await? > 0)
    }

    async fn purge_pending_sign_ins(&mut self, before: Timestamp) -> Stored<()> {
        self.on.execute(sql::PURGE_PENDING_SIGN_INS, values![before]).await?;
        Ok(())
    }

    async fn purge_offered_secrets(&mut self) -> Stored<()> {
        self.on.execute(sql::PURGE_OFFERED_SECRETS, values![]).await?;
        Ok(())
    }

    async fn put_recovery_codes(&mut self, user: &str, hashes: &[Digest], now: Timestamp) -> Stored<()> {
        self.on.execute(sql::DELETE_RECOVERY_CODES, values![user]).await?;
        for hash in hashes {
            self.on.execute(sql::INSERT_RECOVERY_CODE, values![user, hash, now]).await?;
        }
        Ok(())
    }

    async fn use_recovery_code(&mut self, user: &str, hash: &Digest, now: Timestamp) -> Stored<bool> {
        Ok(self.on.execute(sql::USE_RECOVERY_CODE, values![user, hash, now]).await? > 0)
    }

    async fn count_recovery_codes(&mut self, user: &str) -> Stored<i64> {
        Ok(self.on.optional(sql::COUNT_RECOVERY_CODES, values![user], NUMBER).await?.unwrap_or_default())
    }
}
