use crate::Scene;

#[test]
fn devices_as_documents() {
    let desk = Scene::new();
    desk.types("tctl get devices");
    desk.types("tctl get devices --format=json");
    desk.write("device.yaml", "kind: device\nversion: v1\nspec:\n  os_type: linux\n  asset_tag: PF0001\n");
    desk.types("tctl create device.yaml");
    desk.types("tctl create device.yaml");
    desk.types("tctl create -f device.yaml");
    desk.types("tctl get devices");
    desk.types("tctl get device/PF0001 --format=json");
    desk.types("tctl get device/pf0001 | tctl create -f");
    desk.types("tctl get device/NOTHERE");
    desk.types("EDITOR=true tctl edit device/PF0001");
    desk.types("EDITOR='sed -i s/PF0001/PF0002/' tctl edit device/PF0001");
    desk.types("EDITOR='sed -i /asset_tag/s/PF0001/PF0002/' tctl edit device/NOTHERE");
    desk.types("EDITOR='sed -i s/:/%/' tctl edit device/PF0001");
    desk.types("EDITOR='sed -i s/not_enrolled/half_enrolled/' tctl edit device/PF0001");
    desk.types("EDITOR='sed -i \"s/name: .*/name: other/\"' tctl edit device/PF0001");
    desk.types("EDITOR='sed -i s/not_enrolled/enrolled/' tctl edit device/PF0001");
    desk.types("tctl rm device/PF0001");
    desk.types("tctl rm device/PF0001");
    desk.types("tctl rm device");
    assert_transcript!(desk);
}

#[test]
fn wrong_documents_are_refused_before_anything_is_made() {
    let desk = Scene::new();
    let device = |spec: &str| format!("kind: device\nversion: v1\nspec: {{{spec}}}\n");
    for text in [
        device("asset_tag: X1"),
        device("os_type: linux"),
        device("os_type: beos, asset_tag: X1"),
        device("os_type: linux, asset_tag: [4711]"),
        device("os_type: linux, asset_tag: X1, enroll_status: maybe"),
        device("os_type: linux, asset_tag: X1, credential: {id: a, device_attestation_type: oath}"),
        device("os_type: linux, asset_tag: X1, source: {name: a, origin: hearsay}"),
        "kind: device\nversion: v9\nspec: {os_type: linux, asset_tag: X1}\n".to_owned(),
        format!("{}---\n{}", device("os_type: linux, asset_tag: X1"), device("os_type: linux")),
    ] {
        desk.answers("cat > new.yaml; cat new.yaml; tctl create new.yaml", &text);
    }
    desk.types("tctl get devices");
    assert_transcript!(desk);
}

#[test]
fn users_and_roles_as_documents() {
    let desk = Scene::new();
    desk.types("tctl get roles | grep -E '^(kind|  name)'");
    desk.types("tctl get role/device-admin");
    desk.types("tctl get role/require-trusted-device");
    desk.answers(
        "tctl create",
        "kind: role\nversion: v1\nmetadata:\n  name: auditor\nspec:\n  allow:\n    rules:\n    - resources: [device]\n      verbs: [list, read]\n",
    );
    desk.types("tctl get role/auditor");
    desk.types("EDITOR='sed -i s/list/dance/' tctl edit role/auditor");
    desk.types("EDITOR='sed -i s/list/create/' tctl edit role/auditor");
    desk.types("EDITOR='sed -i s/verbs/verb/' tctl edit role/auditor");
    desk.answers(
        "tctl create",
        "kind: user\nmetadata: {name: bob}\n---\nkind: role\nmetadata: {name: x}\nspec:\n  allow:\n    login: [root]\n  \
         options: {device_trust_mode: sometimes}\n",
    );
    desk.types("tctl rm role/auditor");
    desk.types("tctl rm role/editor");
    desk.types("tctl get role/auditor");
    desk.prepares("tctl users add alice --roles=access --logins=alice", "");
    desk.types("tctl get users");
    desk.types("tctl get user/alice --format=json");
    desk.types("EDITOR='sed -i s/access/editor/' tctl edit user/alice");
    desk.types("EDITOR='sed -i s/editor/nonesuch/' tctl edit user/alice");
    desk.types("tctl users ls");
    desk.types("tctl rm user/alice");
    desk.types("tctl get user/alice");
    desk.types("tctl get nodes");
    assert_transcript!(desk);
}

#[test]
fn who_edits_a_role_that_was_changed_meanwhile_is_shown_the_change() {
    let desk = Scene::new();
    let role = |verb: &str| {
        format!(
            "kind: role\nversion: v1\nmetadata:\n  name: auditor\nspec:\n  allow:\n    rules:\n    - resources:\n      \
             - device\n      verbs:\n      - {verb}\n"
        )
    };
    desk.write("role.yaml", &role("list"));
    desk.write("other.yaml", &role("read"));
    desk.prepares("tctl create role.yaml", "");
    // An editor during which somebody else is faster.
    desk.write("editor.sh", "tctl create -f other.yaml\nsed -i 's/description.*//; s/name: auditor/&\\n  description: mine/' \"$1\"\n");
    desk.types("EDITOR='sh editor.sh' tctl edit role/auditor");
    desk.types("tctl get role/auditor");
    // The document of before is of no use any more; without its revision, or by force, it is.
    desk.prepares("tctl get role/auditor > seen.yaml; tctl create -f role.yaml", "");
    desk.types("tctl create -f seen.yaml");
    assert_transcript!(desk);
}
