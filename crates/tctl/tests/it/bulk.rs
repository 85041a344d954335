use crate::Scene;

fn documents(count: usize) -> String {
    let device = |n| format!("kind: device\nversion: v1\nspec: {{os_type: linux, asset_tag: PF{n:05}}}\n");
    (0..count).map(device).collect::<Vec<_>>().join("---\n")
}

#[test]
fn many_devices_are_created_at_once() {
    let desk = Scene::new();
    desk.write("devices.yaml", &documents(2001));
    desk.types("tctl create devices.yaml | sed -n '1p;$p'");
    desk.types("tctl status | grep Devices");
    // Each device that is there already is named, and the others are made all the same.
    desk.write("more.yaml", &format!("{}---\n{}", documents(2), documents(1).replace("00000", "99999")));
    desk.types("tctl create more.yaml");
    desk.types("tctl create -f more.yaml");
    assert_transcript!(desk);
}
