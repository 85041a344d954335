use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::security::when;
use super::signup::PasskeyNameField;
use super::stray::StrayProblem;
use crate::api::{KeyRow, security_view};
use crate::components::{ConfirmForm, PageHeader, PostForm, Problem};
use crate::{ApiError, ConsoleContext};

/// One of the own passkeys: its name, and taking it away.
#[component]
pub(crate) fn PasskeyPage() -> impl IntoView {
    let id = use_params_map().get_untracked().get("id").unwrap_or_default();
    view! {
        <Title text="Passkey"/>
        <Suspense>
            {Suspend::new(async move {
                match find(&id).await {
                    Ok((key, is_fresh)) => view! { <OnePasskey key_row=key is_fresh/> }.into_any(),
                    Err(error) => view! {
                        <PageHeader title="Passkey" up=("/web/account/security", "Security")/>
                        <Problem title="This passkey cannot be shown" error/>
                    }
                    .into_any(),
                }
            })}
        </Suspense>
    }
}

async fn find(id: &str) -> Result<(KeyRow, bool), ApiError> {
    let console = ConsoleContext::current()?;
    let view = security_view(&console).await?;
    let missing = || {
        console.refuse(gatehouse_domain::account::AccountError::PasskeyNotFound(
            gatehouse_model::clean_label(id),
        ))
    };
    let key = view.keys.into_iter().find(|key| key.id == id).ok_or_else(missing)?;
    Ok((key, view.is_fresh))
}

#[component]
fn OnePasskey(key_row: KeyRow, is_fresh: bool) -> impl IntoView {
    let key = key_row;
    let shown = if is_fresh { vec!["rename", "remove"] } else { vec!["rename"] };
    let remove = if is_fresh {
        view! {
            <ConfirmForm
                action="remove"
                label="Remove this passkey …"
                words="It will sign in nobody any more, and your other sessions end. The authenticator keeps its own \
                       copy, which then leads nowhere: delete it there as well."
                submit="Remove passkey"
                is_danger=true
            />
        }
        .into_any()
    } else {
        let to = format!("/web/account/confirm?next=/web/account/security/passkeys/{}", key.id);
        view! { <p><a class="button" href=to>"Confirm that it is you to remove it"</a></p> }.into_any()
    };
    view! {
        <PageHeader title=key.name.clone() lead="A passkey of yours" up=("/web/account/security", "Security")/>
        <StrayProblem has=shown/>
        <dl class="facts card">
            <dt>"Added"</dt><dd>{when(key.created)}</dd>
            <dt>"Last used"</dt><dd>{key.last_used.map_or("never".into_any(), |moment| when(moment).into_any())}</dd>
            <dt>"Kept"</dt>
            <dd>{if key.is_synced { "copied between devices by its maker" } else { "on one device" }}</dd>
            <dt>"Without a user name"</dt>
            <dd>{if key.is_discoverable { "yes" } else { "no: beside the password only" }}</dd>
            {key.stranded.map(|host| view! {
                <dt>"For"</dt><dd>{host} ", an address that this server had before: it counts no longer"</dd>
            })}
        </dl>
        <section class="card card--part" aria-labelledby="rename">
            <h2 id="rename">"Name"</h2>
            <PostForm action="rename" submit="Save name" is_second=true>
                <PasskeyNameField value=key.name/>
            </PostForm>
        </section>
        {remove}
    }
}
