//! SMBIOS values: read directly, kept from an earlier time, or read once as root.

use std::io;
use std::path::Path;

use gatehouse_model::{DmiData, clean_label};

use super::{CollectOptions, Escalation};
use crate::{NativeError, state};

const FILE: &str = "dmi.json";
/// Longest file of kept values, in bytes.
const FILE_CAP: u64 = 1024 * 1024;
/// One value; sysfs never shows more than a page.
const VALUE_CAP: u64 = 4096;
const NOTICE: &str = "Determining machine model and serial number, if prompted please type the sudo password";

/// Reads what this user may read below `sysfs`; the rest is empty. The values are cleaned of control characters.
#[must_use]
pub fn read_dmi(sysfs: &Path) -> DmiData {
    read_directly(sysfs).0
}

/// The values, and whether some are there but for root alone.
fn read_directly(sysfs: &Path) -> (DmiData, bool) {
    let mut denied = false;
    let mut value = |name: &str| {
        let bytes = state::read_capped(&sysfs.join("class/dmi/id").join(name), VALUE_CAP);
        denied |= bytes.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
        clean_label(&String::from_utf8_lossy(&bytes.unwrap_or_default()))
    };
    let data = DmiData {
        product_name: value("product_name"),
        product_serial: value("product_serial"),
        board_serial: value("board_serial"),
        chassis_asset_tag: value("chassis_asset_tag"),
    };
    (data, denied)
}

/// The values by the rules of [`Escalation`].
pub(super) fn read(options: &CollectOptions) -> Result<DmiData, NativeError> {
    decide(options, read_directly(&options.sysfs))
}

fn decide(options: &CollectOptions, (direct, denied): (DmiData, bool)) -> Result<DmiData, NativeError> {
    if !denied || options.escalation == Escalation::Never || !options.is_real_sysfs() {
        return Ok(direct);
    }
    if options.escalation == Escalation::Maybe
        && let Some(kept) = kept(&options.state_dir, &direct)
    {
        return Ok(kept);
    }
    (options.notice)(NOTICE);
    let read = cleaned(options.privilege.read_dmi()?);
    if let Ok(text) = serde_json::to_vec(&read) {
        state::write(&options.state_dir.join(FILE), &text)?;
    }
    Ok(read)
}

/// Values kept from an earlier read as root, where some cannot be read directly.
pub(crate) fn kept_dmi(sysfs: &Path, state_dir: &Path) -> Option<DmiData> {
    let (direct, denied) = read_directly(sysfs);
    if denied { kept(state_dir, &direct) } else { None }
}

/// Kept values, if they are this machine's: what can be read without root must be the same.
fn kept(state_dir: &Path, direct: &DmiData) -> Option<DmiData> {
    let bytes = state::read(&state_dir.join(FILE), FILE_CAP).ok()??;
    let kept = cleaned(serde_json::from_slice(&bytes).ok()?);
    let same_machine =
        kept.product_name == direct.product_name && kept.chassis_asset_tag == direct.chassis_asset_tag;
    same_machine.then_some(kept)
}

fn cleaned(data: DmiData) -> DmiData {
    DmiData {
        product_name: clean_label(&data.product_name),
        product_serial: clean_label(&data.product_serial),
        board_serial: clean_label(&data.board_serial),
        chassis_asset_tag: clean_label(&data.chassis_asset_tag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::Privilege;
    use gatehouse_model::Timestamp;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    struct Root(Arc<AtomicUsize>);

    impl Privilege for Root {
        fn read_dmi(&self) -> Result<DmiData, NativeError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Ok(DmiData { product_serial: "PF2\u{202e}ABC".to_owned(), ..DmiData::default() })
        }
    }

    #[test]
    fn kept_values_of_another_machine_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let here = DmiData { product_name: "A".to_owned(), ..DmiData::default() };
        assert!(kept(folder.path(), &here).is_none());
        let stored = DmiData { product_serial: "S".to_owned(), ..here.clone() };
        std::fs::write(folder.path().join(FILE), serde_json::to_vec(&stored).unwrap()).unwrap();
        assert_eq!(kept(folder.path(), &here).unwrap().product_serial, "S");
        assert!(kept(folder.path(), &DmiData { product_name: "B".to_owned(), ..here.clone() }).is_none());
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(kept(folder.path(), &here).is_none());
    }

    /// From the denial on: tests that run as root are never denied anything.
    #[test]
    fn root_is_asked_once_and_the_values_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (calls, notices) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let heard = Arc::clone(&notices);
        let options = |escalation| {
            let heard = Arc::clone(&heard);
            CollectOptions::new(folder.path(), escalation, Timestamp::default())
                .with_privilege(Root(Arc::clone(&calls)))
                .with_notice(move |line| heard.lock().unwrap().push(line.to_owned()))
        };
        let decide = |escalation| decide(&options(escalation), (DmiData::default(), true)).unwrap();
        assert_eq!(decide(Escalation::Never).product_serial, "");
        assert_eq!(decide(Escalation::Maybe).product_serial, "PF2ABC");
        assert_eq!(decide(Escalation::Maybe).product_serial, "PF2ABC");
        assert_eq!(calls.load(Ordering::Relaxed), 1, "the second time the kept values serve");
        assert_eq!(decide(Escalation::Always).product_serial, "PF2ABC");
        assert_eq!(calls.load(Ordering::Relaxed), 2);
        assert_eq!(notices.lock().unwrap().as_slice(), [NOTICE, NOTICE]);
    }
}
