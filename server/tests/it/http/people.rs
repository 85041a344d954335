//! People with sessions, and the pages that nobody may see without leave.

use gatehouse_domain::account::NewUser;
use gatehouse_domain::authz::{CreateRole, CreateUser};
use gatehouse_model::resource::{RoleAllow, RoleSpec, Rule, UserSpec};
use http::StatusCode;

use super::browser::{Browser, Cluster, PASSWORD};

/// A browser in which a new user with these roles is signed in; `root` is there already.
pub(super) async fn person<'a>(cluster: &'a Cluster, name: &str, roles: &[&str]) -> Browser<'a> {
    let path = invite(cluster, name, roles).await;
    let mut browser = cluster.browser();
    let form = [("user", name), ("password", PASSWORD), ("password_again", PASSWORD)];
    assert_eq!(browser.post(&path, &form).await.location(), "/web/login?done=signed-up");
    assert_eq!(browser.sign_in(name, PASSWORD).await.status, StatusCode::SEE_OTHER);
    browser
}

/// An account that is not signed up yet; the path of its link.
pub(super) async fn invite(cluster: &Cluster, name: &str, roles: &[&str]) -> String {
    let grant = cluster.host_admin().grant::<CreateUser>().unwrap();
    let roles = roles.iter().map(ToString::to_string).collect();
    let new = NewUser { name: name.to_owned(), spec: UserSpec { roles, ..UserSpec::default() } };
    let (_, link) = cluster.services.accounts.create(&grant, new, None).await.unwrap();
    format!("/web/signup/{}", link.unwrap().token.reveal())
}

/// A role that allows these verbs on these resources.
pub(super) async fn role(cluster: &Cluster, name: &str, resources: &[&str], verbs: &[&str]) {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let rules = vec![Rule { resources: texts(resources), verbs: texts(verbs) }];
    let spec = RoleSpec { allow: RoleAllow { rules, logins: Vec::new() }, ..RoleSpec::default() };
    let grant = cluster.host_admin().grant::<CreateRole>().unwrap();
    cluster.services.roles.create(&grant, name, "", spec).await.unwrap();
}

/// The value of a hidden field of the page, by its name.
pub(super) fn hidden(page: &str, name: &str) -> String {
    let found = page.split(&format!("name=\"{name}\" value=\"")).nth(1);
    found.unwrap_or_else(|| panic!("no hidden field {name}:\n{page}")).split('"').next().unwrap().to_owned()
}

/// What stands in the text area of a role.
pub(super) fn text_area(page: &str) -> String {
    let area = page.split("<textarea").nth(1).unwrap().split_once('>').unwrap().1;
    let text = area.split("</textarea>").next().unwrap();
    text.trim_start_matches('\n')
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
