//! Puts the domain over the foundation, and the edges over the domain.

use std::sync::Arc;

use gatehouse_domain::account::AccountError;
use gatehouse_domain::cluster::CLUSTER_ID;
use gatehouse_domain::ports::{Passkeys, StoreError, uuid_v7};
use gatehouse_domain::{Core, Services};
use gatehouse_model::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::config_check::shadow_warning;
use crate::foundation::Foundation;
use crate::grpc::{self, Gateway, ServerFacts, StreamLimits};
use crate::passkeys::WebauthnPasskeys;
use crate::{http, listener, request_id};

/// The server cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("the database cannot be prepared")]
    Store(#[from] StoreError),
    #[error("the link of the first admin cannot be made")]
    FirstAdmin(#[from] AccountError),
    #[error("the description of the gRPC services that is built in cannot be read")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// A server that is ready to serve.
pub struct Composed {
    pub services: Arc<Services>,
    pub routers: listener::Services,
    /// The link that creates the first admin, on a database without users.
    pub first_admin_url: Option<String>,
    /// What an admin should know at every start.
    pub warnings: Vec<String>,
}

/// Puts everything together; the foundation has been bound, so that its public address is known.
///
/// # Errors
/// A failing database.
pub async fn compose(foundation: &Foundation) -> Result<Composed, ComposeError> {
    let (clock, random) = (Arc::clone(&foundation.clock), Arc::clone(&foundation.random));
    let mut work = foundation.store.begin().await?;
    work.init_cluster_value(CLUSTER_ID, &uuid_v7(clock.now(), &*random)).await?;
    work.commit().await?;
    let sealer = Arc::clone(&foundation.sealer);
    let user_ca = Arc::clone(&foundation.user_ca);
    let (address, cluster_name) = (foundation.config.public_address(), foundation.config.cluster_name());
    let passkeys = WebauthnPasskeys::new(&address, &cluster_name);
    if passkeys.is_none() {
        tracing::info!(%address, "no passkeys: the public address has no host name");
    }
    let services = Arc::new(Services::new(Core {
        store: Arc::clone(&foundation.store),
        clock: Arc::clone(&clock),
        random: Arc::clone(&random),
        sealer,
        ca: user_ca,
        passkeys: passkeys.map(|passkeys| Arc::new(passkeys) as Arc<dyn Passkeys>),
        issuers: Arc::clone(&foundation.issuers),
        cluster_name,
        static_preference: foundation.config.preference.clone(),
    }));
    services.roles.ensure_presets().await?;
    services.preference.hold_sessions().await?;
    let shadowed = services.preference.document().await?.shadowed;
    let facts = Arc::new(facts(foundation, clock.now()));
    let first_admin = services.accounts.first_admin_link().await?;
    let first_admin_url = first_admin.map(|link| facts.url(&format!("/web/signup/{}", link.token.reveal())));
    let limits = StreamLimits::default();
    let gateway = Gateway { services: Arc::clone(&services), facts: Arc::clone(&facts), limits };
    let grpc = grpc::router(&gateway).await.map_err(ComposeError::Reflection)?;
    // What the administrator gave is of an issuer that machines know, and may be renewed with another key.
    let own_pin = foundation.config.tls_files.is_none().then_some(facts.tls_pin.as_str());
    let site = http::Site::find();
    let browser =
        http::router(Arc::clone(&services), Arc::clone(&random), &site, &facts.public_address, own_pin);
    let routers = listener::Services {
        browser: request_id::assign(browser, Arc::clone(&clock), Arc::clone(&random)),
        grpc: request_id::assign(grpc, clock, random),
    };
    let warnings = shadowed.into_iter().map(|key| shadow_warning(&foundation.config, key)).collect();
    Ok(Composed { services, routers, first_admin_url, warnings })
}

fn facts(foundation: &Foundation, started: Timestamp) -> ServerFacts {
    ServerFacts {
        public_address: foundation.config.public_address().to_string(),
        started,
        tls_pin: foundation.certificate.pin().to_owned(),
        tls_not_after: foundation.certificate.not_after(),
        x509_user_ca_fingerprint: hex::encode(Sha256::digest(foundation.user_ca.x509_certificate())),
    }
}
