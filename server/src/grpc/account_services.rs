use gatehouse_domain::Failure;
use gatehouse_domain::account::{
    CliProgress, FactorAnswer, LoggedIn, LoginKeys, LoginRequest, NewCliLogin, NewFactor, SignedUp,
};
use gatehouse_domain::entity::{CliMachine, LinkPurpose};
use gatehouse_model::{DeviceTrustMode, Timestamp};
use gatehouse_proto::convert::timestamp;
use gatehouse_proto::devicetrust::UserCertificates;
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::{Request, Response, Status};
use wire::account_service_server::AccountService;
use wire::auth_service_server::AuthService;

use super::admin_services::session_page;
use super::caller::Caller;
use super::{Gateway, VERSION, paging, status};

type Answer<T> = Result<Response<T>, Status>;

/// How often a command line should ask whether its login was decided.
const ASK_EVERY_SECS: i32 = 2;

#[tonic::async_trait]
impl AuthService for Gateway {
    async fn ping(&self, request: Request<wire::PingRequest>) -> Answer<wire::PingResponse> {
        let caller = Caller::of(&request)?;
        let effective = self.services.preference.current().await.map_err(|error| caller.status(error))?;
        Ok(Response::new(wire::PingResponse {
            server_version: VERSION.to_owned(),
            cluster_name: self.services.status.cluster_name().to_owned(),
            public_address: self.facts.public_address.clone(),
            second_factor: effective.second_factor.as_str().to_owned(),
            device_trust: Some(wire::DeviceTrustSettings {
                disabled: effective.mode == DeviceTrustMode::Off,
                auto_enroll: effective.auto_enroll,
                mode: effective.mode.as_str().to_owned(),
                ship_ahead: effective.ship_ahead,
            }),
        }))
    }

    async fn begin_signup(
        &self,
        request: Request<wire::BeginSignupRequest>,
    ) -> Answer<wire::BeginSignupResponse> {
        let caller = Caller::of(&request)?;
        let facts = self.services.accounts.begin_signup(&request.into_inner().token).await;
        let facts = facts.map_err(|error| caller.status(error))?;
        let (otpauth_url, otp_secret) = facts.otpauth.unwrap_or_default();
        Ok(Response::new(wire::BeginSignupResponse {
            user: facts.user,
            otpauth_url,
            otp_secret,
            reset: facts.purpose == LinkPurpose::Reset,
            expires: Some(timestamp(facts.expires)),
        }))
    }

    async fn finish_signup(
        &self,
        request: Request<wire::FinishSignupRequest>,
    ) -> Answer<wire::FinishSignupResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let done = self
            .services
            .accounts
            .finish_signup(
                &message.token,
                &message.user,
                &message.password,
                &NewFactor::Code(message.otp_code),
                &caller.facts(),
            )
            .await
            .map_err(|error| caller.status(error))?;
        let SignedUp { user, recovery_codes } = done;
        Ok(Response::new(wire::FinishSignupResponse { user: user.name, recovery_codes }))
    }

    async fn login(&self, request: Request<wire::LoginRequest>) -> Answer<wire::LoginResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        if message.tls_public_key_der.is_empty() {
            return Err(caller.status(status::invalid("message_incomplete", "missing tls_public_key_der")));
        }
        let login = LoginRequest { user: message.user, password: message.password, code: message.otp_code };
        let keys = LoginKeys {
            tls_public_key_der: message.tls_public_key_der,
            ssh_public_key: Some(message.ssh_public_key).filter(|key| !key.is_empty()),
            ttl_secs: Some(message.ttl_seconds).filter(|secs| *secs > 0),
        };
        let done = self
            .services
            .accounts
            .login(&login, &keys, &caller.facts())
            .await
            .map_err(|error| caller.status(error))?;
        Ok(Response::new(self.logged_in(done)))
    }

    async fn begin_browser_login(
        &self,
        request: Request<wire::BeginBrowserLoginRequest>,
    ) -> Answer<wire::BeginBrowserLoginResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let loopback =
            (message.redirect_port != 0).then(|| (i64::from(message.redirect_port), message.redirect_state));
        let new = NewCliLogin {
            user: message.user,
            challenge: message.code_challenge,
            keys: LoginKeys {
                tls_public_key_der: message.tls_public_key_der,
                ssh_public_key: Some(message.ssh_public_key).filter(|key| !key.is_empty()),
                ttl_secs: Some(message.ttl_seconds).filter(|secs| *secs > 0),
            },
            loopback,
            machine: CliMachine { host_name: message.host_name, os_user: message.os_user, os: message.os },
        };
        let begun = self.services.accounts.begin_cli_login(new, &caller.facts()).await;
        let login = begun.map_err(|error| caller.status(error))?;
        Ok(Response::new(wire::BeginBrowserLoginResponse {
            url: self.facts.url(&format!("/web/cli/login?id={}", login.id)),
            login_id: login.id,
            user_code: login.user_code,
            expires: Some(timestamp(login.expires)),
            interval_seconds: ASK_EVERY_SECS,
        }))
    }

    async fn finish_browser_login(
        &self,
        request: Request<wire::FinishBrowserLoginRequest>,
    ) -> Answer<wire::FinishBrowserLoginResponse> {
        let caller = Caller::of(&request)?;
        let message = request.into_inner();
        let progress = self
            .services
            .accounts
            .finish_cli_login(&message.login_id, &message.code_verifier, &message.code, &caller.facts())
            .await
            .map_err(|error| caller.status(error))?;
        let login = match progress {
            CliProgress::Pending => None,
            CliProgress::Done(done) => Some(self.logged_in(*done)),
        };
        Ok(Response::new(wire::FinishBrowserLoginResponse { pending: login.is_none(), login }))
    }
}

