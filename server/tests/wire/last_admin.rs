//! A person cannot lock out the last administrator, on no path; root on the server's own host can.

use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::{Value, json};
use tonic::Code::{AlreadyExists, FailedPrecondition, PermissionDenied};
use tonic::Status;

use crate::rig::{Connection, Person, Rig, hint_of, refused};

async fn update(by: &Connection, kind: &str, document: Value) -> Result<wire::Resource, Status> {
    let request = wire::UpdateResourceRequest {
        kind: kind.to_owned(),
        json: document.to_string(),
        revision: String::new(),
    };
    by.resources().update_resource(request).await.map(tonic::Response::into_inner)
}

async fn create(by: &Connection, kind: &str, document: Value) -> Result<(), Status> {
    let request =
        wire::CreateResourceRequest { kind: kind.to_owned(), json: document.to_string(), force: false };
    by.resources().create_resource(request).await.map(|_| ())
}

async fn delete(by: &Connection, kind: &str, name: &str) -> Result<(), Status> {
    let request = wire::DeleteResourceRequest { kind: kind.to_owned(), name: name.to_owned() };
    by.resources().delete_resource(request).await.map(|_| ())
}

async fn reset(by: &Connection, name: &str) -> Result<(), Status> {
    by.users().reset_user(wire::ResetUserRequest { name: name.to_owned(), ttl_seconds: 0 }).await.map(|_| ())
}

fn user(name: &str, roles: &[&str]) -> Value {
    json!({"kind": "user", "version": "v1", "metadata": {"name": name}, "spec": {"roles": roles}})
}

fn role(name: &str, spec: Value) -> Value {
    json!({"kind": "role", "version": "v1", "metadata": {"name": name}, "spec": spec})
}

fn lock(target: Value) -> Value {
    json!({"kind": "lock", "version": "v1", "metadata": {}, "spec": {"target": target}})
}

fn all() -> Value {
    json!({"allow": {"rules": [{"resources": ["*"], "verbs": ["*"]}]}})
}

/// Rights over accounts, roles and locks, but not all there are.
fn people() -> Value {
    json!({"allow": {"rules": [{"resources": ["user", "role", "lock"], "verbs": ["*"]}]}})
}

/// One administrator, and somebody with rights over people who is none.
async fn staff(rig: &Rig) -> (Person, Person) {
    create(&rig.admin, "role", role("people", people())).await.unwrap();
    (rig.person("alice", &["editor"]).await, rig.person("helga", &["people"]).await)
}

async fn is_admin(rig: &Rig, name: &str) -> bool {
    let request = wire::GetResourceRequest { kind: "user".to_owned(), name: name.to_owned() };
    let found = rig.admin.resources().get_resource(request).await.unwrap().into_inner();
    found.json.contains("editor")
}

#[tokio::test]
async fn nobody_deletes_locks_resets_or_degrades_the_last_administrator() {
    let rig = Rig::start().await;
    let (alice, helga) = staff(&rig).await;
    // An invitation that nobody has taken up is no administrator, and neither is a bot.
    rig.invite("carol", &["editor"]).await;
    rig.bot("robot", &["editor"]).await;
    for by in [&helga.connection, &alice.connection] {
        let degraded = update(by, "user", user("alice", &["access"])).await;
        let status = refused(degraded, FailedPrecondition, "last_admin");
        assert!(hint_of(&status).contains("editor"), "{status:?}");
        refused(create(by, "lock", lock(json!({"user": "alice"}))).await, FailedPrecondition, "last_admin");
        refused(create(by, "lock", lock(json!({"role": "editor"}))).await, FailedPrecondition, "last_admin");
        let emptied = update(by, "role", role("editor", people())).await;
        refused(emptied, FailedPrecondition, "last_admin");
        let closed = json!({
            "allow": {"rules": [{"resources": ["*"], "verbs": ["*"]}]},
            "options": {"device_trust_mode": "required"},
        });
        let status = refused(
            update(by, "role", role("editor", closed)).await,
            FailedPrecondition,
            "no_admin_with_device",
        );
        assert!(hint_of(&status).contains("tsh device enroll"), "{status:?}");
        refused(delete(by, "role", "editor").await, FailedPrecondition, "role_is_preset");
    }
    refused(delete(&helga.connection, "user", "alice").await, FailedPrecondition, "last_admin");
    refused(delete(&alice.connection, "user", "alice").await, FailedPrecondition, "own_account");
    let status = refused(reset(&alice.connection, "alice").await, FailedPrecondition, "own_account");
    assert!(hint_of(&status).contains("Security"), "{status:?}");
    // Nothing of all this has happened.
    assert!(is_admin(&rig, "alice").await);
    alice.list_devices().await.unwrap();
    assert!(rig.events("user.update").await.is_empty());
    assert!(rig.events("lock.create").await.is_empty());
    // What takes no administrator's rights is as it was.
    update(&helga.connection, "user", user("carol", &["access"])).await.unwrap();
    create(&helga.connection, "lock", lock(json!({"user": "carol"}))).await.unwrap();
}

