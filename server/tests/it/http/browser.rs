use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::{CreateDevice, CreateUser, Principal};
use gatehouse_domain::device::DeviceSpec;
use gatehouse_domain::entity::{Session, SessionKey};
use gatehouse_domain::identity::RequestFacts;
use gatehouse_domain::ports::{Clock, Store};
use gatehouse_domain::{SecretToken, Services};
use gatehouse_model::resource::{PreferenceSpec, UserSpec};
use gatehouse_model::{AssetTag, OsType, SecondFactor, Timestamp};
use gatehouse_server::config::Config;
use gatehouse_server::connection_info::{Channel, ConnectionInfo};
use gatehouse_server::foundation::Foundation;
use gatehouse_server::http::Site;
use gatehouse_server::{compose, http as console, request_id};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

pub(super) const PASSWORD: &str = "correct horse battery staple";

/// Stands still until it is moved.
pub(super) struct StoppedClock(AtomicI64);

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.0.load(Ordering::SeqCst))
    }
}

impl StoppedClock {
    pub(super) fn advance(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

/// A cluster with its console.
pub(super) struct Cluster {
    pub(super) services: Arc<Services>,
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<StoppedClock>,
    pub(super) first_admin_path: String,
    router: Router,
    foundation: Foundation,
    _folder: tempfile::TempDir,
}

/// A browser that keeps the console's cookies.
pub(super) struct Browser<'a> {
    pub(super) cluster: &'a Cluster,
    /// The session's.
    pub(super) cookie: Option<String>,
    /// Of a sign-in half done.
    pub(super) pending: Option<String>,
}

pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Page {
    pub(super) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn holds(&self, text: &str) -> &Self {
        assert!(self.text().contains(text), "{} lacks {text:?}:\n{}", self.status, self.body);
        self
    }

    pub(super) fn lacks(&self, text: &str) -> &Self {
        assert!(!self.text().contains(text), "{} holds {text:?}:\n{}", self.status, self.body);
        self
    }

    /// Without the markers between the parts of a text.
    pub(super) fn text(&self) -> String {
        self.body.replace("<!>", "")
    }
}

/// A cluster that wants no second factor.
pub(super) async fn cluster() -> Cluster {
    let preference = PreferenceSpec { second_factor: Some(SecondFactor::Off), ..PreferenceSpec::default() };
    cluster_with(preference, &Site::bare()).await
}

pub(super) async fn cluster_with(preference: PreferenceSpec, site: &Site) -> Cluster {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { preference, ..Config::default() };
    let mut foundation = Foundation::lay(config, Some(folder.path().join("data"))).await.unwrap();
    let clock = Arc::new(StoppedClock(AtomicI64::new(foundation.clock.now().secs())));
    foundation.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let composed = compose::compose(&foundation).await.unwrap();
    let router = console::router(
        Arc::clone(&composed.services),
        Arc::clone(&foundation.random),
        site,
        "gate.example:3080",
        Some(foundation.certificate.pin()),
    );
    let link = composed.first_admin_url.unwrap();
    let (_, path) = link.split_once("/web/").unwrap();
    Cluster {
        services: composed.services,
        store: Arc::clone(&foundation.store),
        clock,
        first_admin_path: format!("/web/{path}"),
        router: request_id::assign(router, Arc::clone(&foundation.clock), Arc::clone(&foundation.random)),
        foundation,
        _folder: folder,
    }
}

impl Cluster {
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { cluster: self, cookie: None, pending: None }
    }

