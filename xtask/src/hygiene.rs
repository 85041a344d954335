//! What has to hold of the repository's files, beyond what compilers see.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

/// # Errors
/// Names every file that breaks a rule.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let problems = one_sided(&workspace.path("migrations/sqlite"), &workspace.path("migrations/postgres"))?;
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}

/// The migrations that exist for only one of the two engines.
fn one_sided(first: &Path, second: &Path) -> Result<Vec<String>> {
    let (in_first, in_second) = (names(first)?, names(second)?);
    let missing = |folder: &Path, name: &String| format!("{} lacks {name}", folder.display());
    let mut problems: Vec<String> =
        in_first.difference(&in_second).map(|name| missing(second, name)).collect();
    problems.extend(in_second.difference(&in_first).map(|name| missing(first, name)));
    Ok(problems)
}

fn names(folder: &Path) -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("listing {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_for_one_engine_alone_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
        for (folder, files) in [(&one, ["0001_a.sql", "0002_b.sql"]), (&two, ["0001_a.sql", "0002_c.sql"])] {
            fs::create_dir(folder).unwrap();
            for file in files {
                fs::write(folder.join(file), "").unwrap();
            }
        }
        let problems = one_sided(&one, &two).unwrap();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].ends_with("two lacks 0002_b.sql"), "{problems:?}");
        assert!(problems[1].ends_with("one lacks 0002_c.sql"), "{problems:?}");
        assert!(one_sided(&one, &one).unwrap().is_empty());
    }
}
