use std::sync::Arc;

use crate::Core;
use crate::authz::{Grant, ReadStatus};
use crate::cluster::{Effective, Preference};
use crate::ports::StoreError;

/// Key of the cluster's id among the cluster's values.
pub const CLUSTER_ID: &str = "cluster_id";

/// How the cluster is doing.
pub struct Status {
    core: Arc<Core>,
    preference: Preference,
}

/// Counts and settings at a moment.
#[derive(Clone, Debug)]
pub struct ClusterStatus {
    pub cluster_name: String,
    pub cluster_id: String,
    pub engine: &'static str,
    pub devices: i64,
    pub devices_enrolled: i64,
    pub users: i64,
    pub active_sessions: i64,
    pub effective: Arc<Effective>,
    pub ssh_user_ca: String,
}

impl Status {
    pub(crate) fn new(core: Arc<Core>, preference: Preference) -> Self {
        Self { core, preference }
    }

    /// The name of the cluster; every client may know it.
    #[must_use]
    pub fn cluster_name(&self) -> &str {
        &self.core.cluster_name
    }

    /// authorized_keys line of the SSH user CA; servers trust it, so it is no secret.
    #[must_use]
    pub fn ssh_user_ca(&self) -> String {
        self.core.ca.ssh_user_ca()
    }

    /// Counts and settings.
    ///
    /// # Errors
    /// Storage.
    pub async fn get(&self, _grant: &Grant<ReadStatus>) -> Result<ClusterStatus, StoreError> {
        let mut work = self.core.read().await?;
        let (devices, devices_enrolled) = work.count_devices().await?;
        Ok(ClusterStatus {
            cluster_name: self.core.cluster_name.clone(),
            cluster_id: work.cluster_value(CLUSTER_ID).await?.unwrap_or_default(),
            engine: self.core.store.engine(),
            devices,
            devices_enrolled,
            users: work.count_users().await?,
            active_sessions: work.count_active_sessions(self.core.now()).await?,
            effective: self.preference.effective(work.as_mut()).await?,
            ssh_user_ca: self.core.ca.ssh_user_ca(),
        })
    }
}
