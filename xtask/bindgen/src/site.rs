//! The folder that the server hands out: written beside the old one and put in its place in one go.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

const STAMP: &str = "stamp";
const MANIFEST: &str = "manifest.json";
/// Leptos's own table, with lines `js:<hash>`: what `LeptosOptions::hash_file` is to name.
const HASHES: &str = "hash.txt";
/// Brotli's highest quality: done once per change, read by every browser.
const QUALITY: u32 = 11;
/// log2 of brotli's window in bytes: 4 MiB covers the module.
const WINDOW: u32 = 22;

/// SHA-256 in hex over all parts, each with its length so that they cannot run into each other.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// Whether the site was made of the inputs with this stamp, and is all there.
pub(crate) fn is_current(site: &Path, stamp: &str) -> bool {
    let manifest = || -> Option<BTreeMap<String, String>> {
        serde_json::from_slice(&fs::read(site.join(MANIFEST)).ok()?).ok()
    };
    fs::read_to_string(site.join(STAMP)).is_ok_and(|made_of| made_of == stamp)
        && site.join(HASHES).is_file()
        && manifest().is_some_and(|files| {
            files.values().all(|file| site.join(file).is_file() && site.join(format!("{file}.br")).is_file())
        })
}

/// A site in the making.
#[derive(Debug)]
pub(crate) struct Site {
    /// Where it will be.
    place: PathBuf,
    /// Where it is made.
    folder: PathBuf,
    /// File ending to hash.
    hashes: BTreeMap<&'static str, String>,
    report: Vec<String>,
}

impl Site {
    /// # Errors
    /// When the folder cannot be made.
    pub(crate) fn begin(place: &Path) -> Result<Self> {
        let folder = place.with_extension("new");
        remove(&folder)?;
        let site = Self { place: place.to_owned(), folder, hashes: BTreeMap::new(), report: Vec::new() };
        fs::create_dir_all(site.package()).with_context(|| format!("making {}", site.package().display()))?;
        Ok(site)
    }

    /// Where the site is made, for files in between.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder served as `/pkg`.
    pub(crate) fn package(&self) -> PathBuf {
        self.folder.join("pkg")
    }

    /// Writes `gatehouse.<hash>.<ending>` and its brotli copy.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn add(&mut self, ending: &'static str, content: &[u8]) -> Result<()> {
        let mut hash = hex::encode(Sha256::digest(content));
        hash.truncate(16);
        let name = file_name(&hash, ending);
        let path = self.package().join(&name);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;

        let mut compressed = brotli::CompressorWriter::new(Vec::new(), 1 << 16, QUALITY, WINDOW);
        compressed.write_all(content).context("compressing")?;
        let compressed = compressed.into_inner();
        let path = self.package().join(format!("{name}.br"));
        fs::write(&path, &compressed).with_context(|| format!("writing {}", path.display()))?;

        self.report.push(format!("{name:<40} {:>9} bytes, {:>8} in brotli", content.len(), compressed.len()));
        self.hashes.insert(ending, hash);
        Ok(())
    }

    /// Writes the tables and puts the site in its place. Returns what to tell the reader.
    ///
    /// # Errors
    /// When a file cannot be written or the old site not be replaced.
    pub(crate) fn finish(self, stamp: &str) -> Result<Vec<String>> {
        let table: String = self.hashes.iter().map(|(ending, hash)| format!("{ending}:{hash}\n")).collect();
        let files: BTreeMap<&str, String> = self
            .hashes
            .iter()
            .map(|(ending, hash)| (*ending, format!("pkg/{}", file_name(hash, ending))))
            .collect();
        let manifest = serde_json::to_string_pretty(&files).context("writing the manifest")?;
        for (name, content) in [(HASHES, table.as_str()), (MANIFEST, &manifest), (STAMP, stamp)] {
            let path = self.folder.join(name);
            fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        }
        remove(&self.place)?;
        fs::rename(&self.folder, &self.place)
            .with_context(|| format!("replacing {}", self.place.display()))?;
        Ok(self.report)
    }
}

fn file_name(hash: &str, ending: &str) -> String {
    format!("gatehouse.{hash}.{ending}")
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_finished_site_names_its_files_by_their_content() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("site");
        for content in ["a{}", "b{}"] {
            let mut site = Site::begin(&place).unwrap();
            site.add("css", content.as_bytes()).unwrap();
            site.finish(content).unwrap();
        }
        assert!(is_current(&place, "b{}"));
        assert!(!is_current(&place, "a{}"));

        let hash = &hex::encode(Sha256::digest("b{}"))[..16];
        assert_eq!(fs::read_to_string(place.join(HASHES)).unwrap(), format!("css:{hash}\n"));
        let file = place.join(format!("pkg/gatehouse.{hash}.css"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "b{}");
        let mut text = String::new();
        let compressed = fs::read(format!("{}.br", file.display())).unwrap();
        brotli::Decompressor::new(compressed.as_slice(), 4096).read_to_string(&mut text).unwrap();
        assert_eq!(text, "b{}");

        fs::remove_file(&file).unwrap();
        assert!(!is_current(&place, "b{}"), "a site that lacks a file is made anew");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
