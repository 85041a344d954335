//! A browser in front of the same server: HTTP/1.1 over TLS, with cookies and a name.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE, USER_AGENT};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

use super::{PASSWORD, Rig, Target};

/// Firefox on Linux.
pub(crate) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

const SESSION: &str = "__Host-gatehouse_session";

#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) target: Target,
    pub(crate) cookie: Option<String>,
    pub(crate) user_agent: &'static str,
    /// The address of this machine that it asks from.
    pub(crate) from: [u8; 4],
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// What the page that hands a session over shows.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) code: String,
}

impl Rig {
    pub(crate) fn browser(&self) -> Browser {
        Browser { target: self.target.clone(), cookie: None, user_agent: FIREFOX, from: [127, 0, 0, 1] }
    }

    /// A browser in which somebody is signed in, and where that led.
    pub(crate) async fn signed_in(&self, user: &str) -> (Browser, String) {
        let mut browser = self.browser();
        let place = browser.sign_in(user, "/web/account/security").await;
        (browser, place)
    }
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn refused(&self, status: StatusCode, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert!(self.body.contains(&format!("<code>{code}</code>")), "lacks {code}: {}", self.body);
    }
}

impl Browser {
    pub(crate) async fn sign_in(&mut self, user: &str, next: &str) -> String {
        let body = format!("user={user}&password={}&next={next}", PASSWORD.replace(' ', "+"));
        let page = self.ask(Method::POST, "/web/login", &[("sec-fetch-site", "same-origin")], body).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        page.location().to_owned()
    }

    pub(crate) async fn get(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path, &[], String::new()).await
    }

    /// The link and the code of a page that hands this session over.
    pub(crate) async fn link(&mut self, path: &str) -> Link {
        let page = self.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let between = |start: &str, end: &str| -> String {
            let (_, rest) =
                page.body.split_once(start).unwrap_or_else(|| panic!("no {start}: {}", page.body));
            rest.split_once(end).unwrap().0.to_owned()
        };
        let url = between("href=\"gatehouse://", "\"").replace("&amp;", "&");
        let url = format!("gatehouse://{url}");
        let part = |name: &str| -> String {
            let (_, rest) = url.split_once(&format!("{name}=")).unwrap();
            rest.split('&').next().unwrap().to_owned()
        };
        Link { id: part("?id"), token: part("&token"), code: between("tsh device authorize ", "<"), url }
    }

    pub(crate) async fn confirm(&mut self, id: &str, token: &str) -> Page {
        self.get(&confirm_path(id, token)).await
    }

    pub(crate) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header(USER_AGENT, self.user_agent)
            .header(ACCEPT, "text/html")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("{SESSION}={cookie}"));
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((self.from, 0).into()).unwrap();
        let stream = socket.connect(self.target.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(self.config()).connect(name, stream).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        for set in parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once("; ").unwrap();
            if name == SESSION {
                self.cookie = (!attributes.contains("Max-Age=0")).then(|| value.to_owned());
            }
        }
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).replace("<!>", ""),
        }
    }

    fn config(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.target.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// The address that brings a session back.
pub(crate) fn confirm_path(id: &str, token: &str) -> String {
    format!("/webapi/devices/webconfirm?id={id}&token={token}")
}
