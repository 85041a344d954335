//! What administrators have to decide about devices, and how the EKs of devices are judged.

use super::evidence::evidence_columns;

macro_rules! columns {
    () => {
        "id, reason, subject, state, created, expires, device_id, asset_tag, os_type, user_name, credential_id,
         evidence_id, details, decided, decided_by"
    };
}

/// A page of reviews, newest first: before (`$1`, `$2`), at most `$3`.
macro_rules! page {
    ($which:literal) => {
        concat!(
            "select ",
            columns!(),
            " from reviews where (created, id) < ($1, $2) and ",
            $which,
            " order by created desc, id desc limit $3"
        )
    };
}

macro_rules! ek_columns {
    () => {
        "d.id, d.os_type, d.asset_tag, d.enroll_status, e.certificate, e.intermediates, e.issuer_key, e.top_key,
         e.verdict, e.updated"
    };
}

statements! {
    INSERT_REVIEW = concat!("insert into reviews (", columns!(), ")
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, null, null)");
    REVIEW = concat!("select ", columns!(), " from reviews where id = $1");
    NEWEST_REVIEW = concat!("select ", columns!(), " from reviews where reason = $1 and subject = $2
        order by created desc, id desc limit 1");
    RENEW_REVIEW = "
        update reviews set credential_id = $2, evidence_id = $3, details = $4, expires = $5
        where id = $1 and state = 'pending'";
    DECIDE_REVIEW = "
        update reviews set state = $3, decided = $4, decided_by = $5
        where id = $1 and evidence_id = $2 and state = 'pending' and expires > $4";
    EXPIRE_REVIEWS = "update reviews set state = 'expired' where state = 'pending' and expires <= $1";
    COUNT_PENDING_REVIEWS = "select count(*) from reviews where user_name = $1 and state = 'pending'";
    PENDING_REVIEWS = page!("state = 'pending'");
    DECIDED_REVIEWS = page!("state <> 'pending'");
    /// Of device `$1`, whose EK is `$2`, at the moment `$3`, at most `$4`. Few wait at any time.
    REVIEWS_OF_DEVICE = concat!("select ", columns!(), " from reviews
        where device_id = $1 and id in (
            select id from reviews where reason = 'unknown_ca' and subject = $2
            union all select id from reviews where reason = 'boot_drift' and subject = $1
            union all select id from reviews where state = 'pending' and expires > $3 and device_id = $1)
        order by created desc, id desc limit $4");
    WAITING_REVIEWS_OF_USER = concat!("select ", columns!(), " from reviews
        where user_name = $1 and state = 'pending' and expires > $2
        order by created desc, id desc limit $3");
    PURGE_REVIEWS = "delete from reviews where created < $1";
    EVIDENCE = concat!("select ", evidence_columns!(), " from evidence where id = $1");
    DELETE_EVIDENCE = "delete from evidence where id = $1";
    SETTLE_EVIDENCE = "update evidence set verdict = $2, tier = $3, findings = $4 where id = $1";
    RETURN_CHALLENGE = "
        update enroll_tokens set open_challenge = null, open_since = null, challenges = challenges - 1
        where id = $1 and open_challenge = $2";
    SPEND_REVIEWED_TOKEN = "
        update enroll_tokens set spent = $2, open_challenge = null, open_since = null
        where id = $1 and spent is null and revoked is null";

    PUT_DEVICE_EK = "
        insert into device_eks
            (device_id, certificate, intermediates, issuer_key, top_key, verdict, failing, updated)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (device_id) do update set certificate = excluded.certificate,
            intermediates = excluded.intermediates, issuer_key = excluded.issuer_key, top_key = excluded.top_key,
            verdict = excluded.verdict, failing = excluded.failing, updated = excluded.updated";
    SET_EK_VERDICT = "
        update device_eks set verdict = $2, failing = $3 where device_id = $1 and verdict <> $2";
    EKS_OF_DEVICES = concat!("select ", ek_columns!(), " from devices d left join device_eks e on e.device_id = d.id
        where d.id > $1 and d.os_type <> $2 order by d.id limit $3");
    EKS_ISSUED_BY = concat!("select ", ek_columns!(), " from device_eks e join devices d on d.id = e.device_id
        where e.issuer_key = $1 order by e.device_id limit $2");
    EKS_BELOW = concat!("select ", ek_columns!(), " from device_eks e join devices d on d.id = e.device_id
        where e.top_key = $1 order by e.device_id limit $2");
    /// The plus keeps SQLite from going through all enrolled devices.
    FAILING_EKS = concat!("select ", ek_columns!(), " from device_eks e join devices d on d.id = e.device_id
        where e.failing = 1 and e.device_id > $1 and +d.enroll_status = $2 order by e.device_id limit $3");
    COUNT_FAILING_EKS = "
        select count(*) from device_eks e join devices d on d.id = e.device_id
        where e.failing = 1 and +d.enroll_status = $1";
    EK_JUDGEMENT = "select revision, after_id, judged, failing, started, finished from ek_judgements where id = 'current'";
    PUT_EK_JUDGEMENT = "
        insert into ek_judgements (id, revision, after_id, judged, failing, started, finished)
        values ('current', $1, $2, $3, $4, $5, $6)
        on conflict (id) do update set revision = excluded.revision, after_id = excluded.after_id,
            judged = excluded.judged, failing = excluded.failing, started = excluded.started,
            finished = excluded.finished";
    ENROLMENT_EVIDENCE = concat!("select ", evidence_columns!(), " from evidence
        where device_id = $1 and kind = $2 and verdict = $3 order by time desc, id desc limit 1");
}
