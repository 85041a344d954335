//! The address to which a browser on this machine carries the code (RFC 8252, section 7.3).

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use gatehouse_model::ErrorKind;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::browser_login::denied;
use crate::error::{ClientError, Result};

/// Largest head of a request that is read, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// For a request to arrive: browsers open connections that they then do not use.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// Listens on a free port of 127.0.0.1.
pub struct Loopback {
    listener: TcpListener,
    port: u16,
}

/// A browser that waits for an answer.
pub(crate) struct WaitingBrowser(TcpStream);

/// What a browser brings.
#[derive(Debug, PartialEq, Eq)]
enum Brought {
    Code(String),
    Denial,
}

impl Loopback {
    /// Opens the port.
    ///
    /// # Errors
    /// There is no loopback interface.
    pub async fn open() -> Result<Self> {
        let failed = |error: std::io::Error| {
            ClientError::new(
                ErrorKind::FailedPrecondition,
                "loopback",
                format!("cannot listen on 127.0.0.1: {error}"),
            )
            .with_hint("use `--no-browser`, which needs no port")
        };
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, port })
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for the browser that brings the code of this login. What anything else on this machine sends is answered
    /// and forgotten.
    pub(crate) async fn code(&mut self, state: &str, url: &str) -> Result<(String, WaitingBrowser)> {
        let mut reading = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    // A connection that breaks at once is not ours to mend.
                    if let Ok((stream, _)) = accepted {
                        reading.spawn(tokio::time::timeout(HEAD_TIME, head(stream)));
                    }
                }
                Some(read) = reading.join_next() => {
                    let Ok(Ok(Some((stream, head)))) = read else { continue };
                    let browser = WaitingBrowser(stream);
                    match brought(&head, self.port, state) {
                        Some(Brought::Code(code)) => return Ok((code, browser)),
                        Some(Brought::Denial) => {
                            browser.goes_to(url).await;
                            return Err(denied());
                        }
                        None => browser.refuse().await,
                    }
                }
            }
        }
    }
}

impl WaitingBrowser {
    /// Sends the browser on.
    pub(crate) async fn goes_to(self, url: &str) {
        self.answer(&format!("303 See Other\r\nLocation: {url}"), "").await;
    }

    async fn refuse(self) {
        let text = "Nothing of this login. Look at the terminal in which `tsh login` runs.\n";
        self.answer("404 Not Found\r\nContent-Type: text/plain; charset=utf-8", text).await;
    }

    async fn answer(mut self, start: &str, body: &str) {
        let answer = format!(
            "HTTP/1.1 {start}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\
             Content-Security-Policy: default-src 'none'\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        // The login does not depend on whether the browser still listens.
        let _ = self.0.write_all(answer.as_bytes()).await;
        let _ = self.0.shutdown().await;
    }
}

/// Reads up to the empty line; `None` for what is no request.
async fn head(mut stream: TcpStream) -> Option<(TcpStream, String)> {
    let mut read = Vec::new();
    loop {
        let mut part = [0; 2048];
        let count = stream.read(&mut part).await.ok()?;
        if count == 0 {
            return None;
        }
        read.extend_from_slice(part.get(..count)?);
        if read.windows(4).any(|four| four == b"\r\n\r\n") {
            return Some((stream, String::from_utf8(read).ok()?));
        }
        if read.len() > MAX_HEAD {
            return None;
        }
    }
}

/// What a request brings, if it is a browser's that comes from the page of this login.
fn brought(head: &str, port: u16, state: &str) -> Option<Brought> {
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    if first.next()? != "GET" {
        return None;
    }
    let (path, query) = first.next()?.split_once('?')?;
    // A page that has its own name resolve to 127.0.0.1 would name itself here.
    let host = lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    })?;
    if path != "/" || host != format!("127.0.0.1:{port}") {
        return None;
    }
    let field = |wanted: &str| {
        let mut found =
            query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(name, _)| *name == wanted);
        found.next().map(|(_, value)| value.to_owned()).filter(|_| found.next().is_none())
    };
    if field("state")? != state {
        return None;
    }
    match (field("code"), field("error")) {
        (Some(code), None) => Some(Brought::Code(code)),
        (None, Some(error)) if error == "access_denied" => Some(Brought::Denial),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str, host: &str) -> Option<Brought> {
        brought(&format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n"), 4711, "st")
    }

    #[test]
    fn only_the_page_of_this_login_brings_a_code() {
        let host = "127.0.0.1:4711";
        assert_eq!(read("/?code=abc&state=st", host), Some(Brought::Code("abc".to_owned())));
        assert_eq!(read("/?state=st&error=access_denied", host), Some(Brought::Denial));
        for (target, host) in [
            ("/?code=abc&state=other", host),
            ("/?code=abc", host),
            ("/?code=abc&state=st&state=other", host),
            ("/?code=abc&code=def&state=st", host),
            ("/?code=abc&error=access_denied&state=st", host),
            ("/favicon.ico", host),
            ("/other?code=abc&state=st", host),
            ("/?code=abc&state=st", "evil.example:4711"),
            ("/?code=abc&state=st", "localhost:4711"),
            ("/?code=abc&state=st", "127.0.0.1:4712"),
        ] {
            assert_eq!(read(target, host), None, "{target} {host}");
        }
        assert_eq!(
            brought("POST /?code=a&state=st HTTP/1.1\r\nHost: 127.0.0.1:4711\r\n\r\n", 4711, "st"),
            None
        );
        assert_eq!(brought("GET /?code=a&state=st HTTP/1.1\r\n\r\n", 4711, "st"), None);
        assert_eq!(brought("", 4711, "st"), None);
    }

    #[tokio::test]
    async fn silent_and_foreign_connections_do_not_get_in_the_way() {
        let mut loopback = Loopback::open().await.unwrap();
        let port = loopback.port();
        let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let asks = move |line: &'static str| async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let request = format!("GET {line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        };
        let browser = tokio::spawn(async move {
            let foreign = asks("/?code=x&state=guessed").await;
            assert!(foreign.starts_with("HTTP/1.1 404 "), "{foreign}");
            asks("/?code=abc&state=st").await
        });
        let (code, waiting) = loopback.code("st", "https://gate.example/").await.unwrap();
        assert_eq!(code, "abc");
        waiting.goes_to("https://gate.example/done").await;
        let answer = browser.await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 303 See Other\r\nLocation: https://gate.example/done\r\n"),
            "{answer}"
        );
    }
}
