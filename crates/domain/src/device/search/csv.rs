//! The inventory as CSV (RFC 4180), for spreadsheets.

use gatehouse_model::Timestamp;

use super::{DevicesExported, origin_name, tier_name};
use crate::device::inert_cell;
use crate::entity::ListedDevice;

/// UTF-8's mark, by which spreadsheets know it, and the names of the columns.
const HEAD: &str = "\u{feff}asset_tag,os,model,serial,owner,other_users,state,attestation,source,stale,locked,\
                    last_authenticated,device_id\r\n";

impl DevicesExported {
    /// What the file begins with.
    pub const HEAD: &str = HEAD;

    /// A line for each device.
    #[must_use]
    pub fn csv(&self) -> String {
        self.devices.iter().map(|device| line(device, self.at)).collect()
    }
}

fn line(device: &ListedDevice, now: Timestamp) -> String {
    let flag = |set: bool| if set { "yes" } else { "no" };
    let seen = device.last_authenticated.map(|time| time.to_string()).unwrap_or_default();
    let others = device.other_users.to_string();
    let cells = [
        device.asset_tag.as_str(),
        device.cell.os.as_str(),
        &device.model,
        &device.serial,
        &device.owner,
        &others,
        device.cell.status.as_str(),
        tier_name(device.cell.tier),
        origin_name(device.cell.origin),
        flag(device.cell.stale),
        flag(device.is_locked(now)),
        &seen,
        &device.device_id,
    ];
    let mut line = cells.map(cell).join(",");
    line.push_str("\r\n");
    line
}

/// What looks like a formula stays text; what would end a cell is quoted.
fn cell(text: &str) -> String {
    let text = inert_cell(text).into_owned();
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_stay_text_and_cells_stay_cells() {
        for (text, expected) in [
            ("C00AA0", "C00AA0"),
            ("=cmd()", "'=cmd()"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("a,\"b\"", "\"a,\"\"b\"\"\""),
            ("=1,2", "\"'=1,2\""),
            ("\r=1", "\"'\r=1\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
        assert_eq!(HEAD.matches(',').count(), 12);
    }
}
