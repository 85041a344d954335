//! The direction of dependencies, as ARCHITECTURE.md draws it, checked against what cargo resolves.

mod graph;
mod wasm_tree;

use anyhow::{Result, bail};

use crate::process;
use crate::toolchain::TARGET;
use crate::workspace::Workspace;

use graph::{Graph, Kind};

/// Who may depend on something directly, whatever for.
struct Only {
    /// A package, or all whose names begin so if it ends in `*`.
    dependency: &'static str,
    /// Folder names of the packages that may.
    may: &'static [&'static str],
    /// Folder names of the packages whose tests may.
    tests_may: &'static [&'static str],
}

/// Who may not reach whom, through however many others.
struct Never {
    from: &'static [&'static str],
    to: &'static [&'static str],
}

const ONLY: &[Only] = &[
    Only { dependency: "sqlx*", may: &["store"], tests_may: &[] },
    Only { dependency: "rusqlite", may: &["store"], tests_may: &[] },
    Only { dependency: "tonic*", may: &["proto", "client", "server", "tctl", "tsh"], tests_may: &[] },
    Only { dependency: "axum*", may: &["app", "server"], tests_may: &[] },
    Only { dependency: "leptos_axum", may: &["app", "server"], tests_may: &[] },
    Only { dependency: "webauthn-rs*", may: &["server"], tests_may: &[] },
    Only { dependency: "openssl*", may: &[], tests_may: &[] },
    Only { dependency: "tpm2-protocol", may: &["native", "attestation", "testkit"], tests_may: &[] },
    Only { dependency: "tss-esapi*", may: &[], tests_may: &["native"] },
    Only {
        dependency: "gatehouse-testkit",
        may: &["bench", "xtask-demo"],
        tests_may: &["attestation", "client", "domain", "native", "proto", "server", "store", "tctl", "tsh"],
    },
    Only { dependency: "gatehouse-store", may: &["server"], tests_may: &[] },
];

const NEVER: &[Never] = &[
    Never { from: &["tsh", "tctl"], to: &["domain", "store", "app", "server"] },
    Never { from: &["app"], to: &["store", "server", "proto", "native", "client"] },
    Never { from: &["domain"], to: &["store", "server", "app", "proto", "native", "client"] },
    Never { from: &["store"], to: &["server", "app", "proto", "native", "client"] },
    Never { from: &["attestation"], to: &["domain", "store", "server", "app", "proto", "native", "client"] },
    Never {
        from: &["model"],
        to: &["attestation", "domain", "store", "server", "app", "proto", "native", "client"],
    },
    // No I/O: the rules know no network and no database; what both sides of a wire share knows no runtime either.
    Never { from: &["domain"], to: &["hyper", "axum", "tonic", "sqlx", "rusqlite"] },
    Never { from: &["model", "attestation"], to: &["tokio", "hyper"] },
];

/// # Errors
/// Names every dependency that points the wrong way, or says that Cargo.lock is not current.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut metadata = process::cargo(workspace);
    metadata.args(["metadata", "--format-version=1", "--locked"]);
    let graph = Graph::parse(&process::read(&mut metadata)?)?;
    let mut problems = violations(&graph);

    let mut tree = process::cargo(workspace);
    tree.args(["tree", "--locked", "--package=gatehouse-frontend", "--edges=normal", "--prefix=depth"]);
    problems.extend(wasm_tree::violations(&process::read(tree.args(["--target", TARGET]))?));
    if !problems.is_empty() {
        bail!("dependencies that point the wrong way:\n  {}", problems.join("\n  "));
    }
    Ok(())
}

fn violations(graph: &Graph) -> Vec<String> {
    let mut problems = Vec::new();
    for rule in ONLY {
        for (package, dependency, kind) in graph.direct() {
            let allowed =
                rule.may.contains(&package) || kind == Kind::Dev && rule.tests_may.contains(&package);
            if matches(rule.dependency, dependency) && !allowed {
                let whose = if kind == Kind::Dev { "the tests of " } else { "" };
                problems.push(format!("{whose}{package} may not depend on {dependency}"));
            }
        }
    }
    for rule in NEVER {
        for from in rule.from {
            for to in rule.to {
                if let Some(way) = graph.way(from, to) {
                    problems.push(format!("{from} may not reach {to}, but does: {}", way.join(" -> ")));
                }
            }
        }
    }
    problems
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start))
}

#[cfg(test)]
mod tests;
