use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A made-up `/sys` with SMBIOS values in `class/dmi/id`.
pub struct FakeSysfs {
    folder: TempDir,
}

impl FakeSysfs {
    /// A machine with this serial number, a placeholder for an asset tag and a board serial of its own.
    ///
    /// # Panics
    /// If the files cannot be written.
    #[must_use]
    pub fn new(serial: &str) -> Self {
        let folder =
            tempfile::Builder::new().prefix("gatehouse-sysfs-").tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("class/dmi/id")).expect("the DMI folder");
        Self { folder }
            .with("product_name", "Gatehouse Test Machine")
            .with("product_serial", serial)
            .with("board_serial", &format!("B-{serial}"))
            .with("chassis_asset_tag", "No Asset Tag")
    }

    /// The same with another value (and the line end that sysfs adds).
    ///
    /// # Panics
    /// If the file cannot be written.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        fs::write(self.file(name), format!("{value}\n")).expect("writing a DMI value");
        self
    }

    /// The same without this value.
    ///
    /// # Panics
    /// If the file cannot be removed.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        fs::remove_file(self.file(name)).expect("removing a DMI value");
        self
    }

    /// What to use in place of `/sys`.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of one DMI value.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("class/dmi/id").join(name)
    }
}
