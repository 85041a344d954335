use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use gatehouse_client::Connection;
use gatehouse_proto::devicetrust::device_trust_service_server::{
    DeviceTrustService, DeviceTrustServiceServer,
};
use gatehouse_proto::devicetrust::*;
use gatehouse_proto::gatehouse::v1 as gatehouse;
use gatehouse_proto::gatehouse::v1::account_service_server::{AccountService, AccountServiceServer};
use gatehouse_proto::gatehouse::v1::auth_service_server::{AuthService, AuthServiceServer};
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// What the server says, and what it heard.
#[derive(Default)]
pub(crate) struct Script {
    /// Answers of the ceremonies: one for each message of the client.
    pub(crate) enrol: VecDeque<Result<enroll_device_response::Payload, Status>>,
    pub(crate) authenticate: VecDeque<Result<authenticate_device_response::Payload, Status>>,
    pub(crate) registered: Vec<Device>,
    pub(crate) refuse_register: Option<Status>,
    /// Refuses `FindDevices` until a second factor was confirmed.
    pub(crate) wants_second_factor: bool,
    pub(crate) enrol_messages: Vec<EnrollDeviceRequest>,
    pub(crate) authenticate_messages: Vec<AuthenticateDeviceRequest>,
    pub(crate) confirmed: Vec<gatehouse::ConfirmSecondFactorRequest>,
}

#[derive(Clone, Default)]
pub(crate) struct FakeServer(Arc<Mutex<Script>>);

/// A connection to a server of this script; the folder holds its socket.
pub(crate) async fn connect(script: Script) -> (Connection, FakeServer, tempfile::TempDir) {
    let server = FakeServer(Arc::new(Mutex::new(script)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let incoming = UnixListenerStream::new(UnixListener::bind(&path).unwrap());
    let router = tonic::transport::Server::builder()
        .add_service(DeviceTrustServiceServer::new(server.clone()))
        .add_service(AuthServiceServer::new(server.clone()))
        .add_service(AccountServiceServer::new(server.clone()));
    tokio::spawn(router.serve_with_incoming(incoming));
    (Connection::unix(&path).await.unwrap(), server, folder)
}

impl FakeServer {
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Script) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

/// A refusal with the code that the server puts beside it.
pub(crate) fn refusal(code: tonic::Code, name: &'static str, message: &str) -> Status {
    let mut status = Status::new(code, message);
    status.metadata_mut().insert("gatehouse-code", name.parse().unwrap());
    status
}

macro_rules! not_here {
    ($($name:ident: $request:ty => $answer:ty),+ $(,)?) => {$(
        fn $name<'life0, 'async_trait>(
            &'life0 self,
            _request: Request<$request>,
        ) -> Pin<Box<dyn Future<Output = Answer<$answer>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { Err(Status::unimplemented("not in this script")) })
        }
    )+};
}

#[tonic::async_trait]
impl DeviceTrustService for FakeServer {
    type EnrollDeviceStream = Answers<EnrollDeviceResponse>;
    type AuthenticateDeviceStream = Answers<AuthenticateDeviceResponse>;
    type SyncInventoryStream = Answers<SyncInventoryResponse>;

    async fn create_device(&self, request: Request<CreateDeviceRequest>) -> Answer<Device> {
        self.with(|script| {
            if let Some(status) = script.refuse_register.take() {
                return Err(status);
            }
            let mut device = request.into_inner().device.unwrap_or_default();
            device.id = "new".to_owned();
            script.registered.push(device.clone());
            device.enroll_token = Some(DeviceEnrollToken { token: "token".to_owned(), expire_time: None });
            Ok(Response::new(device))
        })
    }

    async fn find_devices(&self, _request: Request<FindDevicesRequest>) -> Answer<FindDevicesResponse> {
        self.with(|script| {
            if script.wants_second_factor && script.confirmed.is_empty() {
                return Err(refusal(tonic::Code::Unauthenticated, "second_factor_required", "prove it"));
            }
            Ok(Response::new(FindDevicesResponse { devices: script.registered.clone() }))
        })
    }

    async fn create_device_enroll_token(
        &self,
        _request: Request<CreateDeviceEnrollTokenRequest>,
    ) -> Answer<DeviceEnrollToken> {
        Ok(Response::new(DeviceEnrollToken { token: "token".to_owned(), expire_time: None }))
    }

    async fn enroll_device(
        &self,
        request: Request<Streaming<EnrollDeviceRequest>>,
    ) -> Answer<Self::EnrollDeviceStream> {
        let server = self.clone();
        let answers = request.into_inner().map_while(move |message| {
            server.with(|script| {
                script.enrol_messages.push(message.ok()?);
                let answer = script.enrol.pop_front()?;
                Some(answer.map(|payload| EnrollDeviceResponse { payload: Some(payload) }))
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn authenticate_device(
        &self,
        request: Request<Streaming<AuthenticateDeviceRequest>>,
    ) -> Answer<Self::AuthenticateDeviceStream> {
        let server = self.clone();
        let answers = request.into_inner().map_while(move |message| {
            server.with(|script| {
                script.authenticate_messages.push(message.ok()?);
                let answer = script.authenticate.pop_front()?;
                Some(answer.map(|payload| AuthenticateDeviceResponse { payload: Some(payload) }))
            })
        });
        Ok(Response::new(Box::pin(answers)))
    }

    not_here! {
        update_device: UpdateDeviceRequest => Device,
        upsert_device: UpsertDeviceRequest => Device,
        delete_device: DeleteDeviceRequest => (),
        get_device: GetDeviceRequest => Device,
        list_devices: ListDevicesRequest => ListDevicesResponse,
        list_devices_by_user: ListDevicesByUserRequest => ListDevicesByUserResponse,
        bulk_create_devices: BulkCreateDevicesRequest => BulkCreateDevicesResponse,
        confirm_device_web_authentication:
            ConfirmDeviceWebAuthenticationRequest => ConfirmDeviceWebAuthenticationResponse,
        sync_inventory: Streaming<SyncInventoryRequest> => Self::SyncInventoryStream,
    }
}

#[tonic::async_trait]
impl AuthService for FakeServer {
    async fn ping(&self, _request: Request<gatehouse::PingRequest>) -> Answer<gatehouse::PingResponse> {
        let second_factor = "otp".to_owned();
        Ok(Response::new(gatehouse::PingResponse { second_factor, ..Default::default() }))
    }

    not_here! {
        begin_signup: gatehouse::BeginSignupRequest => gatehouse::BeginSignupResponse,
        finish_signup: gatehouse::FinishSignupRequest => gatehouse::FinishSignupResponse,
        login: gatehouse::LoginRequest => gatehouse::LoginResponse,
        begin_browser_login: gatehouse::BeginBrowserLoginRequest => gatehouse::BeginBrowserLoginResponse,
        finish_browser_login: gatehouse::FinishBrowserLoginRequest => gatehouse::FinishBrowserLoginResponse,
    }
}

#[tonic::async_trait]
impl AccountService for FakeServer {
    async fn confirm_second_factor(
        &self,
        request: Request<gatehouse::ConfirmSecondFactorRequest>,
    ) -> Answer<()> {
        self.with(|script| script.confirmed.push(request.into_inner()));
        Ok(Response::new(()))
    }

    not_here! {
        who_am_i: () => gatehouse::WhoAmIResponse,
        logout: () => (),
        list_own_sessions: gatehouse::ListOwnSessionsRequest => gatehouse::ListSessionsResponse,
        end_own_session: gatehouse::EndSessionRequest => (),
        end_other_sessions: () => gatehouse::EndOtherSessionsResponse,
    }
}
