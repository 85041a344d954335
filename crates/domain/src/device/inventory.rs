use std::collections::HashMap;
use std::sync::Arc;

use gatehouse_model::{DeviceTrustMode, EnrollStatus, UserName, clean_label};

use super::update::keeps_administrators;
use super::{DeviceError, DeviceSpec, NewEnrollToken, TokenTerms, make_admin_token, token_event};
use crate::Core;
use crate::audit::EventKind;
use crate::authz::{
    Attribution, CreateDevice, CreateEnrollToken, DeleteDevice, FindDevices, Grant, ListDevices, Principal,
    ReadDevice, UpdateDevice,
};
use crate::cluster::Preference;
use crate::entity::{CollectedRecord, Credential, Device, DeviceCursor, Evidence};
use crate::ports::{StoreError, UnitOfWork};

/// The inventory of devices.
pub struct Inventory {
    pub(super) core: Arc<Core>,
}

/// A device with what hangs on it.
#[derive(Clone, Debug)]
pub struct DeviceView {
    pub device: Device,
    /// The credential that was used last.
    pub credential: Option<Credential>,
    pub users: Vec<String>,
    /// Newest first; empty in listings.
    pub collected: Vec<CollectedRecord>,
    /// What the latest enrolments were judged by, newest first; only of a single device. A record of collected data has
    /// the time of the evidence that it came with.
    pub evidence: Vec<Evidence>,
}

/// Devices and where the next page begins.
#[derive(Clone, Debug)]
pub struct DevicePage {
    pub devices: Vec<DeviceView>,
    pub next: Option<DeviceCursor>,
}

/// Most devices of one page.
const MAX_PAGE: i64 = 1000;
/// Most devices of one page that come with their history.
const MAX_WHOLE_PAGE: i64 = 100;
/// Most pieces of evidence that come with one device; an event log can be large.
const MAX_EVIDENCE: i64 = 3;
/// Most devices that one search answers with.
const MAX_FOUND: i64 = 100;

impl Inventory {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// The moment, for what is given as a span from now.
    #[must_use]
    pub fn now(&self) -> gatehouse_model::Timestamp {
        self.core.now()
    }

    /// Registers a device, and makes an enrolment token for it where that is wanted.
    ///
    /// # Errors
    /// (os, tag) or id is taken; the device claims to be enrolled; a token is wanted, but device trust is off.
    pub async fn create(
        &self,
        grant: &Grant<CreateDevice>,
        spec: DeviceSpec,
        token: Option<(&Grant<CreateEnrollToken>, TokenTerms)>,
    ) -> Result<(DeviceView, Option<NewEnrollToken>), DeviceError> {
        let mut work = self.core.begin().await?;
        let device = self.insert(work.as_mut(), grant.by(), spec).await?;
        let token = match token {
            Some((grant, terms)) => {
                let preference = Preference::new(Arc::clone(&self.core));
                if preference.effective(work.as_mut()).await?.mode == DeviceTrustMode::Off {
                    return Err(DeviceError::Off);
                }
                let token = make_admin_token(&self.core, work.as_mut(), &device, grant, terms).await?;
                work.append_event(&token_event(&self.core, grant.by(), &device, &token.id)).await?;
                Some(token)
            }
            None => None,
        };
        work.commit().await?;
        Ok((DeviceView::bare(device), token))
    }

