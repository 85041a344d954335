//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The workspace's folders.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Finds the workspace of this program and the target folder that this program was built into.
    ///
    /// # Errors
    /// When this program does not lie in `<target>/<profile>/`, where cargo puts it.
    pub(crate) fn find() -> Result<Self> {
        // Cargo names the clone that it was called in; a target folder may be shared between several clones.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask's folder has no parent")?.to_owned();
        let program = env::current_exe().context("finding this program's own path")?;
        let target = program
            .parent()
            .and_then(Path::parent)
            .with_context(|| format!("{} is not in a target folder", program.display()))?
            .to_owned();
        Ok(Self { root, target })
    }

    /// The folder of the workspace's Cargo.toml.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the workspace's root.
    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// The target folder.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A program built with the dev profile.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// What the server serves to browsers beside its pages; written by `cargo xtask wasm`.
    pub(crate) fn site(&self) -> PathBuf {
        self.target.join("site")
    }
}
