use gatehouse_domain::authz::CreateRole;
use gatehouse_domain::cluster::RoleGlance;
use leptos::prelude::*;
use leptos_meta::Title;

use super::path_of;
use crate::ConsoleContext;
use crate::api::roles::role_list;
use crate::components::{Badge, Icon, PageHeader, Problem, Shape, Tone};

/// All roles.
#[component]
pub(crate) fn RolesPage() -> impl IntoView {
    let may_create =
        use_context::<ConsoleContext>().is_some_and(|console| console.principal.may::<CreateRole>());
    view! {
        <Title text="Roles"/>
        <PageHeader title="Roles" lead="What roles allow adds up; what no role of a user allows is refused.">
            {may_create.then(|| view! {
                <a class="button button--primary" href="/web/roles/~new"><Icon shape=Shape::Plus/>"New role"</a>
            })}
        </PageHeader>
        <Suspense>
            {Suspend::new(async move {
                let found = match ConsoleContext::current() {
                    Ok(console) => role_list(&console).await,
                    Err(error) => Err(error),
                };
                match found {
                    Ok(roles) => view! { <RoleTable roles/> }.into_any(),
                    Err(error) => view! { <Problem title="Roles cannot be shown" error/> }.into_any(),
                }
            })}
        </Suspense>
    }
}

#[component]
fn RoleTable(roles: Vec<RoleGlance>) -> impl IntoView {
    let rows = roles.into_iter().map(|glance| {
        let role = glance.role;
        let preset = glance.is_preset.then(|| view! { <Badge tone=Tone::Plain text="preset"/> });
        let device = role.spec.options.device_trust_mode.map_or_else(
            || view! { <span class="table__none">"as the cluster says"</span> }.into_any(),
            |mode| mode.to_string().into_any(),
        );
        let (id, topic) = (format!("role-{}", role.name), format!("role:{}", role.name));
        view! {
            <tr id=id data-live=topic>
                <th scope="row"><a href=path_of(&role.name)>{role.name.clone()}</a> " " {preset}</th>
                <td data-label="What for" class="table__wide">{role.description}</td>
                <td data-label="Trusted device">{device}</td>
                <td data-label="Users" class="table__number">{glance.users}</td>
            </tr>
        }
    });
    view! {
        <div class="table-frame" role="region" aria-label="Roles" tabindex="0">
            <table class="table">
                <caption>"Roles by name"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"What for"</th>
                        <th scope="col">"Trusted device"</th>
                        <th scope="col">"Users"</th>
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}
