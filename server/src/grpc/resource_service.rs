use gatehouse_domain::Failure;
use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::Principal;
use gatehouse_domain::cluster::{NewLock, Source};
use gatehouse_model::resource::{
    KIND_LOCK, KIND_PREFERENCE, KIND_ROLE, KIND_USER, LockSpec, PREFERENCE_NAME, PreferenceSpec, Resource,
    RoleSpec, UserSpec,
};
use gatehouse_model::{ErrorKind, clean_label};
use gatehouse_proto::gatehouse::v1 as wire;
use tonic::{Request, Response, Status};
use wire::resource_service_server::ResourceService;

use super::caller::Caller;
use super::{Gateway, documents, paging, status};

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ResourceService for Gateway {
    async fn get_resource(&self, request: Request<wire::GetResourceRequest>) -> Answer<wire::Resource> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = self.get(&principal, &message.kind, &message.name).await;
        outcome.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn list_resources(
        &self,
        request: Request<wire::ListResourcesRequest>,
    ) -> Answer<wire::ListResourcesResponse> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let (mut next, services) = (None, &self.services);
            let resources = match message.kind.as_str() {
                KIND_USER => {
                    let after: Option<String> = paging::read(&message.page_token)?;
                    let size = paging::size(message.page_size);
                    let users = services.accounts.list(&principal.grant()?, after.as_deref(), size).await?;
                    let full = i64::try_from(users.len()).is_ok_and(|len| len == size);
                    next = users.last().filter(|_| full).map(|last| last.name.clone());
                    users.into_iter().map(documents::user).collect()
                }
                KIND_ROLE => {
                    services.roles.list(&principal.grant()?).await?.into_iter().map(documents::role).collect()
                }
                KIND_LOCK => {
                    services.locks.list(&principal.grant()?).await?.into_iter().map(documents::lock).collect()
                }
                kind => vec![self.get(&principal, kind, PREFERENCE_NAME).await?],
            };
            Ok::<_, Failure>(wire::ListResourcesResponse {
                resources,
                next_page_token: paging::token(next.as_ref()),
            })
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn create_resource(&self, request: Request<wire::CreateResourceRequest>) -> Answer<wire::Resource> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let (kind, json) = (message.kind.as_str(), message.json.as_str());
            match self.create(&principal, kind, json, message.force).await {
                Err(failure) if message.force && failure.kind == ErrorKind::Conflict => {
                    // Whatever is there, also if it is no longer what the document was made from.
                    self.update(&principal, kind, json, None).await
                }
                outcome => outcome,
            }
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn update_resource(&self, request: Request<wire::UpdateResourceRequest>) -> Answer<wire::Resource> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let given = Some(message.revision).filter(|revision| !revision.is_empty());
        let revision = given.or_else(|| documents::revision(&message.json));
        let outcome = self.update(&principal, &message.kind, &message.json, revision.as_deref()).await;
        outcome.map(Response::new).map_err(|error| caller.status(error))
    }

    async fn delete_resource(&self, request: Request<wire::DeleteResourceRequest>) -> Answer<()> {
        let caller = Caller::of(&request)?;
        let principal = caller.principal(&self.services).await?;
        let message = request.into_inner();
        let outcome = async {
            let (services, name) = (&self.services, message.name.as_str());
            match message.kind.as_str() {
                KIND_USER => services.accounts.delete(&principal.grant()?, name).await?,
                KIND_ROLE => services.roles.delete(&principal.grant()?, name).await?,
                KIND_LOCK => services.locks.delete(&principal.grant()?, name).await?,
                // Back to the file and the defaults.
                KIND_PREFERENCE => {
                    services.preference.set(&principal.grant()?, &PreferenceSpec::default(), None).await?;
                }
                other => return Err(unknown_kind(other)),
            }
            Ok::<_, Failure>(())
        };
        outcome.await.map(Response::new).map_err(|error| caller.status(error))
    }
}

impl Gateway {
    async fn get(&self, principal: &Principal, kind: &str, name: &str) -> Result<wire::Resource, Failure> {
        let services = &self.services;
        Ok(match kind {
            KIND_USER => documents::user(services.accounts.get(&principal.grant()?, name).await?),
            KIND_ROLE => documents::role(services.roles.get(&principal.grant()?, name).await?),
            KIND_LOCK => documents::lock(services.locks.get(&principal.grant()?, name).await?),
            KIND_PREFERENCE => documents::preference(services.preference.get(&principal.grant()?).await?),
            other => return Err(unknown_kind(other)),
        })
    }