#[tokio::test]
async fn with_a_second_administrator_everything_is_open() {
    let rig = Rig::start().await;
    let (alice, helga) = staff(&rig).await;
    let bob = rig.person("bob", &["editor"]).await;
    create(&bob.connection, "lock", lock(json!({"user": "alice"}))).await.unwrap();
    // Of the two, one is locked: the other has become the last.
    refused(delete(&helga.connection, "user", "bob").await, FailedPrecondition, "last_admin");
    refused(
        update(&bob.connection, "user", user("bob", &["access"])).await,
        FailedPrecondition,
        "last_admin",
    );
    let request = wire::ListResourcesRequest { kind: "lock".to_owned(), ..Default::default() };
    let id =
        rig.admin.resources().list_resources(request).await.unwrap().into_inner().resources[0].name.clone();
    delete(&bob.connection, "lock", &id).await.unwrap();
    update(&bob.connection, "user", user("bob", &["access"])).await.unwrap();
    delete(&alice.connection, "user", "bob").await.unwrap();
    refused(delete(&helga.connection, "user", "alice").await, FailedPrecondition, "last_admin");
}

#[tokio::test]
async fn rights_from_several_roles_add_up_and_a_role_in_use_stays() {
    let rig = Rig::start().await;
    create(&rig.admin, "role", role("people", people())).await.unwrap();
    let rest = json!({
        "allow": {"rules": [{"resources": ["device", "cluster_auth_preference"], "verbs": ["*"]}]},
    });
    create(&rig.admin, "role", role("rest", rest)).await.unwrap();
    let dora = rig.person("dora", &["people", "rest"]).await;
    let less = update(&dora.connection, "user", user("dora", &["people"])).await;
    refused(less, FailedPrecondition, "last_admin");
    let emptied = update(&dora.connection, "role", role("rest", json!({}))).await;
    refused(emptied, FailedPrecondition, "last_admin");
    refused(
        create(&dora.connection, "lock", lock(json!({"role": "rest"}))).await,
        FailedPrecondition,
        "last_admin",
    );
    refused(delete(&dora.connection, "role", "rest").await, FailedPrecondition, "role_in_use");
    // More is not less.
    let both = json!({
        "allow": {"rules": [
            {"resources": ["device", "cluster_auth_preference", "user", "role", "lock"], "verbs": ["*"]},
        ]},
    });
    update(&dora.connection, "role", role("rest", both)).await.unwrap();
    update(&dora.connection, "user", user("dora", &["rest"])).await.unwrap();
}

#[tokio::test]
async fn a_mode_that_no_administrator_can_meet_is_refused() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let cap = |mode: &str| {
        json!({
            "kind": "cluster_auth_preference",
            "version": "v2",
            "metadata": {"name": "cluster-auth-preference"},
            "spec": {"device_trust": {"mode": mode}},
        })
    };
    for mode in ["required", "required-for-humans"] {
        let outcome = update(&alice.connection, "cluster_auth_preference", cap(mode)).await;
        refused(outcome, FailedPrecondition, "no_admin_with_device");
        let outcome = create(&alice.connection, "cluster_auth_preference", cap(mode)).await;
        refused(outcome, FailedPrecondition, "no_admin_with_device");
    }
    alice.list_devices().await.unwrap();
    // Somebody's device is not an administrator's.
    let bob = rig.person("bob", &["access"]).await;
    rig.enrolled(&bob, "PF000001").await;
    let outcome = update(&alice.connection, "cluster_auth_preference", cap("required")).await;
    refused(outcome, FailedPrecondition, "no_admin_with_device");
    let (alice, _, id) = rig.on_trusted_device(&alice, "PF000002").await;
    update(&alice.connection, "cluster_auth_preference", cap("required")).await.unwrap();
    // Another administrator without a device does not count any more.
    rig.person("carol", &["editor"]).await;
    let outcome = update(&alice.connection, "user", user("alice", &["access"])).await;
    refused(outcome, FailedPrecondition, "no_admin_with_device");
    // Without anybody to protect, nothing is refused on this ground.
    rig.unenrol(&id).await;
    rig.prefer(json!({"device_trust": {"mode": "optional"}})).await;
    alice.list_devices().await.unwrap();
}

