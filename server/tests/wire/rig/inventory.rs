//! What the host's admin does with devices, locks and the audit log.

use gatehouse_domain::entity::Evidence;
use gatehouse_model::OsType;
use gatehouse_proto::devicetrust as devices;
use gatehouse_proto::gatehouse::v1 as wire;
use serde_json::{Value, json};
use tonic::Status;

use super::{Machine, Person, Rig};

impl Rig {
    /// Registers a device and makes a token for it: (id, token).
    pub(crate) async fn register(&self, os: OsType, tag: &str) -> (String, String) {
        let request = devices::CreateDeviceRequest {
            device: Some(device(os, tag)),
            create_enroll_token: true,
            ..devices::CreateDeviceRequest::default()
        };
        let created = self.admin.devices().create_device(request).await.unwrap().into_inner();
        (created.id, created.enroll_token.unwrap().token)
    }

    pub(crate) async fn register_linux(&self, tag: &str) -> (String, String) {
        self.register(OsType::Linux, tag).await
    }

    /// Another token for a device.
    pub(crate) async fn token(&self, device_id: &str) -> String {
        let request = devices::CreateDeviceEnrollTokenRequest {
            device_id: device_id.to_owned(),
            ..devices::CreateDeviceEnrollTokenRequest::default()
        };
        self.admin.devices().create_device_enroll_token(request).await.unwrap().into_inner().token
    }

    /// A registered computer that this person has enrolled: (machine, device id).
    pub(crate) async fn enrolled(&self, person: &Person, tag: &str) -> (Machine, String) {
        self.enrolled_machine(person, Machine::new(tag)).await
    }

    /// As [`Self::enrolled`], for a computer that is there.
    pub(crate) async fn enrolled_machine(&self, person: &Person, machine: Machine) -> (Machine, String) {
        let (id, token) = self.register(machine.os, &machine.serial).await;
        machine.enrol(&person.connection, &token).await.unwrap();
        (machine, id)
    }

    /// The person with the certificates of an enrolled computer: (trusted person, machine, device id).
    pub(crate) async fn on_trusted_device(&self, person: &Person, tag: &str) -> (Person, Machine, String) {
        let (machine, id) = self.enrolled(person, tag).await;
        let certificates = machine.authenticate(person).await.unwrap();
        (self.trusted(person, certificates).await, machine, id)
    }

    pub(crate) async fn device(&self, id: &str) -> devices::Device {
        let request = devices::GetDeviceRequest { device_id: id.to_owned() };
        self.admin.devices().get_device(request).await.unwrap().into_inner()
    }

    pub(crate) async fn unenrol(&self, id: &str) -> devices::Device {
        let request = devices::UpdateDeviceRequest {
            device: Some(devices::Device {
                id: id.to_owned(),
                enroll_status: devices::DeviceEnrollStatus::NotEnrolled as i32,
                ..devices::Device::default()
            }),
            update_mask: Some(prost_types::FieldMask { paths: vec!["enroll_status".to_owned()] }),
        };
        self.admin.devices().update_device(request).await.unwrap().into_inner()
    }

    pub(crate) async fn delete_device(&self, id: &str) {
        let request = devices::DeleteDeviceRequest { device_id: id.to_owned() };
        self.admin.devices().delete_device(request).await.unwrap();
    }

    /// The tokens of a device, newest first, whatever their state.
    pub(crate) async fn tokens(&self, device_id: &str) -> Vec<wire::EnrollTokenInfo> {
        let request = wire::ListEnrollTokensRequest {
            device_id: device_id.to_owned(),
            include_ended: true,
            ..wire::ListEnrollTokensRequest::default()
        };
        self.admin.device_admin().list_enroll_tokens(request).await.unwrap().into_inner().tokens
    }

    pub(crate) async fn revoke(&self, token_id: &str) {
        let request = wire::RevokeEnrollTokenRequest { id: token_id.to_owned() };
        self.admin.device_admin().revoke_enroll_token(request).await.unwrap();
    }

    pub(crate) async fn create(&self, kind: &str, document: &Value) -> wire::Resource {
        self.try_create(kind, document).await.unwrap()
    }

    pub(crate) async fn try_create(&self, kind: &str, document: &Value) -> Result<wire::Resource, Status> {
        let request = wire::CreateResourceRequest {
            kind: kind.to_owned(),
            json: document.to_string(),
            force: kind == "cluster_auth_preference",
        };
        self.admin.resources().create_resource(request).await.map(tonic::Response::into_inner)
    }

    /// Locks, such as `{"device": id}`; gives the lock's name.
    pub(crate) async fn lock(&self, target: Value) -> String {
        let document = json!({"kind": "lock", "version": "v1", "metadata": {}, "spec": {"target": target}});
        self.create("lock", &document).await.name
    }

    pub(crate) async fn unlock(&self, name: &str) {
        let request = wire::DeleteResourceRequest { kind: "lock".to_owned(), name: name.to_owned() };
        self.admin.resources().delete_resource(request).await.unwrap();
    }

    /// Events of a type, newest first.
    pub(crate) async fn events(&self, event_type: &str) -> Vec<Value> {
        let request = wire::ListEventsRequest {
            event_type: event_type.to_owned(),
            ..wire::ListEventsRequest::default()
        };
        let events = self.admin.audit().list_events(request).await.unwrap().into_inner().events;
        events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
    }

    /// What enrolments of a device were judged by, newest first.
    pub(crate) async fn evidence(&self, device_id: &str) -> Vec<Evidence> {
        self.store.read().await.unwrap().evidence_of_device(device_id, 100).await.unwrap()
    }

    /// Nothing of an enrolment may be left: not enrolled, no credential, no owner, no user, no collected data.
    pub(crate) async fn assert_untouched(&self, device_id: &str) {
        let device = self.device(device_id).await;
        assert_eq!(device.enroll_status(), devices::DeviceEnrollStatus::NotEnrolled);
        assert_eq!(device.credential, None);
        assert_eq!(device.owner, "");
        assert!(device.collected_data.is_empty());
        let mut work = self.store.read().await.unwrap();
        assert!(work.credentials_of_device(device_id).await.unwrap().is_empty());
        assert!(work.device_users(device_id).await.unwrap().is_empty());
    }
}

/// A device as an admin describes it.
pub(crate) fn device(os: OsType, tag: &str) -> devices::Device {
    devices::Device { os_type: os.number(), asset_tag: tag.to_owned(), ..devices::Device::default() }
}
