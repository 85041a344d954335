//! Who runs this: from the kernel and the account files, not from variables that anybody can set.

use std::path::Path;
use std::process::{Command, Stdio};

use gatehouse_model::clean_label;

use crate::state;

const STATUS: &str = "/proc/self/status";
const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";
const HOST_NAME: &str = "/proc/sys/kernel/hostname";
const CAP: u64 = 4 * 1024 * 1024;

/// The login name of the effective user; its number if it has no name.
#[must_use]
pub fn login_name() -> String {
    let Some(uid) = ids(&read(STATUS), "Uid:").get(1).copied() else { return String::new() };
    let name = account(&read(PASSWD), 2, uid).or_else(name_from_directory).unwrap_or_else(|| uid.to_string());
    clean_label(&name)
}

/// What the machine calls itself; empty if it does not say.
#[must_use]
pub fn host_name() -> String {
    clean_label(&read(HOST_NAME))
}

/// The names of the groups that this process is in, its own group first.
#[must_use]
pub fn groups_of_this_process() -> Vec<String> {
    let (status, groups) = (read(STATUS), read(GROUP));
    let mut numbers: Vec<u32> = ids(&status, "Gid:").get(1).copied().into_iter().collect();
    numbers.extend(ids(&status, "Groups:"));
    let mut seen = std::collections::BTreeSet::new();
    numbers.retain(|number| seen.insert(*number));
    numbers.into_iter().map(|gid| account(&groups, 2, gid).unwrap_or_else(|| gid.to_string())).collect()
}

fn read(path: &str) -> String {
    String::from_utf8_lossy(&state::read_capped(Path::new(path), CAP).unwrap_or_default()).into_owned()
}

/// The numbers of one line of `/proc/self/status`.
fn ids(status: &str, label: &str) -> Vec<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default();
    line.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// The name of the account with this number, in passwd(5) or group(5).
fn account(file: &str, field: usize, number: u32) -> Option<String> {
    let number = number.to_string();
    let line = file.lines().find(|line| line.split(':').nth(field) == Some(number.as_str()))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Accounts of LDAP and the like are in no file; id(1) asks the system's name services.
fn name_from_directory() -> Option<String> {
    let output =
        Command::new("/usr/bin/id").arg("-un").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_names() {
        let status = "Name:\ttsh\nUid:\t0\t1000\t1000\t1000\nGroups:\t27 100 1000 \n";
        assert_eq!(ids(status, "Uid:"), [0, 1000, 1000, 1000]);
        assert_eq!(ids(status, "Groups:"), [27, 100, 1000]);
        assert_eq!(ids("", "Uid:"), [0_u32; 0]);
        let passwd = "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n";
        assert_eq!(account(passwd, 2, 1000).unwrap(), "alice");
        assert!(account(passwd, 2, 1001).is_none());
    }

    #[test]
    fn this_process_has_a_user() {
        assert!(!login_name().is_empty());
        assert!(!groups_of_this_process().is_empty());
    }
}