#[tokio::test]
async fn attack_locks_on_the_devices_of_every_administrator() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let mallory = rig.person("mallory", &["device-admin"]).await;
    let (alice, _, first) = rig.on_trusted_device(&alice, "PF000001").await;
    let (mallory, _, own) = rig.on_trusted_device(&mallory, "PF000009").await;
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    let device = |id: &str| lock(json!({"device": id}));
    refused(
        create(&mallory.connection, "lock", device(&first)).await,
        FailedPrecondition,
        "no_admin_with_device",
    );
    alice.list_devices().await.unwrap();
    // A device that no administrator depends on, and one of two.
    create(&alice.connection, "lock", device(&own)).await.unwrap();
    let bob = rig.person("bob", &["editor"]).await;
    let (bob, _, second) = rig.on_trusted_device(&bob, "PF000002").await;
    create(&bob.connection, "lock", device(&first)).await.unwrap();
    refused(
        create(&bob.connection, "lock", device(&second)).await,
        FailedPrecondition,
        "no_admin_with_device",
    );
    create(&rig.admin, "lock", device(&second)).await.unwrap();
}

#[tokio::test]
async fn attack_rights_that_whoever_gives_them_lacks() {
    const BEYOND: &str = "beyond_own_rights";
    let rig = Rig::start().await;
    let (_, helga) = staff(&rig).await;
    rig.person("bob", &["access"]).await;
    let by = &helga.connection;
    let status =
        refused(update(by, "user", user("helga", &["people", "editor"])).await, PermissionDenied, BEYOND);
    assert!(status.message().contains("the right to \"*\" on \"*\""), "{}", status.message());
    assert!(hint_of(&status).contains("editor"), "{status:?}");
    refused(create(by, "user", user("mallory", &["editor"])).await, PermissionDenied, BEYOND);
    refused(reset(by, "alice").await, PermissionDenied, BEYOND);
    refused(create(by, "role", role("more", all())).await, PermissionDenied, BEYOND);
    let devices = json!({"allow": {"rules": [{"resources": ["user", "device"], "verbs": ["list"]}]}});
    refused(update(by, "role", role("people", devices)).await, PermissionDenied, BEYOND);
    let logins = json!({"allow": {"logins": ["root"]}});
    refused(create(by, "role", role("more", logins)).await, PermissionDenied, BEYOND);
    let mut with_login = user("bob", &["access"]);
    with_login["spec"]["logins"] = json!(["root"]);
    refused(update(by, "user", with_login.clone()).await, PermissionDenied, BEYOND);
    // What helga has, helga may give; and what somebody has already may stay.
    create(by, "role", role("more", people())).await.unwrap();
    update(by, "user", user("bob", &["more"])).await.unwrap();
    reset(by, "bob").await.unwrap();
    update(&rig.admin, "user", with_login.clone()).await.unwrap();
    with_login["spec"]["roles"] = json!(["access", "more"]);
    update(by, "user", with_login).await.unwrap();
}

#[tokio::test]
async fn root_on_the_host_may_do_everything() {
    let rig = Rig::start().await;
    rig.person("alice", &["editor"]).await;
    update(&rig.admin, "role", role("editor", people())).await.unwrap();
    update(&rig.admin, "role", role("editor", all())).await.unwrap();
    create(&rig.admin, "lock", lock(json!({"user": "alice"}))).await.unwrap();
    create(&rig.admin, "lock", lock(json!({"role": "editor"}))).await.unwrap();
    reset(&rig.admin, "alice").await.unwrap();
    update(&rig.admin, "user", user("alice", &["access"])).await.unwrap();
    delete(&rig.admin, "user", "alice").await.unwrap();
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
}

