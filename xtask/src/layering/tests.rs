use serde_json::json;

use super::*;

/// A package with its dependencies and what cargo calls their kinds.
type Package<'a> = (&'a str, &'a [(&'a str, Option<&'a str>)]);

/// What cargo says of a workspace of these packages.
fn metadata(packages: &[Package<'_>]) -> String {
    let mut names: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    names.extend(packages.iter().flat_map(|(_, dependencies)| dependencies.iter().map(|(name, _)| *name)));
    names.sort_unstable();
    names.dedup();
    let of = |name: &str| packages.iter().find(|(package, _)| *package == name).map_or(&[][..], |(_, d)| *d);
    let listed = |name: &&str| {
        let dependencies: Vec<_> =
            of(name).iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect();
        json!({"id": format!("id:{name}"), "name": name, "dependencies": dependencies})
    };
    let node = |name: &&str| {
        let deps: Vec<_> = of(name)
            .iter()
            .map(|(name, kind)| json!({"pkg": format!("id:{name}"), "dep_kinds": [{"kind": kind}]}))
            .collect();
        json!({"id": format!("id:{name}"), "deps": deps})
    };
    json!({
        "packages": names.iter().map(listed).collect::<Vec<_>>(),
        "workspace_members": packages.iter().map(|(name, _)| format!("id:{name}")).collect::<Vec<_>>(),
        "resolve": {"nodes": names.iter().map(node).collect::<Vec<_>>()},
    })
    .to_string()
}

fn problems(packages: &[Package<'_>]) -> Vec<String> {
    violations(&Graph::parse(&metadata(packages)).unwrap())
}

#[test]
fn a_workspace_in_order_has_no_violations() {
    let found = problems(&[
        ("gatehouse-model", &[("serde", None)]),
        ("gatehouse-domain", &[("gatehouse-model", None), ("tokio", Some("dev"))]),
        ("gatehouse-store", &[("gatehouse-domain", None), ("sqlx", None)]),
        ("gatehouse-native", &[("tpm2-protocol", None), ("tss-esapi", Some("dev"))]),
        ("gatehouse-tsh", &[("gatehouse-native", None), ("tonic", None), ("gatehouse-testkit", Some("dev"))]),
        ("gatehouse-server", &[("gatehouse-store", None), ("axum", None)]),
    ]);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn libraries_stay_with_their_owners() {
    let found = problems(&[
        ("gatehouse-domain", &[("sqlx-core", None), ("gatehouse-testkit", None)]),
        ("gatehouse-native", &[("tss-esapi", None)]),
        ("gatehouse-client", &[("tpm2-protocol", Some("dev"))]),
    ]);
    assert_eq!(
        found,
        [
            "domain may not depend on sqlx-core",
            "the tests of client may not depend on tpm2-protocol",
            "native may not depend on tss-esapi",
            "domain may not depend on gatehouse-testkit",
        ]
    );
}

#[test]
fn a_forbidden_layer_is_found_behind_others() {
    let found = problems(&[
        ("gatehouse-tsh", &[("gatehouse-client", None)]),
        ("gatehouse-client", &[("gatehouse-helper", None)]),
        ("gatehouse-helper", &[("gatehouse-domain", None), ("gatehouse-client", None)]),
        ("gatehouse-domain", &[("runtime", None)]),
        ("runtime", &[("hyper", None)]),
    ]);
    assert_eq!(
        found,
        [
            "tsh may not reach domain, but does: tsh -> client -> helper -> domain",
            "domain may not reach hyper, but does: domain -> runtime -> hyper",
        ]
    );
}
