//! Checks that need no TPM.

use std::io;
use std::path::Path;

use super::Finding;
use crate::collect::{chosen_serial, groups_of_this_process, kept_dmi};
use crate::device::{EVENT_LOG, EVENT_LOG_CAP};
use crate::tpm::TpmAddress;
use crate::{read_dmi, state};

/// The groups that decide on access to a device.
pub(super) fn groups_note(address: &TpmAddress) -> String {
    if !address.is_device() {
        return String::new();
    }
    format!(" (your groups: {})", groups_of_this_process().join(", "))
}

pub(super) fn event_log(address: &TpmAddress, explicit: Option<&Path>) -> Finding {
    const CHECK: &str = "event-log";
    let path = match explicit {
        Some(path) => path,
        None if address.is_device() => Path::new(EVENT_LOG),
        None => return Finding::ok(CHECK, "a software TPM has no firmware event log; none is sent"),
    };
    match state::read_capped(path, EVENT_LOG_CAP) {
        Ok(log) => Finding::ok(CHECK, format!("{} has {} bytes", path.display(), log.len())),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Finding::ok(CHECK, format!("{} is for root alone; no log is sent", path.display()))
        }
        Err(error) => {
            Finding::warn(CHECK, format!("{} cannot be read ({error}); no log is sent", path.display()))
        }
    }
}

pub(super) fn smbios(sysfs: &Path, state_dir: &Path) -> Finding {
    const CHECK: &str = "smbios";
    let direct = read_dmi(sysfs);
    let dmi = kept_dmi(sysfs, state_dir).unwrap_or_else(|| direct.clone());
    let shown = |value: &str| if value.is_empty() { "-".to_owned() } else { format!("\"{value}\"") };
    let values = format!(
        "model {}, chassis asset tag {}, product serial {}, board serial {}",
        shown(&dmi.product_name),
        shown(&dmi.chassis_asset_tag),
        shown(&dmi.product_serial),
        shown(&dmi.board_serial)
    );
    match chosen_serial(&dmi) {
        Some(serial) => {
            let source = if dmi == direct { "" } else { " (kept from an earlier read as root)" };
            Finding::ok(CHECK, format!("serial number \"{serial}\" is used{source}: {values}"))
        }
        None => Finding::warn(CHECK, format!("no usable serial number: {values}")).with_hint(
            "Serial numbers are often for root alone: `tsh device asset-tag` reads them through sudo. Set an asset tag \
             in the firmware setup if there is none.",
        ),
    }
}

pub(super) fn state_folder(state_dir: &Path) -> Finding {
    const CHECK: &str = "state-folder";
    let metadata = match std::fs::metadata(state_dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Finding::ok(CHECK, format!("{} does not exist yet", state_dir.display()));
        }
        Err(error) => return Finding::fail(CHECK, format!("{}: {error}", state_dir.display())),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Finding::warn(
                CHECK,
                format!("{} may be read by others (mode {mode:04o})", state_dir.display()),
            )
            .with_hint(format!("run `chmod 700 {}`", state_dir.display()));
        }
    }
    if !metadata.is_dir() {
        return Finding::fail(CHECK, format!("{} is no folder", state_dir.display()));
    }
    Finding::ok(CHECK, format!("{} is for you alone", state_dir.display()))
}