#[tokio::test]
async fn of_two_who_degrade_each_other_one_is_refused() {
    let rig = Rig::start().await;
    let (alice, bob) = (rig.person("alice", &["editor"]).await, rig.person("bob", &["editor"]).await);
    let (of_bob, of_alice) = tokio::join!(
        update(&alice.connection, "user", user("bob", &["access"])),
        update(&bob.connection, "user", user("alice", &["access"])),
    );
    assert_ne!(of_bob.is_ok(), of_alice.is_ok(), "one of them stays");
}

#[tokio::test]
async fn who_edits_what_was_changed_meanwhile_is_told() {
    let rig = Rig::start().await;
    let (alice, bob) = (rig.person("alice", &["editor"]).await, rig.person("bob", &["editor"]).await);
    create(&rig.admin, "role", role("helpdesk", json!({}))).await.unwrap();
    let get = |kind: &str, name: &str| {
        let request = wire::GetResourceRequest { kind: kind.to_owned(), name: name.to_owned() };
        let by = &rig.admin;
        async move { by.resources().get_resource(request).await.unwrap().into_inner() }
    };
    for (kind, name, spec) in [
        ("role", "helpdesk", json!({"allow": {"logins": ["root"]}})),
        ("user", "bob", json!({"roles": ["editor", "access"]})),
        (
            "cluster_auth_preference",
            "cluster-auth-preference",
            json!({"device_trust": {"auto_enroll": true}}),
        ),
    ] {
        let seen = get(kind, name).await;
        let mut document: Value = serde_json::from_str(&seen.json).unwrap();
        assert_eq!(document["metadata"]["revision"], seen.revision, "the document names its state");
        document["spec"] = spec;
        let first = update(&bob.connection, kind, document.clone()).await.unwrap();
        assert_ne!(first.revision, seen.revision);
        // The same document once more, made from a state that is gone; whether its revision comes along or in it.
        document["spec"] = serde_json::from_str::<Value>(&seen.json).unwrap()["spec"].clone();
        let status =
            refused(update(&alice.connection, kind, document.clone()).await, AlreadyExists, "stale_revision");
        assert!(status.message().contains("changed meanwhile by bob at 20"), "{}", status.message());
        let request = wire::UpdateResourceRequest {
            kind: kind.to_owned(),
            json:
                json!({"kind": kind, "version": "v1", "metadata": {"name": name}, "spec": document["spec"]})
                    .to_string(),
            revision: seen.revision.clone(),
        };
        refused(
            alice.connection.resources().update_resource(request.clone()).await,
            AlreadyExists,
            "stale_revision",
        );
        assert_eq!(get(kind, name).await.json, first.json, "nothing is lost");
        let request = wire::UpdateResourceRequest { revision: first.revision, ..request };
        alice.connection.resources().update_resource(request).await.unwrap();
    }
}

#[tokio::test]
async fn attack_what_is_left_where_nobody_meets_what_is_required() {
    let rig = Rig::start().await;
    let (alice, helga) = staff(&rig).await;
    let (helga, ..) = rig.on_trusted_device(&helga, "PF000001").await;
    let by = &helga.connection;
    // Root asks for what no administrator has: alice may still enrol her device and get everybody back in …
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    refused(alice.list_devices().await, PermissionDenied, "trusted_device_required");
    // … and helga does not keep her from it.
    refused(delete(by, "user", "alice").await, FailedPrecondition, "last_admin");
    refused(update(by, "user", user("alice", &["access"])).await, FailedPrecondition, "last_admin");
    refused(create(by, "lock", lock(json!({"user": "alice"}))).await, FailedPrecondition, "last_admin");
    // What was not there before cannot be lost.
    rig.person("carol", &["access"]).await;
    create(by, "lock", lock(json!({"user": "carol"}))).await.unwrap();
    // With two of them, one may go.
    rig.person("bob", &["editor"]).await;
    create(by, "lock", lock(json!({"user": "alice"}))).await.unwrap();
    refused(create(by, "lock", lock(json!({"user": "bob"}))).await, FailedPrecondition, "last_admin");
    create(&rig.admin, "lock", lock(json!({"user": "bob"}))).await.unwrap();
    delete(by, "user", "bob").await.unwrap();
}

