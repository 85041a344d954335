use gatehouse_domain::cluster::{COUNTED, LockedOut, Yourself};
use gatehouse_model::DeviceTrustMode;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::user_path;
use crate::api::query::address;
use crate::api::settings::locked_out;
use crate::components::{PageHeader, Pager, Problem};
use crate::{ApiError, ConsoleContext};

pub(super) const PATH: &str = "/web/settings/locked-out";

/// Whom a mode would lock out: all names, in pages.
#[component]
pub(crate) fn LockedOutPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let given = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let (mode, role, after) = (given("mode").unwrap_or_default(), given("role"), given("after"));
    view! {
        <Title text="Who would be locked out"/>
        <PageHeader title="Who would be locked out" up=("/web/settings", "Device trust")/>
        <Suspense>
            {Suspend::new(async move {
                match look(&mode, role.as_deref(), after.as_deref()).await {
                    Ok((locked_out, mode)) => {
                        let at = |after: &str| {
                            let role = role.clone().unwrap_or_default();
                            address(PATH, &[("mode", mode.as_str()), ("role", &role), ("after", after)])
                        };
                        let first = after.is_some().then(|| at(""));
                        let next = locked_out.next.as_deref().map(at);
                        let locked_out = LockedOut { next: None, ..locked_out };
                        view! {
                            <section class="card card--part"><LockedOutNames locked_out mode role=role.clone()/></section>
                            <Pager first next/>
                        }
                        .into_any()
                    }
                    Err(error) => view! { <Problem title="This cannot be told" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

async fn look(
    mode: &str,
    role: Option<&str>,
    after: Option<&str>,
) -> Result<(LockedOut, DeviceTrustMode), ApiError> {
    let console = ConsoleContext::current()?;
    let mode = mode.parse().map_err(|error: String| ApiError::invalid("invalid_setting", &error))?;
    Ok((locked_out(&console, mode, role, after).await?, mode))
}

/// Whom a mode would lock out: how many, the first names, and what it means for whoever looks.
#[component]
pub(crate) fn LockedOutNames(
    locked_out: LockedOut,
    mode: DeviceTrustMode,
    /// The role whose mode it is; the cluster's otherwise.
    role: Option<String>,
) -> impl IntoView {
    let count = if locked_out.count > COUNTED { "10,000+".to_owned() } else { locked_out.count.to_string() };
    let whose = match &role {
        Some(role) => format!("with the role {role} "),
        None => String::new(),
    };
    let sentence = match locked_out.count {
        0 => format!("Every user {whose}whom \"{mode}\" concerns has an enrolled device."),
        1 => format!("1 user {whose}has no enrolled device and would be locked out now:"),
        _ => format!("{count} users {whose}have no enrolled device and would be locked out now:"),
    };
    let yourself = match locked_out.yourself {
        Yourself::Unaffected => None,
        Yourself::SessionUntrusted => Some(
            "You have an enrolled device, but this session is not on it: the console closes for you until you sign in \
             from it.",
        ),
        Yourself::LockedOut => Some(
            "You are among them: the console closes for you at once, but for your account and your devices.",
        ),
    };
    let names = locked_out.users.into_iter().map(|name| {
        let path = user_path(&name);
        view! { <li><a href=path>{name}</a></li> }
    });
    let names = names.collect_view();
    let role = role.unwrap_or_default();
    let all = locked_out.next.is_some().then(|| {
        let path = address(PATH, &[("mode", mode.as_str()), ("role", &role)]);
        view! { <p><a href=path>"All names"</a></p> }
    });
    view! {
        <p>{sentence}</p>
        {(!names.is_empty()).then(|| view! { <ul class="names">{names}</ul> })}
        {all}
        {yourself.map(|text| view! { <p><strong>{text}</strong></p> })}
    }
}