impl Gateway {
    fn logged_in(&self, done: LoggedIn) -> wire::LoginResponse {
        wire::LoginResponse {
            certificates: Some(UserCertificates {
                x509_der: done.certificates.x509_der,
                ssh_authorized_key: done.certificates.ssh_authorized_key.into_bytes(),
            }),
            cluster_name: self.services.status.cluster_name().to_owned(),
            session_id: done.session.id,
            roles: done.roles,
            logins: done.logins,
            valid_until: Some(timestamp(done.session.expires)),
            trusted_device_required: done.device_required,
            ssh_user_ca: self.services.status.ssh_user_ca(),
        }
    }
}

#[tonic::async_trait]
impl AccountService for Gateway {
    async fn who_am_i(&self, request: Request<()>) -> Answer<wire::WhoAmIResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let (user, _) = principal.account().map_err(|error| caller.status(error))?;
        let (device_id, asset_tag) =
            user.device.clone().map(|device| (device.device_id, device.asset_tag)).unwrap_or_default();
        Ok(Response::new(wire::WhoAmIResponse {
            user: user.name.clone(),
            roles: user.roles.iter().map(|role| role.name.clone()).collect(),
            session_id: user.session_id.clone(),
            device_id,
            asset_tag,
            trusted_device_required: user.device_required,
        }))
    }

    async fn confirm_second_factor(&self, request: Request<wire::ConfirmSecondFactorRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = self
            .services
            .accounts
            .confirm_second_factor(&principal, &message.password, &FactorAnswer::Code(message.otp_code))
            .await;
        // A certificate has no cookie to be renewed.
        outcome.map(|_| Response::new(())).map_err(|error| caller.status(Failure::from(error)))
    }

    async fn logout(&self, request: Request<()>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        self.services
            .sessions
            .logout(&principal)
            .await
            .map(Response::new)
            .map_err(|error| caller.status(error))
    }

    async fn list_own_sessions(
        &self,
        request: Request<wire::ListOwnSessionsRequest>,
    ) -> Answer<wire::ListSessionsResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let before: Option<(Timestamp, String)> = paging::read(&message.page_token)?;
            let size = paging::size(message.page_size);
            let page = self.services.sessions.list_own(&principal, before.as_ref(), size).await?;
            Ok::<_, Failure>(session_page(page, &principal))
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn end_own_session(&self, request: Request<wire::EndSessionRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let ended = self.services.sessions.end_own(&principal, &request.into_inner().id).await;
        ended.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn end_other_sessions(&self, request: Request<()>) -> Answer<wire::EndOtherSessionsResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let ended = self.services.sessions.end_others(&principal).await;
        let ended = ended.map_err(|error| caller.status(error))?;
        Ok(Response::new(wire::EndOtherSessionsResponse { ended: i32::try_from(ended).unwrap_or(i32::MAX) }))
    }
}
