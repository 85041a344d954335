//! `kill -9` of the real server in the middle of an enrolment: all of it, or nothing.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gatehouse_domain::entity::AuditFilter;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::devicetrust::DeviceEnrollStatus;
use gatehouse_proto::devicetrust::enroll_device_request::Payload;
use gatehouse_proto::gatehouse::v1 as wire;
use gatehouse_store::Location;
use rcgen::{KeyPair, PublicKeyData as _};

use crate::rig::{Connection, Enrolling, Machine, PASSWORD, Target, device, server_certificate};

/// A running server, killed when dropped.
struct Process {
    child: Child,
    port: u16,
}

impl Process {
    fn start(data: &Path, config: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gatehouse"))
            .env_clear()
            .args(["start", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .arg("--config")
            .arg(config)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = loop {
            let Some(Ok(line)) = lines.next() else {
                let mut error = String::new();
                child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
                panic!("the server did not start: {error}");
            };
            if line.contains(" is ready on https://") {
                break line.rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        // Its log must not fill a pipe that nobody reads.
        let mut log = child.stderr.take().unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// SIGKILL, and gone.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Place {
    _folder: tempfile::TempDir,
    data: PathBuf,
    config: PathBuf,
    identity: (Vec<u8>, Vec<u8>),
}

impl Place {
    /// A data directory with one user, alice, who is logged in.
    async fn new() -> (Self, Process) {
        let folder = tempfile::tempdir().unwrap();
        let (data, config) = (folder.path().join("data"), folder.path().join("gatehouse.yaml"));
        let text = "auth_service:\n  authentication:\n    second_factor: \"off\"\n";
        std::fs::write(&config, text).unwrap();
        let process = Process::start(&data, &config);
        let admin = Connection::unix(&data.join("admin.sock")).await;
        let invite = wire::InviteUserRequest {
            name: "alice".to_owned(),
            roles: vec!["access".to_owned()],
            ..Default::default()
        };
        let link = admin.users().invite_user(invite).await.unwrap().into_inner().url;
        let finish = wire::FinishSignupRequest {
            token: link.rsplit('/').next().unwrap().to_owned(),
            password: PASSWORD.to_owned(),
            ..Default::default()
        };
        admin.auth().finish_signup(finish).await.unwrap();
        let key = KeyPair::generate().unwrap();
        let login = wire::LoginRequest {
            user: "alice".to_owned(),
            password: PASSWORD.to_owned(),
            tls_public_key_der: key.subject_public_key_info(),
            ..Default::default()
        };
        let done = admin.auth().login(login).await.unwrap().into_inner();
        let identity = (done.certificates.unwrap().x509_der, key.serialize_der());
        (Self { _folder: folder, data, config, identity }, process)
    }

    fn restart(&self) -> Process {
        Process::start(&self.data, &self.config)
    }

    async fn admin(&self) -> Connection {
        Connection::unix(&self.data.join("admin.sock")).await
    }

    async fn alice(&self, process: &Process) -> Connection {
        let address = ([127, 0, 0, 1], process.port).into();
        let target = Target { address, certificate: server_certificate(&self.data) };
        Connection::tls(&target, Some(self.identity.clone())).await.unwrap()
    }

    async fn register(&self, tag: &str) -> (String, String) {
        let request = devices::CreateDeviceRequest {
            device: Some(device(gatehouse_model::OsType::Linux, tag)),
            create_enroll_token: true,
            ..Default::default()
        };
        let created = self.admin().await.devices().create_device(request).await.unwrap().into_inner();
        (created.id, created.enroll_token.unwrap().token)
    }

    /// Looks into the database, with no server running: is the device enrolled, wholly, or not at all?
    async fn is_enrolled(&self, id: &str) -> bool {
        let path = gatehouse_server::data_dir::database_in(&self.data);
        let store = gatehouse_store::open(&Location::Sqlite(path)).await.unwrap();
        let mut work = store.read().await.unwrap();
        let device = work.device(id).await.unwrap().unwrap();
        let filter = gatehouse_domain::entity::TokenFilter::default();
        let tokens = work.enroll_tokens(&filter, None, 100).await.unwrap();
        let token = tokens.iter().find(|token| token.device_id == id).unwrap();
        let of_device = AuditFilter {
            event: Some("device.enroll".to_owned()),
            device_id: Some(id.to_owned()),
            ..AuditFilter::default()
        };
        let signs = [
            device.enroll_status == gatehouse_model::EnrollStatus::Enrolled,
            device.anchor.is_some(),
            device.owner.is_some(),
            work.credentials_of_device(id).await.unwrap().len() == 1,
            work.device_users(id).await.unwrap() == ["alice"],
            work.collected(id).await.unwrap().len() == 1,
            work.evidence_of_device(id, 10).await.unwrap().len() == 1,
            work.events(&of_device, 10).await.unwrap().len() == 1,
            token.spent.is_some(),
        ];
        assert!(signs.iter().all(|sign| *sign == signs[0]), "half-enrolled: {signs:?}");
        assert_eq!(token.challenges, 1, "the challenge was counted before it was sent");
        signs[0]
    }
}

#[tokio::test]
async fn killed_between_challenge_and_answer_it_leaves_no_half_enrolled_device() {
    let (place, process) = Place::new().await;
    let (id, token) = place.register("PF000001").await;
    let machine = Machine::new("PF000001");
    let alice = place.alice(&process).await;
    let (stream, challenge) = Enrolling::begin_tpm(&alice, machine.init(&token)).await.unwrap();
    process.kill();
    stream.finish_tpm(machine.solve(&challenge)).await.unwrap_err();
    assert!(!place.is_enrolled(&id).await);

    let process = place.restart();
    let get = devices::GetDeviceRequest { device_id: id.clone() };
    let found = place.admin().await.devices().get_device(get).await.unwrap().into_inner();
    assert_eq!((found.enroll_status(), found.credential), (DeviceEnrollStatus::NotEnrolled, None));
    // The login is still good, and another token enrols; the old answer is worth nothing.
    let alice = place.alice(&process).await;
    let request = devices::CreateDeviceEnrollTokenRequest { device_id: id.clone(), ..Default::default() };
    let fresh = place.admin().await.devices().create_device_enroll_token(request).await.unwrap();
    let fresh = fresh.into_inner().token;
    let (stream, _) = Enrolling::begin_tpm(&alice, machine.init(&fresh)).await.unwrap();
    let outcome = stream.finish_tpm(machine.solve(&challenge)).await;
    crate::rig::refused(outcome, tonic::Code::PermissionDenied, "activation_wrong");
    machine.enrol(&alice, &fresh).await.unwrap();
}

#[tokio::test]
async fn killed_while_it_judges_the_answer_it_has_enrolled_wholly_or_not_at_all() {
    let (place, mut process) = Place::new().await;
    for round in 0..6_u32 {
        let tag = format!("PF10000{round}");
        let (id, token) = place.register(&tag).await;
        let machine = Machine::new(&tag);
        let alice = place.alice(&process).await;
        let (mut stream, challenge) = Enrolling::begin_tpm(&alice, machine.init(&token)).await.unwrap();
        stream.send(Some(Payload::TpmChallengeResponse(machine.solve(&challenge)))).await;
        // From at once to after the answer: each round lets the two go on for longer.
        let answered = match round {
            5 => stream.next().await.is_ok(),
            _ => {
                for _ in 0..round * 4 {
                    tokio::task::yield_now().await;
                }
                false
            }
        };
        process.kill();
        let enrolled = place.is_enrolled(&id).await;
        assert!(enrolled || !answered, "what was answered is durable");
        process = place.restart();
    }
}
