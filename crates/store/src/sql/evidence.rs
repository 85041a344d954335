//! What ceremonies were judged by.

macro_rules! columns {
    () => {
        "id, device_id, user_name, kind, time, verdict, credential_id, tier, nonce, ek_public, ek_certificate,
         ak_public, ak_create_data, ak_create_attestation, ak_create_signature, device_key, signature,
         platform, event_log, intermediates, basis, findings"
    };
}

/// The columns of evidence, for statements of other areas.
pub(super) use columns as evidence_columns;

statements! {
    INSERT_EVIDENCE = concat!("insert into evidence (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)");
    EVIDENCE_OF_DEVICE = concat!("select ", columns!(), " from evidence
        where device_id = $1 order by time desc, id desc limit $2");
    /// What a key was enrolled by stays as long as the key.
    PURGE_EVIDENCE = "
        delete from evidence
        where time < $1
          and (verdict <> 'success' or not exists (
              select 1 from credentials c
              where c.device_id = evidence.device_id and c.id = evidence.credential_id))";

    KEEP_BASIS = "insert into evidence_bases (hash, body) values ($1, $2) on conflict (hash) do nothing";
    BASIS = "select body from evidence_bases where hash = $1";
    KEEP_CA = "insert into evidence_cas (sha256, der) values ($1, $2) on conflict (sha256) do nothing";
    CA = "select der from evidence_cas where sha256 = $1";
}
