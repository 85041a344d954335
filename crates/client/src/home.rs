use std::ffi::OsString;
use std::path::{Path, PathBuf};

use gatehouse_model::{ErrorKind, UserName};
use gatehouse_proto::devicetrust::UserCertificates;

use crate::certificate::{SshCertificate, UserCertificate};
use crate::error::{ClientError, Result};
use crate::files::{create_private_dir, read, remove, write_private};
use crate::key::UserKey;
use crate::profile::Profile;

const CURRENT_PROFILE: &str = "current-profile";

/// The folder of `tsh`: profiles, keys and the state of this device. Never a cache folder, which is swept.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

/// A login as it lies on disk.
pub struct Identity {
    pub profile: Profile,
    pub key: UserKey,
    pub x509: UserCertificate,
    /// A line of a `-cert.pub` file; empty if the server gave none.
    pub ssh_line: String,
}

impl Identity {
    /// The SSH certificate; `None` if the server gave none.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn ssh(&self) -> Result<Option<SshCertificate>> {
        if self.ssh_line.trim().is_empty() {
            return Ok(None);
        }
        SshCertificate::from_openssh(&self.ssh_line).map(Some)
    }
}

impl Home {
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// `$TSH_HOME`, else `~/.tsh`.
    ///
    /// # Errors
    /// Neither variable is set.
    pub fn from_env() -> Result<Self> {
        Self::choose(std::env::var_os("TSH_HOME"), std::env::var_os("HOME"))
    }