    /// A browser in which `root`, the first admin, is signed in.
    pub(super) async fn admin(&self) -> Browser<'_> {
        let mut browser = self.browser();
        let form = [("user", "root"), ("password", PASSWORD), ("password_again", PASSWORD)];
        let done = browser.post(&self.first_admin_path, &form).await;
        assert_eq!(done.location(), "/web/login?done=signed-up", "{}", done.body);
        let done = browser.sign_in("root", PASSWORD).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        browser
    }

    /// What another server over the same database would be laid on.
    pub(super) fn foundation(&self) -> &Foundation {
        &self.foundation
    }

    /// Invites a user; answers with the path of the link.
    pub(super) async fn invite(&self, name: &str) -> String {
        let grant = self.host_admin().grant::<CreateUser>().unwrap();
        let spec = UserSpec { roles: vec!["access".to_owned()], ..UserSpec::default() };
        let new = NewUser { name: name.to_owned(), spec };
        let (_, link) = self.services.accounts.create(&grant, new, None).await.unwrap();
        format!("/web/signup/{}", link.unwrap().token.reveal())
    }

    /// The host's admin, who may do everything.
    pub(super) fn host_admin(&self) -> Principal {
        self.services.identity.host_admin(0, RequestFacts::default())
    }

    /// A browser in which somebody new is signed in.
    pub(super) async fn person(&self, name: &str, roles: &[&str]) -> Browser<'_> {
        let spec = UserSpec { roles: roles.iter().map(ToString::to_string).collect(), ..UserSpec::default() };
        let new = NewUser { name: name.to_owned(), spec };
        let grant = self.host_admin().grant().unwrap();
        let (_, link) = self.services.accounts.create(&grant, new, None).await.unwrap();
        let link = format!("/web/signup/{}", link.unwrap().token.reveal());
        let mut browser = self.browser();
        let done = browser.post(&link, &[("password", PASSWORD), ("password_again", PASSWORD)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        let done = browser.sign_in(name, PASSWORD).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
        browser
    }

    /// The session that a cookie stands for now.
    pub(super) async fn session(&self, cookie: Option<&str>) -> Option<Session> {
        let cookie = SecretToken::read_cookie(cookie?)?;
        let mut work = self.store.read().await.unwrap();
        let standing = work.standing(SessionKey::Cookie(&cookie.hash())).await.unwrap();
        standing.map(|standing| standing.session)
    }

    /// Registers a device; answers with its id.
    pub(super) async fn register(&self, os: OsType, tag: &str) -> String {
        let grant = self.host_admin().grant::<CreateDevice>().unwrap();
        let spec = DeviceSpec::new(os, AssetTag::try_from(tag).unwrap());
        self.services.devices.create(&grant, spec, None).await.unwrap().0.device.id
    }

    pub(super) async fn raw(&self, mut request: Request<Body>) -> axum::response::Response {
        let remote = "192.0.2.7:40000".parse().unwrap();
        let info = ConnectionInfo { channel: Channel::Browser { remote }, peer: None };
        request.extensions_mut().insert(info);
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Page {
        let (parts, body) = self.raw(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}

impl Browser<'_> {
    /// As the forms of a page have it that this browser is shown.
    pub(super) async fn form_key(&self) -> String {
        let session = self.cluster.session(self.cookie.as_deref()).await;
        let id = session.map(|session| session.id).unwrap_or_default();
        self.cluster.services.form_keys.fresh(&id)
    }

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.ask(Request::get(path), Body::empty()).await
    }

    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin");
        // What the page's own forms carry, unless the test has something else in mind.
        let key = self.form_key().await;
        let has_key = fields.iter().any(|(name, _)| *name == "form_key");
        let mut fields = fields.to_vec();
        if !has_key {
            fields.push(("form_key", &key));
        }
        let body = form(&fields);
        self.ask(request.header(CONTENT_LENGTH, body.len()), Body::from(body)).await
    }

    /// Posts a form with a file.
    pub(super) async fn upload(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        file_name: &str,
        content: &[u8],
    ) -> Page {
        const BOUNDARY: &str = "----gatehouse-test";
        let key = self.form_key().await;
        let mut body = Vec::new();
        for (name, value) in fields.iter().copied().chain([("form_key", key.as_str())]) {
            let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\
             Content-Type: text/csv\r\n\r\n"
        );
        body.extend([head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat());
        let request = Request::post(path)
            .header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"))
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_LENGTH, body.len());
        self.ask(request, Body::from(body)).await
    }

    pub(super) async fn sign_in(&mut self, user: &str, password: &str) -> Page {
        self.post("/web/login", &[("user", user), ("password", password)]).await
    }

    async fn ask(&mut self, mut request: http::request::Builder, body: Body) -> Page {
        request = request.header("host", "gate.example:3080");
        for (name, value) in [("session", &self.cookie), ("sign_in", &self.pending)] {
            if let Some(value) = value {
                request = request.header(COOKIE, format!("__Host-gatehouse_{name}={value}"));
            }
        }
        let page = self.cluster.send(request.body(body).unwrap()).await;
        for set in page.headers.get_all(SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once("; ").unwrap();
            let kept = (!attributes.contains("Max-Age=0")).then(|| value.to_owned());
            match name {
                "__Host-gatehouse_session" => self.cookie = kept,
                "__Host-gatehouse_sign_in" => self.pending = kept,
                other => panic!("an unknown cookie: {other}"),
            }
        }
        page
    }
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let escaped = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}