#[tokio::test]
async fn attack_the_one_with_a_device_goes_where_a_factor_is_missing_too() {
    let rig = Rig::start().await;
    let (alice, helga) = staff(&rig).await;
    let (_, _, id) = rig.on_trusted_device(&alice, "PF000001").await;
    rig.person("bob", &["editor"]).await;
    let (helga, ..) = rig.on_trusted_device(&helga, "PF000002").await;
    // Root asks for passkeys, which nobody has, and for devices, of which alice has the administrators' only one.
    rig.prefer(json!({"second_factor": "webauthn", "device_trust": {"mode": "required"}})).await;
    let device = lock(json!({"device": id}));
    refused(create(&helga.connection, "lock", device).await, FailedPrecondition, "no_admin_with_device");
    let gone = create(&helga.connection, "lock", lock(json!({"user": "alice"}))).await;
    refused(gone, FailedPrecondition, "no_admin_with_device");
    create(&helga.connection, "lock", lock(json!({"user": "bob"}))).await.unwrap();
}

#[tokio::test]
async fn attack_the_device_of_the_last_administrator_is_taken_away() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let mallory = rig.person("mallory", &["device-admin"]).await;
    let (alice, _, id) = rig.on_trusted_device(&alice, "PF000001").await;
    let (mallory, _, own) = rig.on_trusted_device(&mallory, "PF000009").await;
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    let change = |id: &str, device: devices::Device, path: &str| devices::UpdateDeviceRequest {
        device: Some(devices::Device { id: id.to_owned(), ..device }),
        update_mask: Some(prost_types::FieldMask { paths: vec![path.to_owned()] }),
    };
    let unenrolled = || devices::Device {
        enroll_status: devices::DeviceEnrollStatus::NotEnrolled.into(),
        ..Default::default()
    };
    let handed_over = || devices::Device { owner: "mallory".to_owned(), ..Default::default() };
    let rewritten = devices::UpsertDeviceRequest {
        device: Some(devices::Device {
            os_type: devices::OsType::Linux.into(),
            asset_tag: "PF000001".to_owned(),
            owner: "mallory".to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    for by in [&mallory.connection, &alice.connection] {
        let mut client = by.devices();
        let removed = client.delete_device(devices::DeleteDeviceRequest { device_id: id.clone() }).await;
        refused(removed, FailedPrecondition, "no_admin_with_device");
        for request in [change(&id, unenrolled(), "enroll_status"), change(&id, handed_over(), "owner")] {
            refused(client.update_device(request).await, FailedPrecondition, "no_admin_with_device");
        }
        refused(client.upsert_device(rewritten.clone()).await, FailedPrecondition, "no_admin_with_device");
    }
    // Nothing of all this has happened; and what no administrator depends on is open.
    alice.list_devices().await.unwrap();
    let mut client = alice.connection.devices();
    client.update_device(change(&own, unenrolled(), "enroll_status")).await.unwrap();
    client.delete_device(devices::DeleteDeviceRequest { device_id: own }).await.unwrap();
    // Root on the host is the way back in, and exempt.
    rig.delete_device(&id).await;
}

#[tokio::test]
async fn attack_boots_are_to_be_reviewed_while_the_last_administrators_device_has_drifted() {
    let rig = Rig::start().await;
    let alice = rig.person("alice", &["editor"]).await;
    let (alice, mut machine, id) = rig.on_trusted_device(&alice, "PF000001").await;
    rig.prefer(json!({"device_trust": {"mode": "required"}})).await;
    machine.pcrs.insert(7, [9; 32]);
    machine.authenticate(&rig.login("alice", "").await.unwrap()).await.unwrap();
    let cap = json!({
        "kind": "cluster_auth_preference",
        "version": "v2",
        "metadata": {"name": "cluster-auth-preference"},
        "spec": {"device_trust": {"mode": "required", "boot_drift": "review"}},
    });
    let outcome = update(&alice.connection, "cluster_auth_preference", cap.clone()).await;
    refused(outcome, FailedPrecondition, "no_admin_with_device");
    // Accepted first, it holds nobody.
    let request = wire::DescribeBootRequest { device_id: id.clone() };
    let seen = alice.connection.device_evidence().describe_boot(request).await.unwrap().into_inner();
    let request = wire::AcceptBootRequest { device_id: id, fingerprint: seen.fingerprint };
    alice.connection.device_evidence().accept_boot(request).await.unwrap();
    update(&alice.connection, "cluster_auth_preference", cap).await.unwrap();
}
