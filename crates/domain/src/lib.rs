//! The rules of device trust.
//!
//! Everything that decides stands here, once, whether a browser, a command line or a test asks: accounts, roles,
//! the inventory, enrolment tokens, the ceremonies, locks, sessions and the audit log. The crate does no I/O: what
//! it needs of the world are the traits in [`ports`].
#![forbid(unsafe_code)]

pub mod account;
pub mod audit;
pub mod authz;
/// How a device booted, in the words of the crate that reads attestations.
pub mod boot {
    pub use gatehouse_attestation::{
        Bank, BankState, BootChange, BootChangeKind, BootImageState, BootState, KernelPart, KernelState,
        LogState, PcrState, SecureBoot, pcr_meaning,
    };
}
pub mod ceremony;
pub mod cluster;
pub mod device;
pub mod device_web;
pub mod ek;
pub mod entity;
mod failure;
pub mod identity;
pub mod live;
pub mod ports;
mod secret_token;

use std::sync::Arc;

use gatehouse_model::Timestamp;
use gatehouse_model::resource::PreferenceSpec;

pub use failure::{Decision, Failure};
use ports::{CertificateAuthority, Clock, Issuers, Passkeys, Random, Sealer, Store, UnitOfWork};
pub use secret_token::SecretToken;

/// What every service works with.
pub struct Core {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub sealer: Arc<dyn Sealer>,
    pub ca: Arc<dyn CertificateAuthority>,
    /// None where browsers know no passkeys: at an address without a host name.
    pub passkeys: Option<Arc<dyn Passkeys>>,
    /// Where missing CAs of EK certificates are fetched.
    pub issuers: Arc<dyn Issuers>,
    pub cluster_name: String,
    /// What the configuration file says of the preference; dynamic values win, key by key.
    pub static_preference: PreferenceSpec,
}

impl Core {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn new_id(&self) -> String {
        ports::uuid_v7(self.now(), self.random.as_ref())
    }

    pub(crate) fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    pub(crate) async fn begin(&self) -> Result<Box<dyn UnitOfWork>, ports::StoreError> {
        self.store.begin().await
    }

    pub(crate) async fn act(&self) -> Result<Box<dyn UnitOfWork>, ports::StoreError> {
        self.store.act().await
    }

    pub(crate) async fn look(&self) -> Result<Box<dyn UnitOfWork>, ports::StoreError> {
        self.store.look().await
    }

    pub(crate) async fn read(&self) -> Result<Box<dyn UnitOfWork>, ports::StoreError> {
        self.store.read().await
    }
}

/// All services of the domain over one [`Core`].
pub struct Services {
    pub identity: identity::Identity,
    pub accounts: account::Accounts,
    pub sessions: account::Sessions,
    pub web_records: account::WebRecords,
    pub devices: device::Inventory,
    pub tokens: device::EnrollTokens,
    pub imports: device::Imports,
    pub evidence: device::EvidenceArchive,
    pub enrolment: ceremony::Enrolment,
    pub announced_enrolment: ceremony::AnnouncedEnrolment,
    pub ship_ahead: device::ShipAheads,
    pub reviews: ek::Reviews,
    pub ek_cas: ek::EkCas,
    pub authentication: ceremony::Authentication,
    pub device_web: device_web::DeviceWeb,
    pub roles: cluster::Roles,
    pub locks: cluster::Locks,
    pub preference: cluster::Preference,
    pub audit: audit::AuditLog,
    pub status: cluster::Status,
    pub readiness: cluster::Readiness,
    pub retention: cluster::Retention,
    pub live: live::Live,
    pub form_keys: cluster::FormKeys,
}

impl Services {
    /// Puts the services over their common ground.
    #[must_use]
    pub fn new(core: Core) -> Self {
        let core = Arc::new(core);
        let preference = cluster::Preference::new(Arc::clone(&core));
        let trusts: Arc<ek::EkTrusts> = Arc::default();
        Self {
            identity: identity::Identity::new(Arc::clone(&core), preference.clone()),
            accounts: account::Accounts::new(Arc::clone(&core), preference.clone()),
            sessions: account::Sessions::new(Arc::clone(&core)),
            web_records: account::WebRecords::new(Arc::clone(&core)),
            devices: device::Inventory::new(Arc::clone(&core)),
            tokens: device::EnrollTokens::new(Arc::clone(&core), preference.clone()),
            imports: device::Imports::new(Arc::clone(&core)),
            evidence: device::EvidenceArchive::new(Arc::clone(&core), preference.clone()),
            reviews: ek::Reviews::new(Arc::clone(&core), preference.clone(), Arc::clone(&trusts)),
            ek_cas: ek::EkCas::new(Arc::clone(&core), preference.clone(), Arc::clone(&trusts)),
            ship_ahead: device::ShipAheads::new(Arc::clone(&core)),
            announced_enrolment: ceremony::AnnouncedEnrolment::new(
                Arc::clone(&core),
                preference.clone(),
                Arc::clone(&trusts),
            ),
            enrolment: ceremony::Enrolment::new(Arc::clone(&core), preference.clone(), trusts),
            authentication: ceremony::Authentication::new(Arc::clone(&core), preference.clone()),
            device_web: device_web::DeviceWeb::new(Arc::clone(&core), preference.clone()),
            roles: cluster::Roles::new(Arc::clone(&core)),
            locks: cluster::Locks::new(Arc::clone(&core)),
            audit: audit::AuditLog::new(Arc::clone(&core)),
            status: cluster::Status::new(Arc::clone(&core), preference.clone()),
            live: live::Live::new(Arc::clone(&core)),
            form_keys: cluster::FormKeys::new(Arc::clone(&core)),
            readiness: cluster::Readiness::new(Arc::clone(&core)),
            retention: cluster::Retention::new(core),
            preference,
        }
    }
}
