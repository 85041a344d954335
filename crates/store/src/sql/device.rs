//! The inventory.

macro_rules! columns {
    ($($table:literal)?) => {
        concat!(
            $($table,)? "id, ", $($table,)? "os_type, ", $($table,)? "asset_tag, ", $($table,)? "created, ",
            $($table,)? "updated, ", $($table,)? "enroll_status, ", $($table,)? "owner, ",
            $($table,)? "source_name, ", $($table,)? "source_origin, ", $($table,)? "profile, ",
            $($table,)? "anchor, ", $($table,)? "last_authenticated"
        )
    };
}

/// The columns of a device, for statements of other areas that join it.
pub(super) use columns as device_columns;

statements! {
    INSERT_DEVICE = concat!("insert into devices (", columns!(), ", asset_tag_norm, listed)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)");
    DEVICE = concat!("select ", columns!(), " from devices where id = $1");
    /// With the counter alarm.
    DEVICE_HELD = concat!("select ", columns!(), ", counter_alarm from devices where id = $1");
    DEVICE_BY_TAG = concat!("select ", columns!(), " from devices where os_type = $1 and asset_tag_norm = $2");
    UPDATE_DEVICE = "
        update devices
        set os_type = $2, asset_tag = $3, asset_tag_norm = $4, updated = $5, enroll_status = $6, owner = $7,
            source_name = $8, source_origin = $9, profile = $10, anchor = $11, last_authenticated = $12
        where id = $1";
    /// What an enrolment changes of a device; indexes of what stays are not written.
    ENROL_DEVICE = "
        update devices set updated = $2, enroll_status = $3, owner = $4, anchor = $5 where id = $1";
    USE_DEVICE = "update devices set last_authenticated = $2 where id = $1";
    DELETE_DEVICE = "delete from devices where id = $1";
    DEVICES_BY_ID_OR_TAG = concat!("select ", columns!(), " from devices
        where id = $1 or asset_tag_norm = $2
        order by asset_tag_norm, os_type, id limit $3");
    DEVICES = concat!("select ", columns!(), " from devices
        where (asset_tag_norm, os_type, id) > ($1, $2, $3)
        order by asset_tag_norm, os_type, id limit $4");
    DEVICES_OF_USER = concat!("select ", columns!("d."), " from device_users u
        join devices d on d.id = u.device_id
        where u.user_name = $5 and (d.asset_tag_norm, d.os_type, d.id) > ($1, $2, $3)
        order by d.asset_tag_norm, d.os_type, d.id limit $4");
    SET_COUNTER_ALARM = "update devices set counter_alarm = $2 where id = $1";
    /// `$2` is the number of the state "enrolled".
    USER_HAS_ENROLLED_DEVICE = "
        select u.device_id from device_users u join devices d on d.id = u.device_id
        where u.user_name = $1 and d.enroll_status = $2 limit 1";
    USER_HAS_UNLOCKED_DEVICE = "
        select u.device_id from device_users u join devices d on d.id = u.device_id
        where u.user_name = $1 and d.enroll_status = $2
          and not exists (
              select 1 from locks l where l.target_device = d.id and (l.expires is null or l.expires > $3))
        limit 1";
    /// As [`USER_HAS_UNLOCKED_DEVICE`], and the device booted last as it did when it was good.
    USER_HAS_STEADY_DEVICE = "
        select u.device_id from device_users u join devices d on d.id = u.device_id
        where u.user_name = $1 and d.enroll_status = $2
          and not exists (
              select 1 from locks l where l.target_device = d.id and (l.expires is null or l.expires > $3))
          and not exists (select 1 from device_good_boots b where b.device_id = d.id)
        limit 1";
    /// `$1` is the number of the state "enrolled".
    COUNT_DEVICES = "
        select (select count(*) from devices), (select count(*) from devices where enroll_status = $1)";

    ADD_DEVICE_USER = "
        insert into device_users (device_id, user_name, added) values ($1, $2, $3)
        on conflict (device_id, user_name) do nothing";
    IS_DEVICE_USER = "select device_id from device_users where device_id = $1 and user_name = $2";
    DEVICE_USERS = "select user_name from device_users where device_id = $1 order by added, user_name";
    CLEAR_DEVICE_USERS = "delete from device_users where device_id = $1";

    ADD_COLLECTED = "insert into collected (device_id, kind, recorded, data) values ($1, $2, $3, $4)";
    COLLECTED = "
        select kind, data from collected where device_id = $1 order by recorded desc, sequence desc";
    /// Deletes records of kind `$2` but the `$3` newest.
    TRIM_COLLECTED = "
        delete from collected
        where device_id = $1 and kind = $2 and sequence not in (
            select sequence from collected where device_id = $1 and kind = $2
            order by recorded desc, sequence desc limit $3)";
}

/// [`DEVICE_HELD`] on an engine that locks rows by asking for it.
pub(crate) const DEVICE_LOCKED: &str =
    concat!("select ", columns!(), ", counter_alarm from devices where id = $1 for update");
