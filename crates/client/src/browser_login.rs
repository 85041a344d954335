//! Login through a browser: a link to open, a code to compare, and certificates for a key that never leaves this machine.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gatehouse_model::{ErrorKind, clean_label};
use gatehouse_proto::gatehouse::v1::{
    BeginBrowserLoginRequest, BeginBrowserLoginResponse, FinishBrowserLoginRequest, LoginResponse,
};
use zeroize::Zeroizing;

use crate::connection::Connection;
use crate::error::{ClientError, Result};
use crate::home::{Home, Identity};
use crate::key::UserKey;
use crate::login::{Login, keep_login};
use crate::loopback::Loopback;

/// As long as a link is good for, by the contract, and a little for the way.
const PATIENCE: Duration = Duration::from_secs(310);
/// Shortest and longest pause between two questions that a server can ask for, in seconds.
const PAUSE_SECS: std::ops::RangeInclusive<i32> = 1..=30;

/// What the page says of this machine.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    pub host_name: String,
    pub os_user: String,
    pub os: String,
}

/// How the decision comes back.
pub enum CodeReturn {
    /// By a browser on this machine.
    Loopback(Loopback),
    /// By asking the server: the browser may be anywhere.
    Asking,
}

/// A login that waits for a person at a browser.
pub struct BrowserLogin {
    /// The page on which it is decided.
    pub url: String,
    /// What the page must show.
    pub user_code: String,
    id: String,
    key: UserKey,
    verifier: Zeroizing<String>,
    state: String,
    pause: Duration,
    code_return: CodeReturn,
}

impl BrowserLogin {
    /// Begins a login.
    ///
    /// # Errors
    /// The server refuses, or answers with something that is no link.
    pub async fn begin(
        connection: &Connection,
        login: &Login<'_>,
        machine: Machine,
        code_return: CodeReturn,
    ) -> Result<Self> {
        let key = UserKey::generate(&format!("{}@{}", login.user, login.proxy.host()))?;
        let (verifier, state) = (random_text()?, random_text()?);
        let redirect_port = match &code_return {
            CodeReturn::Loopback(loopback) => i32::from(loopback.port()),
            CodeReturn::Asking => 0,
        };
        let request = BeginBrowserLoginRequest {
            user: login.user.to_string(),
            code_challenge: digest(&SHA256, verifier.as_bytes()).as_ref().to_vec(),
            tls_public_key_der: key.public_spki_der(),
            ssh_public_key: key.public_openssh()?,
            ttl_seconds: login.ttl_seconds,
            redirect_port,
            redirect_state: if redirect_port == 0 { String::new() } else { state.to_string() },
            host_name: machine.host_name,
            os_user: machine.os_user,
            os: machine.os,
        };
        let answer = connection.auth().begin_browser_login(request).await.map_err(explain)?.into_inner();
        let BeginBrowserLoginResponse { login_id, url, user_code, interval_seconds, .. } = answer;
        let secs = interval_seconds.clamp(*PAUSE_SECS.start(), *PAUSE_SECS.end());
        Ok(Self {
            url: link(url)?,
            user_code: clean_label(&user_code),
            id: login_id,
            key,
            verifier,
            state: state.to_string(),
            pause: Duration::from_secs(u64::from(secs.unsigned_abs())),
            code_return,
        })
    }

    /// Waits for the decision, fetches the certificates and stores them. As [`crate::login`].
    ///
    /// # Errors
    /// It was denied, or not decided in time; the server or the disk refuses.
    pub async fn finish(
        mut self,
        connection: &Connection,
        home: &Home,
        login: Login<'_>,
    ) -> Result<(Identity, bool)> {
        let decided = tokio::time::timeout(PATIENCE, self.decided(connection)).await;
        let answer = decided.map_err(|_| expired())??;
        keep_login(home, login, self.key, answer)
    }

    async fn decided(&mut self, connection: &Connection) -> Result<LoginResponse> {
        let (id, verifier) = (&self.id, self.verifier.as_str());
        match &mut self.code_return {
            CodeReturn::Asking => loop {
                if let Some(answer) = fetch(connection, id, verifier, String::new()).await? {
                    return Ok(answer);
                }
                tokio::time::sleep(self.pause).await;
            },
            CodeReturn::Loopback(loopback) => {
                let (code, browser) = loopback.code(&self.state, &self.url).await?;
                let answer = fetch(connection, id, verifier, code).await;
                // Back to the page, which knows how it went; nothing secret stays in the browser's history.
                browser.goes_to(&self.url).await;
                answer?.ok_or_else(|| ClientError::unexpected("the server gave a code but no certificates"))
            }
        }
    }
}

/// `None` while nobody has decided.
async fn fetch(
    connection: &Connection,
    id: &str,
    verifier: &str,
    code: String,
) -> Result<Option<LoginResponse>> {
    let request =
        FinishBrowserLoginRequest { login_id: id.to_owned(), code_verifier: verifier.to_owned(), code };
    let answer = connection.auth().finish_browser_login(request).await?.into_inner();
    match answer.login {
        Some(login) => Ok(Some(login)),
        None if answer.pending => Ok(None),
        None => Err(ClientError::unexpected("the server sent neither certificates nor a reason")),
    }
}

/// A link that can be printed and handed to a browser: HTTPS and nothing but plain characters.
fn link(url: String) -> Result<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@&=+,;%".contains(&byte);
    if url.starts_with("https://") && url.len() <= 2048 && url.bytes().all(plain) {
        return Ok(url);
    }
    Err(ClientError::unexpected("the server sent something else than a link"))
}

/// 256 random bits in 43 plain characters (RFC 7636, section 4.1).
fn random_text() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    SystemRandom::new()
        .fill(bytes.as_mut())
        .map_err(|_| ClientError::new(ErrorKind::Internal, "random", "the system gives no randomness"))?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref())))
}

pub(crate) fn denied() -> ClientError {
    ClientError::new(ErrorKind::PermissionDenied, "cli_login_denied", "this login was denied in the browser")
        .with_hint("start again with `tsh login` if it was you who denied it")
}

fn expired() -> ClientError {
    ClientError::new(ErrorKind::FailedPrecondition, "cli_login_expired", "nobody decided this login in time")
        .with_hint("start again with `tsh login`; a link is good for 5 minutes")
}

fn explain(status: tonic::Status) -> ClientError {
    if status.code() == tonic::Code::Unimplemented {
        return ClientError::new(
            ErrorKind::Unimplemented,
            "browser_login_not_supported",
            "this server knows no login through the browser",
        )
        .with_hint("log in with `--auth=password`, or ask the administrator to update the server");
    }
    status.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_link_is_handed_to_a_browser() {
        assert!(link("https://gate.example:3080/web/cli/login?id=abc-DEF_1".to_owned()).is_ok());
        for bad in [
            "http://gate.example/",
            "file:///etc/passwd",
            "--help",
            "https://gate.example/\u{1b}[2J",
            "https://gate.example/ x",
            "https://gate.example/$(id)",
            "https://gate.example/'x",
            "",
        ] {
            assert!(link(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn verifiers_are_long_and_differ() {
        let (one, other) = (random_text().unwrap(), random_text().unwrap());
        assert_eq!(one.len(), 43);
        assert_ne!(*one, *other);
    }
}
