//! What ceremonies were judged by.

macro_rules! columns {
    () => {
        "id, device_id, user_name, kind, time, verdict, credential_id, tier, nonce, ek_public, ek_certificate,
         ak_public, ak_create_data, ak_create_attestation, ak_create_signature, device_key, signature,
         platform, event_log, findings"
    };
}

/// The columns of evidence, for statements of other areas.
pub(super) use columns as evidence_columns;

statements! {
    INSERT_EVIDENCE = concat!("insert into evidence (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)");
    EVIDENCE_OF_DEVICE = concat!("select ", columns!(), " from evidence
        where device_id = $1 order by time desc, id desc limit $2");
    PURGE_EVIDENCE = "delete from evidence where time < $1";
}
