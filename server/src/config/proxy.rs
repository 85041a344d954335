use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::str::FromStr;

use super::{Config, PublicAddr, TlsFiles};
use gatehouse_document::{Section, shown};

/// Port of a public address that names none.
const HTTPS_PORT: u16 = 443;

/// Reads the section `proxy_service`.
pub(super) fn read(mut section: Section<'_>, folder: &Path, config: &mut Config) {
    if let Some((_, Listen(address))) = section.parsed("listen_addr") {
        config.listen_addr = address;
    }
    config.public_addr = section.parsed("public_addr").map(|(_, address)| address);
    let key = section.text("https_key_file");
    let certificate = section.text("https_cert_file");
    match (certificate, key) {
        (Some((_, certificate)), Some((_, key))) => {
            config.tls_files =
                Some(TlsFiles { certificate: folder.join(certificate), key: folder.join(key) });
        }
        (Some((place, _)), None) => {
            section.problem(place, "`https_cert_file` needs `https_key_file` beside it");
        }
        (None, Some((place, _))) => {
            section.problem(place, "`https_key_file` needs `https_cert_file` beside it");
        }
        (None, None) => {}
    }
    section.finish();
}

/// An address to listen on.
struct Listen(SocketAddr);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error =
            || format!("\"{}\" is not an address to listen on: write it as 127.0.0.1:3080", shown(text));
        text.parse().map(Self).map_err(|_| error())
    }
}

impl FromStr for PublicAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error =
            || format!("\"{}\" is not a public address: write it as gatehouse.example.com:443", shown(text));
        let (host, port) = match text.parse::<SocketAddr>() {
            Ok(address) => (address.ip().to_string(), address.port()),
            Err(_) if text.parse::<IpAddr>().is_ok() => (text.to_owned(), HTTPS_PORT),
            Err(_) => match text.split_once(':') {
                Some((host, port)) => (host.to_owned(), port.parse().map_err(|_| error())?),
                None => (text.to_owned(), HTTPS_PORT),
            },
        };
        let is_name = rustls_pki_types::ServerName::try_from(host.as_str()).is_ok();
        if is_name && port != 0 { Ok(Self { host: host.to_ascii_lowercase(), port }) } else { Err(error()) }
    }
}
