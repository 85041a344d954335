//! What the host's admin does through the Unix socket.

use anyhow::{Context as _, Result, anyhow, bail};
use gatehouse_client::{ClientError, Connection, SignupLink};
use gatehouse_model::OsType;
use gatehouse_proto::devicetrust as wire;
use gatehouse_proto::gatehouse::v1::InviteUserRequest;
use tokio::runtime::Runtime;

use crate::server::Server;

/// Devices registered with one call.
const BATCH: usize = 500;

/// The admin's connection.
pub(crate) struct Admin {
    runtime: Runtime,
    connection: Connection,
}

impl Admin {
    pub(crate) fn open(server: &Server) -> Result<Self> {
        let runtime = current_thread()?;
        let connection = runtime.block_on(Connection::unix(&server.admin_socket()))?;
        Ok(Self { runtime, connection })
    }

    /// Invites a user; the link is to be redeemed.
    pub(crate) fn invite(&self, name: &str, roles: &[&str]) -> Result<SignupLink> {
        let request = InviteUserRequest {
            name: name.to_owned(),
            roles: roles.iter().map(ToString::to_string).collect(),
            logins: vec![name.to_owned()],
            ..InviteUserRequest::default()
        };
        let mut users = self.connection.users();
        let link = self.runtime.block_on(users.invite_user(request)).map_err(ClientError::from)?.into_inner();
        link.url.parse().map_err(|error: String| anyhow!(error))
    }

    /// Registers devices; their ids, in the same order.
    pub(crate) fn register(&self, devices: &[(OsType, String)]) -> Result<Vec<String>> {
        let mut client = self.connection.devices();
        let mut ids = Vec::with_capacity(devices.len());
        for batch in devices.chunks(BATCH) {
            let devices = batch
                .iter()
                .map(|(os, tag)| wire::Device {
                    os_type: os.number(),
                    asset_tag: tag.clone(),
                    ..wire::Device::default()
                })
                .collect();
            let request = wire::BulkCreateDevicesRequest { devices, create_as_resource: false };
            let answer = self
                .runtime
                .block_on(client.bulk_create_devices(request))
                .map_err(ClientError::from)?
                .into_inner();
            for created in answer.devices {
                if let Some(status) = created.status.filter(|status| status.code != 0) {
                    bail!("a device was not registered: {}", status.message);
                }
                ids.push(created.id);
            }
        }
        if ids.len() != devices.len() {
            bail!("{} devices were registered in place of {}", ids.len(), devices.len());
        }
        Ok(ids)
    }

    /// Makes an enrolment token.
    pub(crate) fn token(&self, device_id: &str) -> Result<String> {
        let request = wire::CreateDeviceEnrollTokenRequest {
            device_id: device_id.to_owned(),
            ..wire::CreateDeviceEnrollTokenRequest::default()
        };
        let mut client = self.connection.devices();
        let token =
            self.runtime.block_on(client.create_device_enroll_token(request)).map_err(ClientError::from)?;
        Ok(token.into_inner().token)
    }

    pub(crate) fn remove(&self, device_id: &str) -> Result<()> {
        let request = wire::DeleteDeviceRequest { device_id: device_id.to_owned() };
        let mut client = self.connection.devices();
        self.runtime.block_on(client.delete_device(request)).map_err(ClientError::from)?;
        Ok(())
    }
}

/// A runtime on the calling thread alone.
pub(crate) fn current_thread() -> Result<Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")
}