    pub(super) async fn insert(
        &self,
        work: &mut dyn UnitOfWork,
        by: &Attribution,
        spec: DeviceSpec,
    ) -> Result<Device, DeviceError> {
        if spec.enroll_status == Some(EnrollStatus::Enrolled) {
            return Err(DeviceError::EnrollStatus);
        }
        let id = match spec.id {
            Some(id) => check_id(&id)?,
            None => self.core.new_id(),
        };
        if work.device_by_tag(spec.os_type, &spec.asset_tag.normalised()).await?.is_some() {
            return Err(DeviceError::Exists { tag: spec.asset_tag.to_string(), os: spec.os_type.friendly() });
        }
        if work.device(&id).await?.is_some() {
            return Err(DeviceError::IdTaken(id));
        }
        let now = self.core.now();
        let device = Device {
            id,
            os_type: spec.os_type,
            asset_tag: spec.asset_tag,
            created: now,
            updated: now,
            enroll_status: EnrollStatus::NotEnrolled,
            owner: check_owner(work, spec.owner).await?,
            source: spec.source,
            profile: spec.profile,
            anchor: None,
            last_authenticated: None,
        };
        work.insert_device(&device).await.map_err(|error| conflict(error, &device))?;
        work.append_event(&self.core.event(EventKind::DEVICE_CREATE, by).about_device(&device, "")).await?;
        Ok(device)
    }

    /// Deletes a device with everything but its evidence and audit trail, and ends the trust of its sessions at once.
    ///
    /// # Errors
    /// No such device; it is the device by which the last administrator gets in.
    pub async fn delete(&self, grant: &Grant<DeleteDevice>, id: &str) -> Result<Device, DeviceError> {
        let mut work = self.core.begin().await?;
        let (device, guard) = self.hold(work.as_mut(), grant.by(), id, true).await?;
        work.untrust_sessions_of_device(id).await?;
        work.delete_device(id).await?;
        work.append_event(&self.core.event(EventKind::DEVICE_DELETE, grant.by()).about_device(&device, ""))
            .await?;
        keeps_administrators(guard, work.as_mut()).await?;
        work.commit().await?;
        Ok(device)
    }

    /// Devices with this id or tag; the one with the id is always among them.
    ///
    /// # Errors
    /// Storage.
    pub async fn find(
        &self,
        _grant: &Grant<FindDevices>,
        id_or_tag: &str,
    ) -> Result<Vec<DeviceView>, DeviceError> {
        let text = id_or_tag.trim();
        let mut work = self.core.read().await?;
        let found = work.devices_by_id_or_tag(&text.to_lowercase(), &text.to_lowercase(), MAX_FOUND).await?;
        let mut views = Vec::with_capacity(found.len());
        for device in found {
            views.push(view(work.as_mut(), device, false).await?);
        }
        Ok(views)
    }

    /// One device with its history.
    ///
    /// # Errors
    /// No such device.
    pub async fn get(&self, _grant: &Grant<ReadDevice>, id: &str) -> Result<DeviceView, DeviceError> {
        let mut work = self.core.read().await?;
        let device = work.device(id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(id)))?;
        let mut view = view(work.as_mut(), device, true).await?;
        view.evidence = work.evidence_of_device(id, MAX_EVIDENCE).await?;
        Ok(view)
    }

    /// Devices by tag; with credentials, users and history only where `whole`.
    ///
    /// # Errors
    /// Storage.
    pub async fn list(
        &self,
        _grant: &Grant<ListDevices>,
        after: Option<&DeviceCursor>,
        limit: i64,
        whole: bool,
    ) -> Result<DevicePage, DeviceError> {
        let limit = limit.clamp(1, if whole { MAX_WHOLE_PAGE } else { MAX_PAGE });
        let mut work = self.core.read().await?;
        let devices = work.devices(after, limit).await?;
        page(work.as_mut(), devices, limit, whole).await
    }

    /// The caller's own devices; open without a trusted device.
    ///
    /// # Errors
    /// Nobody is logged in.
    pub async fn list_own(
        &self,
        principal: &Principal,
        after: Option<&DeviceCursor>,
        limit: i64,
        whole: bool,
    ) -> Result<DevicePage, DeviceError> {
        let (user, _) = principal.account()?;
        let limit = limit.clamp(1, if whole { MAX_WHOLE_PAGE } else { MAX_PAGE });
        let mut work = self.core.read().await?;
        let devices = work.devices_of_user(&user.name, after, limit).await?;
        page(work.as_mut(), devices, limit, whole).await
    }

    /// Accepts that the reset counters of a device's TPM went back: the next quote sets them anew.
    ///
    /// # Errors
    /// No such device.
    pub async fn accept_counters(&self, grant: &Grant<UpdateDevice>, id: &str) -> Result<(), DeviceError> {
        let mut work = self.core.begin().await?;
        let device =
            work.device_for_update(id).await?.ok_or_else(|| DeviceError::NotFound(clean_label(id)))?;
        work.forget_counters(id).await?;
        work.set_counter_alarm(id, None).await?;
        let event = self.core.event(EventKind::DEVICE_COUNTERS_ACCEPT, grant.by()).about_device(&device, "");
        work.append_event(&event).await?;
        Ok(work.commit().await?)
    }
}

