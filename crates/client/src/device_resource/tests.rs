use gatehouse_model::OsType;
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust as wire;

use super::*;

fn device() -> wire::Device {
    let moment = || Some(timestamp(Timestamp::from_secs(1_700_000_000)));
    wire::Device {
        api_version: "v1".to_owned(),
        id: "9cdfc0ad-64b7-4d9c-8342-25f6a7d2a3b1".to_owned(),
        os_type: OsType::Linux.number(),
        asset_tag: "C00AA0AAAA0A".to_owned(),
        create_time: moment(),
        update_time: moment(),
        enroll_token: None,
        enroll_status: 2,
        credential: Some(wire::DeviceCredential {
            id: "cred".to_owned(),
            device_attestation_type: 2,
            tpm_ekcert_serial: "0a:0b".to_owned(),
            tpm_ak_public: vec![1, 2, 3],
            ..Default::default()
        }),
        collected_data: vec![wire::DeviceCollectedData {
            collect_time: moment(),
            record_time: moment(),
            os_type: 1,
            serial_number: "C00AA0AAAA0A".to_owned(),
            os_id: "debian".to_owned(),
            tpm_platform_attestation: Some(wire::TpmPlatformAttestation {
                nonce: vec![9; 4],
                platform_parameters: Some(wire::TpmPlatformParameters {
                    quotes: vec![wire::TpmQuote { quote: vec![1], signature: vec![2] }],
                    pcrs: vec![wire::Tpmpcr { index: 7, digest: vec![0; 4], digest_alg: 5 }],
                    event_log: vec![],
                }),
            }),
            ..Default::default()
        }],
        source: Some(wire::DeviceSource { name: "jamf".to_owned(), origin: 2 }),
        profile: Some(wire::DeviceProfile { os_usernames: vec!["alice".to_owned()], ..Default::default() }),
        owner: "alice".to_owned(),
    }
}

const DOCUMENT: &str = "\
kind: device
version: v1
metadata:
  name: 9cdfc0ad-64b7-4d9c-8342-25f6a7d2a3b1
spec:
  os_type: linux
  asset_tag: C00AA0AAAA0A
  create_time: 2023-11-14T22:13:20Z
  update_time: 2023-11-14T22:13:20Z
  enroll_status: enrolled
  owner: alice
  credential:
    id: cred
    device_attestation_type: tpm_ekcert
    tpm_ekcert_serial: 0a:0b
    tpm_ak_public: AQID
  source:
    name: jamf
    origin: jamf
  profile:
    os_usernames:
    - alice
  collected_data:
  - collect_time: 2023-11-14T22:13:20Z
    record_time: 2023-11-14T22:13:20Z
    os_type: linux
    serial_number: C00AA0AAAA0A
    os_id: debian
    tpm_platform_attestation:
      nonce: CQkJCQ==
      platform_parameters:
        quotes:
        - quote: AQ==
          signature: Ag==
        pcrs:
        - index: 7
          digest: AAAAAA==
          digest_alg: 5
";

#[test]
fn devices_become_documents_and_read_back() {
    let document = DeviceResource::from(device());
    assert_eq!(serde_yaml_ng::to_string(&document).unwrap(), DOCUMENT);
    let read: DeviceResource = serde_yaml_ng::from_str(DOCUMENT).unwrap();
    assert_eq!(read.into_wire().unwrap(), device());
}

#[test]
fn the_shortest_document_is_enough() {
    let text = "kind: device\nversion: v1\nspec: {os_type: macos, asset_tag: C00}\n";
    let device = serde_yaml_ng::from_str::<DeviceResource>(text).unwrap().into_wire().unwrap();
    assert_eq!((device.os_type, device.asset_tag.as_str(), device.enroll_status), (2, "C00", 0));
}

#[test]
fn what_is_wrong_is_named() {
    let error = |change: (&str, &str)| {
        let text = DOCUMENT.replacen(change.0, change.1, 1);
        let document: DeviceResource = serde_yaml_ng::from_str(&text).unwrap();
        document.into_wire().unwrap_err().to_string()
    };
    assert_eq!(
        error(("kind: device", "kind: user")),
        "unexpected resource kind \"user\", must be \"device\""
    );
    assert_eq!(error(("os_type: linux", "os_type: ''")), "missing OS type");
    assert_eq!(error(("os_type: linux", "os_type: beos")), "unknown os type \"beos\"");
    assert_eq!(error(("asset_tag: C00AA0AAAA0A", "asset_tag: ''")), "missing asset tag");
    assert_eq!(error(("enroll_status: enrolled", "enroll_status: maybe")), "unknown enroll status \"maybe\"");
    assert_eq!(error(("tpm_ekcert\n", "tpm_x\n")), "unknown attestation type \"tpm_x\"");
    assert_eq!(error(("origin: jamf", "origin: moon")), "unknown device origin \"moon\"");
}
