//! Locks.

/// Roles that [`LOCK_IN_FORCE`] takes at once.
pub(crate) const ROLES_AT_ONCE: usize = 8;

statements! {
    INSERT_LOCK = "
        insert into locks (id, target_user, target_role, target_device, message, created, created_by, expires)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    LOCK = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks where id = $1";
    DELETE_LOCK = "delete from locks where id = $1";
    DEVICE_OF_LOCK = "select target_device from locks where id = $1";
    LOCKS = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks order by created desc, id desc";
    LOCKS_IN_FORCE = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where (created, id) < ($1, $2) and (expires is null or expires > $3)
        order by created desc, id desc limit $4";
    LOCKS_EXPIRED = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where (created, id) < ($1, $2) and expires <= $3
        order by created desc, id desc limit $4";
    LOCKS_ON_PEOPLE = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where (target_role is not null or (target_user >= $2 and target_user <= $3))
          and (expires is null or expires > $1)
        order by created desc, id desc";
    /// What is not asked for is null, which equals nothing.
    LOCK_IN_FORCE = "
        select id, target_user, target_role, target_device, message, created, created_by, expires
        from locks
        where (target_user = $2 or target_device = $3 or target_role in ($4, $5, $6, $7, $8, $9, $10, $11))
          and (expires is null or expires > $1)
        order by created, id
        limit 1";
}