impl DeviceView {
    pub(super) fn bare(device: Device) -> Self {
        Self { device, credential: None, users: Vec::new(), collected: Vec::new(), evidence: Vec::new() }
    }
}

async fn page(
    work: &mut dyn UnitOfWork,
    devices: Vec<Device>,
    limit: i64,
    whole: bool,
) -> Result<DevicePage, DeviceError> {
    let full = i64::try_from(devices.len()).is_ok_and(|len| len == limit);
    let next = devices.last().filter(|_| full).map(|last| DeviceCursor {
        tag: last.asset_tag.normalised(),
        os: last.os_type.number(),
        id: last.id.clone(),
    });
    let ids: Vec<String> = devices.iter().map(|device| device.id.clone()).collect();
    let mut newest: HashMap<String, Credential> = HashMap::new();
    if whole {
        for credential in work.credentials_of_devices(&ids).await? {
            newest.entry(credential.device_id.clone()).or_insert(credential);
        }
    }
    let mut views = Vec::with_capacity(devices.len());
    for device in devices {
        let mut view = DeviceView::bare(device);
        if whole {
            view.credential = newest.remove(&view.device.id);
            view.users = work.device_users(&view.device.id).await?;
            view.collected = work.collected(&view.device.id).await?;
        }
        views.push(view);
    }
    Ok(DevicePage { devices: views, next })
}

/// A device with its newest credential and users, and its history where `whole`.
pub(crate) async fn view(
    work: &mut dyn UnitOfWork,
    device: Device,
    whole: bool,
) -> Result<DeviceView, StoreError> {
    let credential = work.credentials_of_device(&device.id).await?.into_iter().next();
    let users = work.device_users(&device.id).await?;
    let collected = if whole { work.collected(&device.id).await? } else { Vec::new() };
    Ok(DeviceView { device, credential, users, collected, evidence: Vec::new() })
}

/// Two creations that race: the loser's insert meets the unique index.
fn conflict(error: StoreError, device: &Device) -> DeviceError {
    match &error {
        StoreError::Conflict { constraint } if constraint == "devices_os_tag" => {
            DeviceError::Raced { tag: device.asset_tag.to_string(), os: device.os_type.friendly() }
        }
        _ => DeviceError::Store(error),
    }
}

pub(super) async fn check_owner(
    work: &mut dyn UnitOfWork,
    owner: Option<String>,
) -> Result<Option<String>, DeviceError> {
    let Some(owner) = owner.filter(|owner| !owner.is_empty()) else {
        return Ok(None);
    };
    let wrong = || DeviceError::Owner(clean_label(&owner));
    let name = UserName::try_from(owner.as_str()).map_err(|_| wrong())?;
    work.user(name.as_str()).await?.ok_or_else(wrong)?;
    Ok(Some(name.to_string()))
}

/// A UUID in its usual form, in lower case.
fn check_id(id: &str) -> Result<String, DeviceError> {
    let lower = id.to_ascii_lowercase();
    let shape = lower.len() == 36
        && lower.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if shape { Ok(lower) } else { Err(DeviceError::Id(clean_label(id))) }
}
