use std::sync::{Arc, OnceLock};

use axum::http::StatusCode;
use gatehouse_domain::authz::{Capability, Grant, Principal};
use gatehouse_domain::identity::RequestFacts;
use gatehouse_domain::{Failure, Services};
use gatehouse_model::ErrorKind;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

use crate::ApiError;
use crate::way_out::hint_in_console;

/// Who asks, and what answers; provided by the server for every request.
#[derive(Clone)]
pub struct ConsoleContext {
    pub services: Arc<Services>,
    pub principal: Principal,
    pub facts: RequestFacts,
    /// Where browsers and command lines reach this cluster: host and port.
    pub public_address: Arc<str>,
    /// By what command lines know the server's certificate; empty where its issuer is one that machines know.
    pub tls_pin: Arc<str>,
    /// The cookie of a sign-in whose second factor is still to come; empty where there is none.
    pub pending_sign_in: Arc<str>,
    /// Asked for by a page that lies open, not by the person in front of it.
    pub is_unattended: bool,
    /// What was refused while the request was answered.
    pub refusals: Refusals,
}

/// The first refusal of a request, for the audit log: whoever is shown its id can be helped by it.
#[derive(Clone, Default)]
pub struct Refusals(Arc<OnceLock<ApiError>>);

impl Refusals {
    /// The first, if there was one.
    #[must_use]
    pub fn first(&self) -> Option<&ApiError> {
        self.0.get()
    }
}

/// Said once, on the page that is being rendered.
#[derive(Clone, Debug)]
pub struct Said(pub String);

/// The request is refused as a whole, whatever page was asked for.
#[derive(Clone, Debug)]
pub struct Refusal(pub ApiError);

impl ConsoleContext {
    /// The context of the request that is being answered.
    ///
    /// # Errors
    /// A server function that runs outside of any request.
    pub(crate) fn current() -> Result<Self, ApiError> {
        use_context::<Self>().ok_or_else(|| ApiError {
            kind: ErrorKind::Internal,
            code: "internal_error".to_owned(),
            message: "internal error".to_owned(),
            hint: None,
            request_id: String::new(),
        })
    }

    /// A failure in the form that the browser gets. The one place where it leaves through the console, and so the one
    /// where it is logged; the answer under way takes its status.
    #[must_use]
    pub fn refuse(&self, failure: impl Into<Failure>) -> ApiError {
        let failure = failure.into();
        log(&failure, &self.facts.request_id);
        take_status(failure.kind);
        let error = ApiError {
            kind: failure.kind,
            code: failure.code.to_owned(),
            message: failure.message(),
            hint: hint_in_console(failure.code).map(str::to_owned).or(failure.hint),
            request_id: self.facts.request_id.clone(),
        };
        self.refusals.0.get_or_init(|| error.clone());
        error
    }

    /// An error that the console's edge has found by itself, in the form in which it is shown: with the request's id, by
    /// which the audit log finds it. The answer under way takes its status.
    #[must_use]
    pub fn shown(&self, mut error: ApiError) -> ApiError {
        if error.request_id.is_empty() {
            take_status(error.kind);
            error.request_id.clone_from(&self.facts.request_id);
            self.refusals.0.get_or_init(|| error.clone());
        }
        error
    }

    /// A key for a form on the page, good for one sending by the viewer's session.
    #[must_use]
    pub fn form_key(&self) -> String {
        let session = self.principal.signed_in().map_or("", |user| user.session_id.as_str());
        self.services.form_keys.fresh(session)
    }

    /// Leave for what a page shows or does.
    ///
    /// # Errors
    /// As `Principal::grant`.
    pub(crate) fn granted<C: Capability>(&self) -> Result<Grant<C>, ApiError> {
        self.principal.grant().map_err(|error| self.refuse(error))
    }

    /// Whether whoever asks may do something, at the latest after a fresh factor.
    ///
    /// # Errors
    /// As `Principal::grant`.
    pub(crate) fn may<C: Capability>(&self) -> Result<(), ApiError> {
        crate::form::may::<C>(&self.principal).map_err(|error| self.refuse(error))
    }
}

fn take_status(kind: ErrorKind) {
    if let Some(answer) = use_context::<ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(kind.http_status())
    {
        answer.set_status(status);
    }
}

fn log(failure: &Failure, request_id: &str) {
    let mut chain = failure.error.to_string();
    let mut cause = failure.error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    match failure.kind {
        ErrorKind::Internal | ErrorKind::Unavailable => {
            tracing::error!(code = failure.code, request_id, error = chain, "request failed");
        }
        _ => tracing::info!(code = failure.code, request_id, error = chain, "request refused"),
    }
}
