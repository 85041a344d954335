//! Who depends on whom, from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Normal,
    Build,
    Dev,
}

/// The workspace's packages under their short names (`gatehouse-` taken off), and everything that they reach.
#[derive(Debug, Default)]
pub(super) struct Graph {
    /// (package of the workspace, what its manifest names, what for).
    direct: BTreeSet<(String, String, Kind)>,
    /// From each package, of the workspace or not, to those it is built with.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    /// Reads the output of `cargo metadata --format-version=1`.
    ///
    /// # Errors
    /// When it is not such output.
    pub(super) fn parse(metadata: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(metadata).context("reading cargo's metadata")?;
        let packages = array(&metadata, "packages")?;
        let members: BTreeSet<&str> =
            array(&metadata, "workspace_members")?.iter().filter_map(Value::as_str).collect();
        let names: BTreeMap<&str, &str> =
            packages.iter().map(|p| Ok((text(p, "id")?, text(p, "name")?))).collect::<Result<_>>()?;
        let mut graph = Self::default();

        for package in packages.iter().filter(|p| text(p, "id").is_ok_and(|id| members.contains(id))) {
            for dependency in array(package, "dependencies")? {
                let kind = match dependency.get("kind").and_then(Value::as_str) {
                    Some("dev") => Kind::Dev,
                    Some("build") => Kind::Build,
                    _ => Kind::Normal,
                };
                let edge = (short(text(package, "name")?), text(dependency, "name")?.to_owned(), kind);
                graph.direct.insert(edge);
            }
        }

        let resolve = metadata.get("resolve").context("the metadata has no `resolve`")?;
        for node in array(resolve, "nodes")? {
            let from = names.get(text(node, "id")?).context("a node that is no package")?;
            for dependency in array(node, "deps")? {
                let to = names.get(text(dependency, "pkg")?).context("a dependency that is no package")?;
                let kinds = array(dependency, "dep_kinds")?;
                if kinds.iter().any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev")) {
                    graph.edges.entry(short(from)).or_default().insert(short(to));
                }
            }
        }
        Ok(graph)
    }

    /// What the manifests of the workspace name: package, dependency, what for.
    pub(super) fn direct(&self) -> impl Iterator<Item = (&str, &str, Kind)> {
        self.direct.iter().map(|(package, dependency, kind)| (package.as_str(), dependency.as_str(), *kind))
    }

    /// The shortest way from one package to another, tests left aside.
    pub(super) fn way(&self, from: &str, to: &str) -> Option<Vec<&str>> {
        let (start, _) = self.edges.get_key_value(from)?;
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start.as_str()]);
        while let Some(package) = queue.pop_front() {
            if package == to {
                let mut way = vec![package];
                while let Some(previous) = way.last().and_then(|last| came_from.get(last)) {
                    way.push(previous);
                }
                way.reverse();
                return Some(way);
            }
            for next in self.edges.get(package).into_iter().flatten() {
                if next != start && !came_from.contains_key(next.as_str()) {
                    came_from.insert(next, package);
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

fn short(name: &str) -> String {
    name.strip_prefix("gatehouse-").unwrap_or(name).to_owned()
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).with_context(|| format!("the metadata has no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("the metadata has no text `{key}`"))
}