    fn choose(tsh_home: Option<OsString>, home: Option<OsString>) -> Result<Self> {
        let set = |value: Option<OsString>| value.filter(|value| !value.is_empty());
        set(tsh_home)
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(set(home)?).join(".tsh")))
            .map(Self::new)
            .ok_or_else(|| {
                ClientError::new(ErrorKind::FailedPrecondition, "no_home", "there is no folder for profiles")
                    .with_hint("set TSH_HOME to a folder of yours")
            })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Folder of the device's state (AK blob, EK choice, cached SMBIOS data).
    #[must_use]
    pub fn device_dir(&self) -> PathBuf {
        self.root.join("device")
    }

    /// The profile of a host, or the current one; `None` if there is none.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub fn profile(&self, name: Option<&str>) -> Result<Option<Profile>> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => match read(&self.root.join(CURRENT_PROFILE))? {
                Some(text) => text.trim().to_owned(),
                None => return Ok(None),
            },
        };
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Ok(None);
        }
        let text = read(&self.profile_path(&name))?;
        text.map(|text| Profile::from_yaml(&name, &text)).transpose()
    }

    /// Every profile, sorted by file name; damaged ones are left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn profiles(&self) -> Result<Vec<Profile>> {
        let entries = match std::fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ClientError::io("read", &self.root, &error)),
        };
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        names.sort();
        Ok(names.iter().filter_map(|name| self.profile(Some(name)).ok().flatten()).collect())
    }

    /// Stores a login and makes its profile the current one. Keys of another user on the same server are removed: a
    /// profile names one.
    ///
    /// # Errors
    /// The certificates are unusable or the disk refuses.
    pub fn save_login(
        &self,
        profile: Profile,
        key: UserKey,
        certificates: &UserCertificates,
    ) -> Result<Identity> {
        let identity = identity_of(profile, key, certificates)?;
        create_private_dir(&self.root)?;
        create_private_dir(&self.root.join("keys"))?;
        let folder = self.key_dir(&identity.profile);
        remove(&folder)?;
        create_private_dir(&folder)?;
        let path = |suffix: &str| key_path(&folder, &identity.profile.user, suffix);
        write_private(&path(""), identity.key.to_openssh()?.as_bytes())?;
        write_private(&path(".pub"), format!("{}\n", identity.key.public_openssh()?).as_bytes())?;
        self.write_certificates(&identity)?;
        let name = identity.profile.proxy.profile_name();
        write_private(&self.profile_path(&name), identity.profile.to_yaml()?.as_bytes())?;
        write_private(&self.root.join(CURRENT_PROFILE), format!("{name}\n").as_bytes())?;
        Ok(identity)
    }

    /// Replaces the certificates of a login, after device authentication.
    ///
    /// # Errors
    /// They are for another user or key, or the disk refuses.
    pub fn save_certificates(&self, old: Identity, certificates: &UserCertificates) -> Result<Identity> {
        let identity = identity_of(old.profile, old.key, certificates)?;
        self.write_certificates(&identity)?;
        Ok(identity)
    }

    fn write_certificates(&self, identity: &Identity) -> Result<()> {
        let folder = self.key_dir(&identity.profile);
        let path = |suffix: &str| key_path(&folder, &identity.profile.user, suffix);
        let line = identity.ssh_line.trim();
        if line.is_empty() {
            remove(&path("-cert.pub"))?;
        } else {
            write_private(&path("-cert.pub"), format!("{line}\n").as_bytes())?;
        }
        write_private(&path("-x509.pem"), identity.x509.to_pem().as_bytes())
    }

    /// Loads what [`Self::save_login`] stored; `None` if the keys are gone.
    ///
    /// # Errors
    /// A file is damaged, or key and certificate do not belong together.
    pub fn identity(&self, profile: Profile) -> Result<Option<Identity>> {
        let folder = self.key_dir(&profile);
        let path = |suffix: &str| key_path(&folder, &profile.user, suffix);
        let (Some(key), Some(x509)) = (read(&path(""))?, read(&path("-x509.pem"))?) else {
            return Ok(None);
        };
        let ssh_line = read(&path("-cert.pub"))?.unwrap_or_default();
        let key = UserKey::from_openssh(&key)?;
        let x509 = UserCertificate::from_pem(&x509)?;
        check(&profile, &key, &x509)?;
        Ok(Some(Identity { profile, key, x509, ssh_line }))
    }

    /// Forgets a login.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_login(&self, profile: &Profile) -> Result<()> {
        remove(&self.key_dir(profile))?;
        remove(&self.profile_path(&profile.proxy.profile_name()))
    }

    /// Forgets every login, damaged ones too; the state of the device stays.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_all_logins(&self) -> Result<()> {
        remove(&self.root.join("keys"))?;
        for profile in self.profiles()? {
            self.remove_login(&profile)?;
        }
        remove(&self.root.join(CURRENT_PROFILE))
    }

    fn profile_path(&self, name: &str) -> PathBuf {
        self.root.join(format!("{name}.yaml"))
    }

    fn key_dir(&self, profile: &Profile) -> PathBuf {
        self.root.join("keys").join(profile.proxy.profile_name())
    }
}

fn key_path(folder: &Path, user: &UserName, suffix: &str) -> PathBuf {
    folder.join(format!("{user}{suffix}"))
}

fn identity_of(profile: Profile, key: UserKey, certificates: &UserCertificates) -> Result<Identity> {
    let x509 = UserCertificate::from_der(&certificates.x509_der)?;
    check(&profile, &key, &x509)?;
    let ssh_line = String::from_utf8(certificates.ssh_authorized_key.clone())
        .map_err(|_| ClientError::unexpected("the server's SSH certificate is not text"))?;
    let identity = Identity { profile, key, x509, ssh_line };
    identity.ssh()?;
    Ok(identity)
}

fn check(profile: &Profile, key: &UserKey, x509: &UserCertificate) -> Result<()> {
    if x509.user != profile.user.as_str() || !x509.is_for_key(&key.public_spki_der()) {
        return Err(ClientError::new(
            ErrorKind::FailedPrecondition,
            "certificate_mismatch",
            "the certificate of this login belongs to another user or key",
        )
        .with_hint("run `tsh logout` and log in again"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
