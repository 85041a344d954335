//! Just enough of a browser: TLS, a cookie, and one request after the other on one connection (RFC 9112).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};

use crate::accounts::PASSWORD;
use crate::server::{Installation, Server};

pub(super) struct Browser {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    host: String,
    cookie: String,
}

/// What came back.
struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Browser {
    /// Opens a connection and signs in.
    pub(super) fn sign_in(server: &Server, installation: &Installation, user: &str) -> Result<Self> {
        let pem = installation.data().join("tls/cert.pem");
        let mut roots = RootCertStore::empty();
        roots.add(
            CertificateDer::from_pem_file(&pem).with_context(|| format!("reading {}", pem.display()))?,
        )?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").context("naming the server")?;
        let socket = TcpStream::connect(("127.0.0.1", server.port())).context("connecting to the server")?;
        socket.set_nodelay(true)?;
        let stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, socket);
        let host = format!("localhost:{}", server.port());
        let mut browser = Self { stream: BufReader::new(stream), host, cookie: String::new() };
        let form = format!("user={user}&password={}", PASSWORD.replace(' ', "+"));
        let answer = browser.ask("POST", "/web/login", Some(&form))?;
        let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let session = set.filter_map(|(_, value)| value.split(';').next());
        let session = session.into_iter().find(|pair| pair.contains("session"));
        browser.cookie = session.with_context(|| format!("not signed in ({})", answer.status))?.to_owned();
        Ok(browser)
    }

    /// Fetches a page; its size in bytes.
    pub(super) fn get(&mut self, path: &str) -> Result<usize> {
        let answer = self.ask("GET", path, None)?;
        if answer.status != 200 {
            bail!("{path} was answered with {}", answer.status);
        }
        Ok(answer.body.len())
    }

    fn ask(&mut self, method: &str, path: &str, form: Option<&str>) -> Result<Response> {
        let Self { host, cookie, .. } = self;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\n");
        request.push_str(&format!("sec-fetch-site: same-origin\r\ncookie: {cookie}\r\n"));
        let body = form.unwrap_or_default();
        if form.is_some() {
            let length = body.len();
            request.push_str(&format!(
                "content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n"
            ));
        }
        let stream = self.stream.get_mut();
        stream.write_all(format!("{request}\r\n{body}").as_bytes())?;
        stream.flush()?;
        self.answer()
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn answer(&mut self) -> Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.context("the server's answer is no HTTP")?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let find =
            |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let mut body = Vec::new();
        if find("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&self.line()?, 16).context("a chunk without a size")?;
                self.take(size, &mut body)?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = find("content-length") {
            let length = length.parse().context("a length that is no number")?;
            self.take(length, &mut body)?;
        }
        Ok(Response { status, headers, body })
    }

    fn take(&mut self, size: usize, body: &mut Vec<u8>) -> Result<()> {
        let wanted = u64::try_from(size)?;
        let taken = (&mut self.stream).take(wanted).read_to_end(body)?;
        if taken != size {
            bail!("the server's answer ends short");
        }
        Ok(())
    }
}
