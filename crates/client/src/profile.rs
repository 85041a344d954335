use gatehouse_model::{ErrorKind, UserName, clean_label};
use serde::{Deserialize, Serialize};

use crate::address::ProxyAddress;
use crate::error::{ClientError, Result};
use crate::pin::Pin;

/// Which server a person is logged in to, and as whom: `<home>/<host>.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    pub proxy: ProxyAddress,
    pub user: UserName,
    pub cluster: String,
    /// The server's key; without one the system's roots vouch for it.
    pub pin: Option<Pin>,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileFile {
    proxy: String,
    user: UserName,
    cluster: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pin: Option<Pin>,
}

impl Profile {
    pub(crate) fn to_yaml(&self) -> Result<String> {
        serde_yaml_ng::to_string(&ProfileFile {
            proxy: self.proxy.to_string(),
            user: self.user.clone(),
            cluster: self.cluster.clone(),
            pin: self.pin,
        })
        .map_err(|error| ClientError::new(ErrorKind::Internal, "profile", error.to_string()))
    }

    pub(crate) fn from_yaml(name: &str, text: &str) -> Result<Self> {
        let wrong = |why: String| {
            ClientError::new(
                ErrorKind::FailedPrecondition,
                "profile_damaged",
                format!("the profile of {} is damaged: {}", clean_label(name), clean_label(&why)),
            )
            .with_hint("run `tsh logout`, then `tsh login --proxy=<host:port> --user=<name>`")
        };
        let file: ProfileFile = serde_yaml_ng::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let proxy = file.proxy.parse().map_err(wrong)?;
        Ok(Self { proxy, user: file.user, cluster: clean_label(&file.cluster), pin: file.pin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_read_back() {
        let profile = Profile {
            proxy: "localhost:3080".parse().unwrap(),
            user: "alice".parse().unwrap(),
            cluster: "gatehouse".to_owned(),
            pin: Some(format!("sha256:{}", "01".repeat(32)).parse().unwrap()),
        };
        let text = profile.to_yaml().unwrap();
        assert_eq!(Profile::from_yaml("localhost", &text).unwrap(), profile);
    }

    #[test]
    fn a_damaged_profile_says_how_to_get_a_new_one() {
        for text in
            ["", "proxy: x", "proxy: a b\nuser: u\ncluster: c\n", "{", "proxy: h\nuser: ../x\ncluster: c"]
        {
            let error = Profile::from_yaml("h", text).unwrap_err();
            assert_eq!(error.code, "profile_damaged", "{text:?}");
            assert!(error.hint.is_some());
        }
    }
}
