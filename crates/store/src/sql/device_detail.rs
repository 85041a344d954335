//! What hangs on a device, for its page.

use super::evidence::evidence_columns;

/// Tags that [`TAGS_IN_USE`] takes at once.
pub(crate) const TAGS_AT_ONCE: usize = 32;

statements! {
    LOCKS_OF_DEVICE = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks where target_device = $1 order by created desc, id desc";
    EVIDENCE_OF_CREDENTIAL = concat!("select ", evidence_columns!(), " from evidence
        where device_id = $1 and credential_id = $2 and kind = $3 and verdict = $4
        order by time desc, id desc limit 1");
    TAGS_IN_USE = "
        select asset_tag_norm from devices
        where os_type = $1
          and asset_tag_norm in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                                 $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)";
}
