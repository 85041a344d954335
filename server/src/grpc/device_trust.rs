use gatehouse_domain::Failure;
use gatehouse_domain::authz::CreateEnrollToken;
use gatehouse_domain::device::DeviceError;
use gatehouse_domain::entity::{Device, DeviceCursor};
use gatehouse_model::ErrorKind;
use gatehouse_proto::convert::{read_collected_data, read_timestamp};
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::devicetrust::device_trust_service_server::DeviceTrustService;
use gatehouse_proto::rpc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::caller::Caller;
use super::{Gateway, ceremonies, device_wire, paging, status};

type Answer<T> = Result<Response<T>, Status>;

/// Expands to the caller, its principal, and the message.
macro_rules! open {
    ($self:ident, $request:ident) => {{
        let caller = Caller::of(&$request)?;
        let principal = caller.principal(&$self.services).await?;
        (caller, principal, $request.into_inner())
    }};
}

#[tonic::async_trait]
impl DeviceTrustService for Gateway {
    async fn create_device(&self, request: Request<wire::CreateDeviceRequest>) -> Answer<wire::Device> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let grant = principal.grant()?;
            let token_grant =
                message.create_enroll_token.then(|| principal.grant::<CreateEnrollToken>()).transpose()?;
            let expires = message.enroll_token_expire_time.as_ref().map(read_timestamp).transpose();
            let expires = expires.map_err(|error| status::malformed(&error))?;
            let device = message.device.ok_or_else(missing_device)?;
            let spec = device_wire::read_spec(device, message.create_as_resource)?;
            let token = token_grant.as_ref().map(|grant| (grant, expires.into()));
            let (view, token) = self.services.devices.create(&grant, spec, token).await?;
            let mut device = device_wire::device(view);
            device.enroll_token = token.as_ref().map(device_wire::enroll_token);
            Ok::<_, Failure>(device)
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn update_device(&self, request: Request<wire::UpdateDeviceRequest>) -> Answer<wire::Device> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let grant = principal.grant()?;
            let device = message.device.ok_or_else(missing_device)?;
            let id = device.id.clone();
            let paths = message.update_mask.map(|mask| mask.paths).unwrap_or_default();
            let change = device_wire::read_change(device, &paths)?;
            let view = self.services.devices.update(&grant, &id, &change).await?;
            Ok::<_, Failure>(device_wire::device(view))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn upsert_device(&self, request: Request<wire::UpsertDeviceRequest>) -> Answer<wire::Device> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let (create, update) = (principal.grant()?, principal.grant()?);
            let device = message.device.ok_or_else(missing_device)?;
            let mut spec = device_wire::read_spec(device.clone(), message.create_as_resource)?;
            if !message.create_as_resource {
                // What an existing device is written by; a new one gets its id and state from the server.
                spec.id = None;
                spec.enroll_status = device_wire::read_spec(device, true)?.enroll_status;
            }
            let view = self.services.devices.upsert(&create, &update, spec).await?;
            Ok::<_, Failure>(device_wire::device(view))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn delete_device(&self, request: Request<wire::DeleteDeviceRequest>) -> Answer<()> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            self.services.devices.delete(&principal.grant()?, &message.device_id).await?;
            Ok::<_, Failure>(())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn find_devices(
        &self,
        request: Request<wire::FindDevicesRequest>,
    ) -> Answer<wire::FindDevicesResponse> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let found = self.services.devices.find(&principal.grant()?, &message.id_or_tag).await?;
            let devices = found.into_iter().map(device_wire::device).collect();
            Ok::<_, Failure>(wire::FindDevicesResponse { devices })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn get_device(&self, request: Request<wire::GetDeviceRequest>) -> Answer<wire::Device> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let view = self.services.devices.get(&principal.grant()?, &message.device_id).await?;
            Ok::<_, Failure>(device_wire::device(view))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn list_devices(
        &self,
        request: Request<wire::ListDevicesRequest>,
    ) -> Answer<wire::ListDevicesResponse> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let grant = principal.grant()?;
            let after: Option<DeviceCursor> = paging::read(&message.page_token)?;
            let whole = message.view == wire::DeviceView::Resource as i32;
            let size = paging::size(message.page_size);
            let page = self.services.devices.list(&grant, after.as_ref(), size, whole).await?;
            Ok::<_, Failure>(wire::ListDevicesResponse {
                next_page_token: paging::token(page.next.as_ref()),
                devices: page.devices.into_iter().map(device_wire::device).collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn list_devices_by_user(
        &self,
        request: Request<wire::ListDevicesByUserRequest>,
    ) -> Answer<wire::ListDevicesByUserResponse> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let after: Option<DeviceCursor> = paging::read(&message.page_token)?;
            let size = paging::size(message.page_size);
            let page = self.services.devices.list_own(&principal, after.as_ref(), size, false).await?;
            Ok::<_, Failure>(wire::ListDevicesByUserResponse {
                next_page_token: paging::token(page.next.as_ref()),
                devices: page.devices.into_iter().map(device_wire::device).collect(),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn bulk_create_devices(
        &self,
        request: Request<wire::BulkCreateDevicesRequest>,
    ) -> Answer<wire::BulkCreateDevicesResponse> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let grant = principal.grant()?;
            let specs: Vec<_> = message
                .devices
                .into_iter()
                .map(|device| device_wire::read_spec(device, message.create_as_resource))
                .collect();
            // What cannot be read is answered in its place; the rest goes on without it.
            let (readable, places): (Vec<_>, Vec<_>) = split(specs);
            let mut created = self.services.devices.create_many(&grant, readable).await?.into_iter();
            let devices = places
                .into_iter()
                .map(|unreadable| match unreadable {
                    Some(failure) => refused(&failure),
                    None => created.next().map(created_or_refused).unwrap_or_default(),
                })
                .collect();
            Ok::<_, Failure>(wire::BulkCreateDevicesResponse { devices })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn create_device_enroll_token(
        &self,
        request: Request<wire::CreateDeviceEnrollTokenRequest>,
    ) -> Answer<wire::DeviceEnrollToken> {
        let (caller, principal, message) = open!(self, request);
        let outcome = async {
            let tokens = &self.services.tokens;
            let token = match (message.device_id.as_str(), message.device_data) {
                ("", Some(data)) => {
                    let data = read_collected_data(data).map_err(|error| status::malformed(&error))?;
                    tokens.create_for_auto_enroll(&principal, &data).await?
                }
                ("", None) => {
                    return Err(status::invalid("message_incomplete", "missing device_id or device_data"));
                }
                (id, _) => {
                    let expires = message.expire_time.as_ref().map(read_timestamp).transpose();
                    let expires = expires.map_err(|error| status::malformed(&error))?;
                    tokens.create(&principal.grant()?, id, expires.into()).await?
                }
            };
            Ok::<_, Failure>(device_wire::enroll_token(&token))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    type EnrollDeviceStream = ReceiverStream<Result<wire::EnrollDeviceResponse, Status>>;

    async fn enroll_device(
        &self,
        request: Request<Streaming<wire::EnrollDeviceRequest>>,
    ) -> Answer<Self::EnrollDeviceStream> {
        let caller = Caller::of(&request)?;
        Ok(Response::new(ceremonies::run_enrolment(self.clone(), caller, request.into_inner())))
    }

    type AuthenticateDeviceStream = ReceiverStream<Result<wire::AuthenticateDeviceResponse, Status>>;

    async fn authenticate_device(
        &self,
        request: Request<Streaming<wire::AuthenticateDeviceRequest>>,
    ) -> Answer<Self::AuthenticateDeviceStream> {
        let caller = Caller::of(&request)?;
        Ok(Response::new(ceremonies::run_authentication(self.clone(), caller, request.into_inner())))
    }

    async fn confirm_device_web_authentication(
        &self,
        request: Request<wire::ConfirmDeviceWebAuthenticationRequest>,
    ) -> Answer<wire::ConfirmDeviceWebAuthenticationResponse> {
        // The session is named by the caller here, and a name must never stand in for the browser's cookie. Only a proxy
        // that has seen the cookie may do so, and there is none.
        let caller = Caller::of(&request)?;
        caller.principal(&self.services).await?;
        Err(caller.status(Failure {
            kind: ErrorKind::PermissionDenied,
            code: "proxy_required",
            hint: Some("the browser confirms its own session, at /webapi/devices/webconfirm".to_owned()),
            error: "only a proxy may confirm the sessions of browsers".into(),
        }))
    }

    type SyncInventoryStream = ReceiverStream<Result<wire::SyncInventoryResponse, Status>>;

    async fn sync_inventory(
        &self,
        _request: Request<Streaming<wire::SyncInventoryRequest>>,
    ) -> Answer<Self::SyncInventoryStream> {
        Err(Status::unimplemented("inventories are not synchronised by this server yet"))
    }
}

fn missing_device() -> Failure {
    status::invalid("message_incomplete", "missing device")
}

type Spec = gatehouse_domain::device::DeviceSpec;

/// The readable ones for the domain, and for each place whether it was unreadable.
fn split(specs: Vec<Result<Spec, Failure>>) -> (Vec<Result<Spec, DeviceError>>, Vec<Option<Failure>>) {
    let mut readable = Vec::with_capacity(specs.len());
    let places = specs
        .into_iter()
        .map(|spec| match spec {
            Ok(spec) => {
                readable.push(Ok(spec));
                None
            }
            Err(failure) => Some(failure),
        })
        .collect();
    (readable, places)
}

fn created_or_refused(outcome: Result<Device, DeviceError>) -> wire::DeviceOrStatus {
    match outcome {
        Ok(device) => wire::DeviceOrStatus { status: None, id: device.id, deleted: false },
        Err(error) => refused(&Failure::from(error)),
    }
}

fn refused(failure: &Failure) -> wire::DeviceOrStatus {
    let status =
        rpc::Status { code: failure.kind.grpc_code(), message: failure.message(), details: Vec::new() };
    wire::DeviceOrStatus { status: Some(status), id: String::new(), deleted: false }
}
