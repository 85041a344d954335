//! Where the engines differ: as values, so that no method has to ask which engine it runs on.

use crate::sql;

/// One engine's values.
#[derive(Debug)]
pub struct Dialect {
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// Begins a unit of work that writes.
    pub begin: &'static str,
    /// Begins a unit of work that reads from one snapshot.
    pub begin_read: &'static str,
    /// Reads a device and its counter alarm so that nobody else changes it until the unit of work ends.
    pub device_for_update: &'static str,
    /// Reads a user likewise.
    pub user_for_update: &'static str,
    /// Nobody else changes what a unit of work that writes has read: a change that counts on what was read needs no
    /// answer.
    pub writes_alone: bool,
    /// Tells other servers on the same database of changes, once they are committed: `$1` = the changes as JSON.
    /// `None` where there can be no other server.
    pub notify: Option<&'static str>,
}

/// SQLite: a writer holds the whole database from its beginning on, so that rows need no lock.
pub static SQLITE: Dialect = Dialect {
    engine: "sqlite",
    begin: "begin immediate",
    begin_read: "begin deferred",
    device_for_update: sql::device::DEVICE_HELD,
    user_for_update: sql::user::USER,
    writes_alone: true,
    notify: None,
};

/// PostgreSQL: what has to hold against other writers is a conditional update or a locked row.
pub static POSTGRES: Dialect = Dialect {
    engine: "postgres",
    begin: "begin isolation level read committed",
    begin_read: "begin isolation level repeatable read read only",
    device_for_update: sql::device::DEVICE_LOCKED,
    user_for_update: sql::user::USER_LOCKED,
    writes_alone: false,
    notify: Some("select pg_notify('gatehouse_changes', $1)"),
};

/// SQLite names the columns of a broken rule; PostgreSQL, and the ports, name the rule.
pub const SQLITE_RULES: &[(&str, &str)] = &[
    ("audit_events.sequence", "audit_events_pkey"),
    ("audit_events.uid", "audit_events_uid"),
    ("cli_logins.id", "cli_logins_pkey"),
    ("cluster_values.key", "cluster_values_pkey"),
    ("collected.sequence", "collected_pkey"),
    ("credentials.os_type, credentials.id", "credentials_os_id"),
    ("device_users.device_id, device_users.user_name", "device_users_pkey"),
    ("daily_counts.kind, daily_counts.day, daily_counts.detail", "daily_counts_pkey"),
    ("device_counts.cell", "device_counts_pkey"),
    ("device_list.device_id", "device_list_device"),
    ("device_list.sequence", "device_list_pkey"),
    ("device_terms.term, device_terms.device, device_terms.shared", "device_terms_pkey"),
    ("device_boots.device_id", "device_boots_pkey"),
    ("device_good_boots.device_id", "device_good_boots_pkey"),
    ("device_web_attempts.id", "device_web_attempts_pkey"),
    (
        "device_import_chunks.import_id, device_import_chunks.verdict, device_import_chunks.place",
        "device_import_chunks_pkey",
    ),
    ("device_imports.id", "device_imports_pkey"),
    ("device_eks.device_id", "device_eks_pkey"),
    ("devices.id", "devices_pkey"),
    ("ek_judgements.id", "ek_judgements_pkey"),
    ("reviews.id", "reviews_pkey"),
    ("reviews.reason, reviews.subject", "reviews_pending"),
    ("devices.os_type, devices.anchor", "devices_os_anchor"),
    ("devices.os_type, devices.asset_tag_norm", "devices_os_tag"),
    ("enroll_tokens.hash", "enroll_tokens_hash"),
    ("enroll_tokens.id", "enroll_tokens_pkey"),
    ("evidence.id", "evidence_pkey"),
    ("evidence_bases.hash", "evidence_bases_pkey"),
    ("evidence_cas.sha256", "evidence_cas_pkey"),
    ("form_keys.hash", "form_keys_pkey"),
    ("locks.id", "locks_pkey"),
    ("passkey_ceremonies.hash", "passkey_ceremonies_pkey"),
    ("passkey_handles.handle", "passkey_handles_handle"),
    ("passkey_handles.user_name", "passkey_handles_pkey"),
    ("passkeys.credential_id", "passkeys_credential"),
    ("passkeys.id", "passkeys_pkey"),
    ("pending_sign_ins.hash", "pending_sign_ins_pkey"),
    ("preferences.key", "preferences_pkey"),
    ("recovery_codes.user_name, recovery_codes.hash", "recovery_codes_pkey"),
    ("roles.name", "roles_name"),
    ("sealed_secrets.purpose, sealed_secrets.row_name", "sealed_secrets_pkey"),
    ("sessions.cookie_hash", "sessions_cookie"),
    ("sessions.id", "sessions_pkey"),
    ("ship_ahead.ek_sha256", "ship_ahead_ek"),
    ("ship_ahead.id", "ship_ahead_pkey"),
    ("ship_ahead.serial, ship_ahead.issuer_key", "ship_ahead_certificate"),
    ("throttles.key", "throttles_pkey"),
    ("user_links.hash", "user_links_pkey"),
    ("user_roles.user_name, user_roles.place", "user_roles_pkey"),
    ("users.name", "users_name"),
    ("web_records.hash", "web_records_pkey"),
];
