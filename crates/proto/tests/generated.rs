//! The committed generated code is what the `.proto` files give.
//!
//! `GATEHOUSE_BLESS=1 cargo test -p gatehouse-proto` writes it anew.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::path::{Path, PathBuf};

const FILES: [&str; 4] = [
    "teleport/devicetrust/v1/devicetrust_service.proto",
    "teleport/devicetrust/public/v1/devicetrust_service.proto",
    "gatehouse/v1/gatehouse.proto",
    "gatehouse/v1/ek.proto",
];

fn generate(into: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("proto");
    let descriptors = protox::compile(FILES, [&root]).expect("the .proto files compile");
    let bytes = prost::Message::encode_to_vec(&descriptors);
    std::fs::write(into.join("descriptors.bin"), bytes).unwrap();
    tonic_prost_build::configure()
        .out_dir(into)
        .emit_rerun_if_changed(false)
        .skip_debug(SECRET_MESSAGES)
        .compile_fds(descriptors)
        .expect("code is generated");
}

/// Messages with secrets in them: they must not reach a log by way of `Debug`.
const SECRET_MESSAGES: &[&str] = &[
    "teleport.devicetrust.v1.DeviceEnrollToken",
    "teleport.devicetrust.v1.DeviceWebToken",
    "teleport.devicetrust.v1.DeviceConfirmationToken",
    "teleport.devicetrust.v1.EnrollDeviceInit",
    "teleport.devicetrust.v1.TPMEnrollChallengeResponse",
    "gatehouse.v1.BeginSignupRequest",
    "gatehouse.v1.BeginSignupResponse",
    "gatehouse.v1.FinishSignupRequest",
    "gatehouse.v1.FinishSignupResponse",
    "gatehouse.v1.LoginRequest",
    "gatehouse.v1.BeginBrowserLoginRequest",
    "gatehouse.v1.FinishBrowserLoginRequest",
    "gatehouse.v1.ConfirmSecondFactorRequest",
    "gatehouse.v1.CreateEnrollTokenResponse",
    "gatehouse.v1.UserLink",
    "gatehouse.v1.DescribeDeviceWebTokenRequest",
    "gatehouse.v1.RedeemDeviceCodeRequest",
    "gatehouse.v1.RedeemDeviceCodeResponse",
    "gatehouse.v1.MatchDeviceNumberRequest",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .filter(|name| name != Path::new("google.protobuf.rs"))
        .collect();
    found.sort();
    found
}

#[test]
fn generated_code_is_current() {
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gen");
    if std::env::var_os("GATEHOUSE_BLESS").is_some() {
        generate(&committed);
    }
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    assert_eq!(files(&committed), files(fresh.path()), "the set of generated files differs");
    for name in files(fresh.path()) {
        let same =
            std::fs::read(committed.join(&name)).unwrap() == std::fs::read(fresh.path().join(&name)).unwrap();
        assert!(same, "{} is stale: run GATEHOUSE_BLESS=1 cargo test -p gatehouse-proto", name.display());
    }
}
