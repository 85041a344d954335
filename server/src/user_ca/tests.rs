use gatehouse_domain::ports::CertificateAuthority as _;
use gatehouse_store::Location;

use super::*;
use crate::environment::{SystemClock, SystemRandom};

struct Fixture {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    random: Arc<dyn Random>,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::Sqlite(folder.path().join("gatehouse.db"));
        let store = gatehouse_store::open(&location).await.unwrap();
        Self { folder, store, random: Arc::new(SystemRandom::new()) }
    }

    async fn open(&self, key_file: &str) -> Result<UserCa, OpenCaError> {
        let key_file = self.folder.path().join(key_file);
        let opened = open(&*self.store, &key_file, "example", &SystemClock, &self.random).await;
        opened.map(|(ca, _)| ca)
    }
}

#[tokio::test]
async fn servers_that_start_together_share_one_ca() {
    let fixture = Fixture::new().await;
    let (a, b, c) = tokio::join!(fixture.open("key"), fixture.open("key"), fixture.open("key"));
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert_eq!(a.x509_certificate(), b.x509_certificate());
    assert_eq!(a.x509_certificate(), c.x509_certificate());
    assert_eq!(a.ssh_user_ca(), fixture.open("key").await.unwrap().ssh_user_ca());
}

#[tokio::test]
async fn a_key_file_elsewhere_does_not_make_a_new_ca() {
    let fixture = Fixture::new().await;
    let before = fixture.open("key").await.unwrap();
    let error = fixture.open("elsewhere").await.err().unwrap();
    assert!(matches!(error, OpenCaError::KeyFile(KeyFileError::Missing { .. })), "{error}");
    assert!(!fixture.folder.path().join("elsewhere").exists());
    let after = fixture.open("key").await.unwrap();
    assert_eq!(after.x509_certificate(), before.x509_certificate());
}

#[tokio::test]
async fn a_lost_half_is_an_error_and_not_a_new_ca() {
    let fixture = Fixture::new().await;
    fixture.open("key").await.unwrap();
    let mut work = fixture.store.begin().await.unwrap();
    let row = work.cluster_value(CURRENT_CA).await.unwrap().unwrap();
    work.delete_sealed_secret(SecretPurpose::SshUserCa, &row).await.unwrap();
    work.commit().await.unwrap();
    let error = fixture.open("key").await.err().unwrap();
    assert_eq!(error.to_string(), "the database names a user CA, but holds no ssh-user-ca");
    assert!(error.hint().unwrap().contains("backup"));
}

#[tokio::test]
async fn a_ca_that_could_not_be_made_leaves_the_database_without_one() {
    let fixture = Fixture::new().await;
    // The key file cannot be created in a folder that does not exist.
    fixture.open("missing/key").await.err().unwrap();
    fixture.open("key").await.unwrap();
}
