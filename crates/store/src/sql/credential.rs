//! Keys bound to devices.

use super::device::device_columns;

macro_rules! columns {
    () => {
        "os_type, id, device_id, public_key, tier, ekcert_serial, ak_public, user_name, created, last_used,
         reset_count, restart_count, clock"
    };
}

/// Devices that [`CREDENTIALS_OF_DEVICES`] takes at once.
pub(crate) const DEVICES_AT_ONCE: usize = 64;

statements! {
    INSERT_CREDENTIAL = concat!("insert into credentials (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");
    DELETE_CREDENTIAL = "delete from credentials where os_type = $1 and id = $2 and device_id = $3";
    CREDENTIAL = concat!("select ", columns!(), " from credentials where os_type = $1 and id = $2");
    /// A credential, its device, and `$3` if that is one of the device's users.
    BOUND_CREDENTIAL = concat!("select c.*, ", device_columns!("d."), ", u.user_name
        from (select ", columns!(), " from credentials where os_type = $1 and id = $2) c
        join devices d on d.id = c.device_id
        left join device_users u on u.device_id = d.id and u.user_name = $3");
    CREDENTIALS_OF_DEVICE = concat!("select ", columns!(), " from credentials
        where device_id = $1 order by last_used desc, created desc, id");
    /// What is not asked for is null, which equals nothing.
    CREDENTIALS_OF_DEVICES = concat!("select ", columns!(), " from credentials
        where device_id in (
            $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
            $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48,
            $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64)
        order by device_id, last_used desc, created desc, id");
    USE_CREDENTIAL = "
        update credentials set last_used = $4, reset_count = $5, restart_count = $6, clock = $7
        where os_type = $1 and id = $2 and device_id = $3";
    DELETE_CREDENTIALS = "delete from credentials where device_id = $1";
    FORGET_COUNTERS = "
        update credentials set reset_count = null, restart_count = null, clock = null where device_id = $1";
}
