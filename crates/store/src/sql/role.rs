//! Roles.

/// Roles that [`ROLES_NAMED`] takes at once.
pub(crate) const ROLES_AT_ONCE: usize = 8;

statements! {
    INSERT_ROLE = "
        insert into roles (name, description, spec, created, updated) values ($1, $2, $3, $4, $5)";
    ROLE = "select name, description, spec, created, updated from roles where name = $1";
    /// What is not asked for is null, which equals nothing.
    ROLES_NAMED = "
        select name, description, spec, created, updated from roles
        where name in ($1, $2, $3, $4, $5, $6, $7, $8)";
    ROLES = "select name, description, spec, created, updated from roles order by name";
    UPDATE_ROLE = "update roles set description = $2, spec = $3, updated = $4 where name = $1";
    DELETE_ROLE = "delete from roles where name = $1";
    COUNT_USERS_BY_ROLE = "select role, count(distinct user_name) from user_roles group by role order by role";
    COUNT_USERS_WITH_ROLE = "select count(distinct user_name) from user_roles where role = $1";
}
