use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::environment::SystemRandom;

fn sealer(path: &Path) -> KeyFileSealer {
    let file = KeyFile::open(path, None, &SystemRandom::new()).unwrap();
    KeyFileSealer::new(&file, Arc::new(SystemRandom::new()))
}

#[test]
fn what_is_sealed_opens_again_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let sealed = sealer(&path).seal(SecretPurpose::Totp, "alice", b"secret", b"public");
    assert!(!sealed.ciphertext.windows(6).any(|window| window == b"secret"));
    let reopened = sealer(&path);
    assert_eq!(reopened.open(&sealed).unwrap().as_slice(), b"secret");
    let again = reopened.seal(SecretPurpose::Totp, "alice", b"secret", b"public");
    assert_ne!(again.ciphertext, sealed.ciphertext);
}

#[test]
fn a_checksum_is_of_its_key_and_its_message() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("key"), folder.path().join("other"));
    let checksum = sealer(&path).checksum(b"message");
    assert_eq!(sealer(&path).checksum(b"message"), checksum, "also after a restart");
    assert_ne!(sealer(&path).checksum(b"another"), checksum);
    assert_ne!(sealer(&other).checksum(b"message"), checksum);
}

#[test]
fn a_seal_holds_only_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let sealer = sealer(&folder.path().join("key"));
    let sealed = sealer.seal(SecretPurpose::X509UserCa, "1", b"secret", b"certificate");
    let mut flipped = sealed.ciphertext.clone();
    flipped[NONCE_LEN] ^= 1;
    let displaced = [
        SealedSecret { purpose: SecretPurpose::SshUserCa, ..sealed.clone() },
        SealedSecret { row: "2".into(), ..sealed.clone() },
        SealedSecret { public: b"other".to_vec(), ..sealed.clone() },
        SealedSecret { ciphertext: flipped, ..sealed.clone() },
        SealedSecret { ciphertext: sealed.ciphertext[..20].to_vec(), ..sealed.clone() },
        SealedSecret { ciphertext: Vec::new(), ..sealed.clone() },
    ];
    for sealed in displaced {
        assert!(matches!(sealer.open(&sealed), Err(SealError::Corrupt)), "{sealed:?}");
    }
    let foreign = SealedSecret { key_id: "0011".into(), ..sealed };
    assert!(matches!(sealer.open(&foreign), Err(SealError::OtherKey { .. })));
}

#[test]
fn a_database_with_secrets_needs_its_own_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let missing = KeyFile::open(&path, Some("abcd"), &SystemRandom::new()).unwrap_err();
    assert!(matches!(missing, KeyFileError::Missing { .. }));
    assert!(!path.exists());
    let file = KeyFile::open(&path, None, &SystemRandom::new()).unwrap();
    KeyFile::open(&path, Some(file.id()), &SystemRandom::new()).unwrap();
    let other = KeyFile::open(&path, Some("abcd"), &SystemRandom::new()).unwrap_err();
    assert_eq!(
        other.to_string(),
        format!(
            "the database holds secrets sealed with key abcd, but the key file {} holds key {}",
            path.display(),
            file.id()
        )
    );
    assert!(other.hint().contains("backup"));
}

#[test]
fn exposed_and_damaged_key_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    KeyFile::open(&path, None, &SystemRandom::new()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = KeyFile::open(&path, None, &SystemRandom::new()).unwrap_err();
    assert!(matches!(error, KeyFileError::Exposed { mode: 0o640, .. }));

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let half = &text[..text.len() - 10];
    let mixed = text.replace("key-id: ", "key-id: 00");
    for damaged in ["", "key: 00\n", half, &mixed, &text.repeat(2)] {
        std::fs::write(&path, damaged).unwrap();
        let error = KeyFile::open(&path, None, &SystemRandom::new()).unwrap_err();
        assert!(matches!(error, KeyFileError::Damaged { .. }), "{damaged}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), damaged, "it is left alone");
    }
}
