//! Where the TPM is: the spellings of `--tpm` and of the `TCTI` variable.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::TpmError;

/// The kernel's resource-managed device, the default.
const DEFAULT_DEVICE: &str = "/dev/tpmrm0";
/// Where `swtpm socket` listens unless told otherwise.
const DEFAULT_HOST: &str = "127.0.0.1";
const DEFAULT_PORT: u16 = 2321;

/// Where the TPM is.
///
/// ```
/// use gatehouse_native::TpmAddress;
/// assert_eq!("device:/dev/tpmrm0".parse::<TpmAddress>()?.to_string(), "device:/dev/tpmrm0");
/// assert!(!"swtpm:path=/tmp/s".parse::<TpmAddress>()?.is_device());
/// # Ok::<(), gatehouse_native::TpmError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TpmAddress {
    /// A character device of the kernel: `device:/dev/tpmrm0` or the bare path.
    Device(PathBuf),
    /// A software TPM on a Unix socket: `swtpm:path=/run/s`.
    Unix(PathBuf),
    /// A software TPM on TCP: `swtpm:host=127.0.0.1,port=2321`.
    Tcp {
        /// Name or address of the host.
        host: String,
        /// TCP port of the data channel.
        port: u16,
    },
}

impl TpmAddress {
    /// The address to use: the flag wins over the `TCTI` variable, which wins over the kernel's device.
    /// Empty texts count as absent.
    ///
    /// # Errors
    /// [`TpmError::Address`] where the text that wins is none of the known spellings.
    pub fn resolve(flag: Option<&str>, tcti_env: Option<&str>) -> Result<Self, TpmError> {
        [flag, tcti_env]
            .into_iter()
            .flatten()
            .map(str::trim)
            .find(|text| !text.is_empty())
            .map_or_else(|| Ok(Self::default()), str::parse)
    }

    /// Whether it is this machine's own TPM behind a kernel device, rather than a software TPM on a socket.
    #[must_use]
    pub fn is_device(&self) -> bool {
        matches!(self, Self::Device(_))
    }
}

impl Default for TpmAddress {
    fn default() -> Self {
        Self::Device(PathBuf::from(DEFAULT_DEVICE))
    }
}

impl FromStr for TpmAddress {
    type Err = TpmError;

    fn from_str(text: &str) -> Result<Self, TpmError> {
        let unknown = || TpmError::Address { given: gatehouse_model::clean_label(text) };
        if text.starts_with('/') {
            return Ok(Self::Device(PathBuf::from(text)));
        }
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "device" if rest.is_empty() => Ok(Self::default()),
            "device" if rest.starts_with('/') => Ok(Self::Device(PathBuf::from(rest))),
            "swtpm" => parse_swtpm(rest).ok_or_else(unknown),
            _ => Err(unknown()),
        }
    }
}

fn parse_swtpm(settings: &str) -> Option<TpmAddress> {
    let (mut path, mut host, mut port) = (None, None, None);
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        let (key, value) = setting.split_once('=')?;
        let slot = match key {
            "path" => &mut path,
            "host" => &mut host,
            "port" => &mut port,
            _ => return None,
        };
        if value.is_empty() || slot.replace(value).is_some() {
            return None;
        }
    }
    match (path, host, port) {
        (Some(path), None, None) => Some(TpmAddress::Unix(PathBuf::from(path))),
        (Some(_), ..) => None,
        (None, host, port) => Some(TpmAddress::Tcp {
            host: host.unwrap_or(DEFAULT_HOST).to_owned(),
            port: port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok().filter(|port| *port != 0))?,
        }),
    }
}

impl fmt::Display for TpmAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => write!(f, "device:{}", path.display()),
            Self::Unix(path) => write!(f, "swtpm:path={}", path.display()),
            Self::Tcp { host, port } => write!(f, "swtpm:host={host},port={port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back() {
        for text in ["device:/dev/tpmrm0", "swtpm:path=/x/sock", "swtpm:host=127.0.0.1,port=2321"] {
            assert_eq!(text.parse::<TpmAddress>().unwrap().to_string(), text);
        }
        assert_eq!("/dev/tpm0".parse::<TpmAddress>().unwrap().to_string(), "device:/dev/tpm0");
        assert_eq!("device".parse::<TpmAddress>().unwrap(), TpmAddress::default());
        assert_eq!("swtpm".parse::<TpmAddress>().unwrap().to_string(), "swtpm:host=127.0.0.1,port=2321");
    }

    #[test]
    fn nonsense_is_refused_with_the_spellings_named() {
        for text in [
            "",
            "mssim:host=x",
            "swtpm:path=",
            "swtpm:path=/a,port=1",
            "swtpm:port=99999",
            "swtpm:port=0",
            "swtpm:port=1,port=2",
            "swtpm:size=1",
            "device:tpm",
            "tpm",
        ] {
            let error = text.parse::<TpmAddress>().unwrap_err();
            assert!(error.hint().unwrap().contains("swtpm:path="), "{text}");
        }
    }

    #[test]
    fn the_flag_wins_over_the_variable_over_the_default() {
        let at = |flag, env| TpmAddress::resolve(flag, env).unwrap().to_string();
        assert_eq!(at(Some("/dev/tpm0"), Some("swtpm:path=/s")), "device:/dev/tpm0");
        assert_eq!(at(None, Some("swtpm:path=/s")), "swtpm:path=/s");
        assert_eq!(at(Some(" "), Some("")), "device:/dev/tpmrm0");
        assert!(TpmAddress::resolve(Some("x"), Some("/dev/tpmrm0")).is_err());
    }
}
