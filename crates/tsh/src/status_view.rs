//! A login as `tsh login` and `tsh status` show it.

use gatehouse_client::present::{about_time_left, local_time};
use gatehouse_client::{Identity, Result};
use gatehouse_model::Timestamp;
use serde::Serialize;
use time::UtcOffset;

#[derive(Serialize)]
pub(crate) struct StatusView {
    pub(crate) profile_url: String,
    pub(crate) user: String,
    pub(crate) cluster: String,
    pub(crate) roles: Vec<String>,
    pub(crate) logins: Vec<String>,
    pub(crate) valid_until: Timestamp,
    pub(crate) expired: bool,
    pub(crate) extensions: Vec<String>,
    /// The device that the certificates name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<DeviceView>,
}

#[derive(Serialize)]
pub(crate) struct DeviceView {
    pub(crate) device_id: String,
    pub(crate) asset_tag: String,
    pub(crate) credential_id: String,
}

impl StatusView {
    pub(crate) fn new(identity: &Identity, now: Timestamp) -> Result<Self> {
        let ssh = identity.ssh()?;
        let mut roles = identity.x509.roles.clone();
        roles.sort();
        Ok(Self {
            profile_url: identity.profile.proxy.url(),
            user: identity.x509.user.clone(),
            cluster: identity.profile.cluster.clone(),
            roles,
            logins: ssh.as_ref().map(|ssh| ssh.logins().map(str::to_owned).collect()).unwrap_or_default(),
            valid_until: identity.x509.not_after,
            expired: identity.x509.not_after <= now,
            extensions: ssh
                .as_ref()
                .map(|ssh| ssh.device_extensions().into_iter().map(str::to_owned).collect())
                .unwrap_or_default(),
            device: identity.x509.device.as_ref().map(|device| DeviceView {
                device_id: device.device_id.clone(),
                asset_tag: device.asset_tag.clone(),
                credential_id: device.credential_id.clone(),
            }),
        })
    }

    pub(crate) fn text(&self, now: Timestamp, offset: UtcOffset) -> String {
        let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
        let validity = if self.expired {
            "[EXPIRED]".to_owned()
        } else {
            format!("[valid for {}]", about_time_left(self.valid_until, now))
        };
        format!(
            "> Profile URL: {}\n  Logged in as: {}\n  Cluster: {}\n  Roles: {}\n  Logins: {}\n  Valid until: {} {validity}\n  Extensions: {}\n",
            self.profile_url,
            self.user,
            self.cluster,
            list(&self.roles),
            list(&self.logins),
            local_time(self.valid_until, offset),
            list(&self.extensions),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> StatusView {
        StatusView {
            profile_url: "https://host:3080".to_owned(),
            user: "myuser".to_owned(),
            cluster: "name".to_owned(),
            roles: vec!["access".to_owned(), "editor".to_owned()],
            logins: vec!["myuser".to_owned()],
            valid_until: "2023-06-23T05:47:05Z".parse().unwrap(),
            expired: false,
            extensions: vec![
                "teleport-device-asset-tag".to_owned(),
                "teleport-device-credential-id".to_owned(),
                "teleport-device-id".to_owned(),
            ],
            device: None,
        }
    }

    #[test]
    fn a_login_looks_as_in_the_guide() {
        let offset = UtcOffset::from_hms(-3, 0, 0).unwrap();
        let now = "2023-06-22T17:47:05Z".parse().unwrap();
        insta::assert_snapshot!(view().text(now, offset), @r"
        > Profile URL: https://host:3080
          Logged in as: myuser
          Cluster: name
          Roles: access, editor
          Logins: myuser
          Valid until: 2023-06-23 02:47:05 -0300 [valid for 12h0m0s]
          Extensions: teleport-device-asset-tag, teleport-device-credential-id, teleport-device-id
        ");
    }

    #[test]
    fn an_expired_login_says_so() {
        let mut view = view();
        view.expired = true;
        view.extensions.clear();
        let text = view.text("2024-01-01T00:00:00Z".parse().unwrap(), UtcOffset::UTC);
        assert!(text.contains("Valid until: 2023-06-23 05:47:05 +0000 [EXPIRED]\n  Extensions: none\n"));
    }
}
