//! TPMs that were announced before their devices arrived.

macro_rules! columns {
    () => {
        "id, ek_sha256, serial, issuer, issuer_key, standing, owner, asset_tag, note, created, created_by, uses, used,
         used_by, used_device"
    };
}

statements! {
    /// A TPM that is announced already stays as it is.
    INSERT_SHIP_AHEAD = concat!("insert into ship_ahead (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        on conflict do nothing");
    SHIP_AHEAD = concat!("select ", columns!(), " from ship_ahead where id = $1");
    SHIP_AHEAD_BY_EK = concat!("select ", columns!(), " from ship_ahead where ek_sha256 = $1");
    SHIP_AHEAD_BY_CERTIFICATE = concat!("select ", columns!(), " from ship_ahead
        where serial = $1 and issuer_key = $2");
    SHIP_AHEADS = concat!("select ", columns!(), " from ship_ahead order by created desc, id desc limit $1");
    SHIP_AHEADS_BEFORE = concat!("select ", columns!(), " from ship_ahead
        where (created, id) < ($1, $2) order by created desc, id desc limit $3");
    /// One row of one use is used once, whoever asks at the same time.
    USE_SHIP_AHEAD = "
        update ship_ahead set uses = uses + 1, used = $2, used_by = $3, used_device = $4
        where id = $1 and (standing = 1 or uses = 0)";
    DELETE_SHIP_AHEAD = "delete from ship_ahead where id = $1";
}
