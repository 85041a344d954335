//! Accounts: invited by the host's admin, signed up and logged in over the wire.

use std::sync::Arc;

use gatehouse_domain::entity::{Session, SessionKind};
use gatehouse_domain::ports::{CertificateAuthority as _, CertificateRequest};
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use rcgen::{KeyPair, PublicKeyData as _};
use ssh_key::PublicKey;
use ssh_key::public::{EcdsaPublicKey, KeyData};
use tonic::Status;

use super::{Connection, Rig};

/// Of everybody here.
pub(crate) const PASSWORD: &str = "a long sentence nobody would guess 4711";

/// Somebody with a session.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) session_id: String,
    pub(crate) key: Arc<KeyPair>,
    pub(crate) x509: Vec<u8>,
    /// authorized_keys line of the SSH certificate; for the same key as TLS.
    pub(crate) ssh: String,
    pub(crate) connection: Connection,
}

impl Rig {
    /// Invites; gives the token of the link.
    pub(crate) async fn invite(&self, name: &str, roles: &[&str]) -> String {
        let request = wire::InviteUserRequest {
            name: name.to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
            logins: vec!["ubuntu".to_owned()],
            ..wire::InviteUserRequest::default()
        };
        let link = self.admin.users().invite_user(request).await.unwrap().into_inner();
        link.url.rsplit('/').next().unwrap().to_owned()
    }

    /// An account with a session, for a cluster without second factor.
    pub(crate) async fn person(&self, name: &str, roles: &[&str]) -> Person {
        let token = self.invite(name, roles).await;
        let request = wire::FinishSignupRequest {
            token,
            password: PASSWORD.to_owned(),
            ..wire::FinishSignupRequest::default()
        };
        self.stranger().await.auth().finish_signup(request).await.unwrap();
        self.login(name, "").await.unwrap()
    }

    pub(crate) async fn login(&self, name: &str, code: &str) -> Result<Person, Status> {
        let key = KeyPair::generate().unwrap();
        let request = wire::LoginRequest {
            user: name.to_owned(),
            password: PASSWORD.to_owned(),
            otp_code: code.to_owned(),
            tls_public_key_der: key.subject_public_key_info(),
            ssh_public_key: ssh_line(&key),
            ttl_seconds: 0,
        };
        let done = self.stranger().await.auth().login(request).await?.into_inner();
        let certificates = done.certificates.unwrap();
        Ok(self.with_certificates(name, done.session_id, Arc::new(key), certificates).await)
    }

    /// A bot's session, which no login makes yet.
    pub(crate) async fn bot(&self, name: &str, roles: &[&str]) -> Person {
        let request = wire::InviteUserRequest {
            name: name.to_owned(),
            kind: "bot".to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
            ..wire::InviteUserRequest::default()
        };
        self.admin.users().invite_user(request).await.unwrap();
        let (now, key) = (self.now(), KeyPair::generate().unwrap());
        let session = Session {
            id: format!("session-of-{name}"),
            kind: SessionKind::Cli,
            cookie_hash: None,
            user: name.to_owned(),
            created: now,
            last_seen: now,
            expires: now.plus_secs(12 * 3600),
            ended: None,
            factor_time: now,
            device: None,
            remote_address: String::new(),
            user_agent: String::new(),
            rights: None,
        };
        let mut work = self.store.begin().await.unwrap();
        work.insert_session(&session).await.unwrap();
        work.commit().await.unwrap();
        let issued = self.user_ca.issue(&CertificateRequest {
            user: name.to_owned(),
            roles: Vec::new(),
            logins: Vec::new(),
            session_id: session.id.clone(),
            tls_public_key_der: key.subject_public_key_info(),
            ssh_public_key: None,
            not_before: now,
            not_after: session.expires,
            device: None,
        });
        let certificates =
            devices::UserCertificates { x509_der: issued.unwrap().x509_der, ssh_authorized_key: Vec::new() };
        self.with_certificates(name, session.id, Arc::new(key), certificates).await
    }

    /// The same person with the certificates that a device authentication gave.
    pub(crate) async fn trusted(&self, person: &Person, certificates: devices::UserCertificates) -> Person {
        let (session, key) = (person.session_id.clone(), Arc::clone(&person.key));
        self.with_certificates(&person.name, session, key, certificates).await
    }

    async fn with_certificates(
        &self,
        name: &str,
        session_id: String,
        key: Arc<KeyPair>,
        certificates: devices::UserCertificates,
    ) -> Person {
        let identity = (certificates.x509_der.clone(), key.serialize_der());
        Person {
            name: name.to_owned(),
            session_id,
            connection: Connection::tls(&self.target, Some(identity)).await.unwrap(),
            key,
            x509: certificates.x509_der,
            ssh: String::from_utf8(certificates.ssh_authorized_key).unwrap(),
        }
    }
}

impl Person {
    /// Certificate and key.
    pub(crate) fn identity(&self) -> (Vec<u8>, Vec<u8>) {
        (self.x509.clone(), self.key.serialize_der())
    }

    pub(crate) async fn who(&self) -> Result<wire::WhoAmIResponse, Status> {
        self.connection.account().who_am_i(()).await.map(tonic::Response::into_inner)
    }

    /// A call that only an administrator of devices may make.
    pub(crate) async fn list_devices(&self) -> Result<Vec<devices::Device>, Status> {
        let request = devices::ListDevicesRequest::default();
        self.connection.devices().list_devices(request).await.map(|answer| answer.into_inner().devices)
    }
}

/// The key as a line of authorized_keys.
pub(crate) fn ssh_line(key: &KeyPair) -> String {
    let point = EcdsaPublicKey::from_sec1_bytes(key.public_key_raw()).unwrap();
    PublicKey::new(KeyData::Ecdsa(point), "").to_openssh().unwrap()
}
