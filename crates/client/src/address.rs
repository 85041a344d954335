use std::fmt;
use std::str::FromStr;

use gatehouse_model::clean_label;
use rustls_pki_types::ServerName;

/// Port of a server that names none.
pub(crate) const DEFAULT_PORT: u16 = 3080;

/// Where a server is: `host`, `host:port`, `[::1]:port` or an https URL; the port is 3080 unless said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyAddress {
    host: String,
    port: u16,
}

impl ProxyAddress {
    /// DNS name in lower case, or IP address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// `https://host:port`, as people paste it into a browser.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://{self}")
    }

    /// Name of the profile in the file system: the host with nothing in it that a path could trip over.
    #[must_use]
    pub fn profile_name(&self) -> String {
        self.host.chars().map(|c| if c == ':' { '_' } else { c }).collect()
    }

    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, String> {
        ServerName::try_from(self.host.clone()).map_err(|_| wrong(&self.host))
    }
}

fn wrong(text: &str) -> String {
    format!("\"{}\" is not the address of a server: write it as host or host:port", clean_label(text))
}

impl FromStr for ProxyAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let rest = trimmed.strip_prefix("https://").unwrap_or(trimmed);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if trimmed.starts_with("http://") || authority.is_empty() || authority.contains('@') {
            return Err(wrong(text));
        }
        let (host, port) = if let Some(inner) = authority.strip_prefix('[') {
            let (host, after) = inner.split_once(']').ok_or_else(|| wrong(text))?;
            (host, after.strip_prefix(':').or(if after.is_empty() { None } else { Some("") }))
        } else if authority.matches(':').count() > 1 {
            (authority, None)
        } else {
            authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
        };
        let port = match port {
            None => DEFAULT_PORT,
            Some(digits) => digits.parse().ok().filter(|port| *port != 0).ok_or_else(|| wrong(text))?,
        };
        let host = host.to_ascii_lowercase();
        // Accepts DNS names and IP addresses and nothing else, so that a host is safe as a file name too.
        ServerName::try_from(host.as_str()).map_err(|_| wrong(text))?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        text.parse::<ProxyAddress>().unwrap().to_string()
    }

    #[test]
    fn addresses_read_as_people_write_them() {
        assert_eq!(read("Gate.Example.com"), "gate.example.com:3080");
        assert_eq!(read("localhost:443"), "localhost:443");
        assert_eq!(read("https://localhost:3080/web/signup/abc"), "localhost:3080");
        assert_eq!(read("[::1]:9000"), "[::1]:9000");
        assert_eq!(read("::1"), "[::1]:3080");
        assert_eq!("[::1]".parse::<ProxyAddress>().unwrap().profile_name(), "__1");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in
            ["", "http://x", "a b", "host:0", "host:99999", "host:", "..", "../x", "u@h", "[::1", "[::1]x"]
        {
            assert!(bad.parse::<ProxyAddress>().is_err(), "{bad:?}");
        }
    }
}