    async fn create(
        &self,
        principal: &Principal,
        kind: &str,
        json: &str,
        force: bool,
    ) -> Result<wire::Resource, Failure> {
        let services = &self.services;
        match kind {
            KIND_USER => {
                let document = documents::read::<UserSpec>(kind, json)?;
                let new = NewUser { name: document.metadata.name, spec: document.spec };
                let (user, link) = services.accounts.create(&principal.grant()?, new, None).await?;
                let name = user.name.clone();
                let mut resource = documents::user(user);
                if link.is_some() {
                    let text =
                        format!("{name} has no password yet: make a link with `tctl users reset {name}`");
                    resource.warnings.push(text);
                }
                Ok(resource)
            }
            KIND_ROLE => {
                let document = documents::read::<RoleSpec>(kind, json)?;
                let description = document.metadata.description.unwrap_or_default();
                let (grant, name) = (principal.grant()?, document.metadata.name);
                Ok(documents::role(services.roles.create(&grant, &name, &description, document.spec).await?))
            }
            KIND_LOCK => {
                let document = documents::read::<LockSpec>(kind, json)?;
                if !document.metadata.name.is_empty() {
                    let text = "the server names locks: leave out metadata.name";
                    return Err(status::invalid("lock_name", text));
                }
                let grant = principal.grant_lock(&document.spec.target)?;
                let LockSpec { target, message, expires } = document.spec;
                Ok(documents::lock(
                    services.locks.create(&grant, NewLock { target, message, expires }).await?,
                ))
            }
            KIND_PREFERENCE => {
                let current = services.preference.get(&principal.grant()?).await?;
                let none_dynamic = current.sources.values().all(|source| *source != Source::Dynamic);
                if !force && !none_dynamic {
                    return Err(Failure {
                        kind: ErrorKind::Conflict,
                        code: "preference_exists",
                        hint: Some(
                            "replace it with `tctl create -f`, or change it with `tctl edit cap`".to_owned(),
                        ),
                        error: "cluster_auth_preference already has dynamic values".into(),
                    });
                }
                // What somebody writes out is meant, also where it equals the file's value.
                let document = documents::read::<PreferenceSpec>(kind, json)?;
                services.preference.set(&principal.grant()?, &document.spec, None).await?;
                self.get(principal, kind, PREFERENCE_NAME).await
            }
            other => Err(unknown_kind(other)),
        }
    }

    async fn update(
        &self,
        principal: &Principal,
        kind: &str,
        json: &str,
        revision: Option<&str>,
    ) -> Result<wire::Resource, Failure> {
        let services = &self.services;
        match kind {
            KIND_USER => {
                let Resource { metadata, spec, .. } = documents::read::<UserSpec>(kind, json)?;
                let accounts = &services.accounts;
                let user = accounts.update(&principal.grant()?, &metadata.name, spec, revision).await?;
                Ok(documents::user(user))
            }
            KIND_ROLE => {
                let Resource { metadata, spec, .. } = documents::read::<RoleSpec>(kind, json)?;
                let description = metadata.description.unwrap_or_default();
                let (grant, roles) = (principal.grant()?, &services.roles);
                let role = roles.update(&grant, &metadata.name, &description, spec, revision).await?;
                Ok(documents::role(role))
            }
            KIND_PREFERENCE => {
                let document = documents::read::<PreferenceSpec>(kind, json)?;
                let current = services.preference.get(&principal.grant()?).await?;
                let spec = current.only_changes(&document.spec)?;
                services.preference.set(&principal.grant()?, &spec, revision).await?;
                Ok(documents::preference(services.preference.get(&principal.grant()?).await?))
            }
            KIND_LOCK => {
                Err(status::invalid("lock_immutable", "a lock cannot be changed: remove it and make another"))
            }
            other => Err(unknown_kind(other)),
        }
    }
}

fn unknown_kind(kind: &str) -> Failure {
    let text = format!("unknown resource kind \"{}\"", clean_label(kind));
    status::invalid("unknown_kind", text)
}
