//! Who the server runs as: PostgreSQL refuses to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Accounts to run the server as when the tests run as root, the best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// An account of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Whether this process has to change to it.
    change: bool,
}

impl Account {
    /// The process's own account, or an unprivileged one if that is root's.
    ///
    /// # Errors
    /// When the account database has no such account.
    pub(super) fn for_server() -> io::Result<Self> {
        let own = fs::metadata("/proc/self")?;
        Self::choose(&fs::read_to_string("/etc/passwd")?, own.uid(), own.gid())
            .ok_or_else(|| io::Error::other(format!("/etc/passwd has none of {}", UNPRIVILEGED.join(", "))))
    }

    fn choose(passwd: &str, uid: u32, gid: u32) -> Option<Self> {
        if uid == 0 {
            return UNPRIVILEGED.iter().find_map(|name| Self::named(passwd, name));
        }
        // The name is only the database's superuser: it need not be an account's.
        Some(Self { name: "gatehouse".to_owned(), uid, gid, change: false })
    }

    fn named(passwd: &str, name: &str) -> Option<Self> {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next()?;
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            (found == name).then(|| Self { name: found.to_owned(), uid, gid, change: true })
        })
    }

    /// Makes the command run as this account, without the caller's supplementary groups.
    pub(super) fn assume(&self, command: &mut Command) {
        if self.change {
            command.uid(self.uid).gid(self.gid);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533:nobody:/:/usr/sbin/nologin\n\
                          postgres:x:113:121:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn root_changes_to_an_unprivileged_account() {
        let chosen = Account::choose(PASSWD, 0, 0).unwrap();
        assert_eq!(
            (chosen.name.as_str(), chosen.uid, chosen.gid, chosen.change),
            ("postgres", 113, 121, true)
        );
        let chosen = Account::choose(PASSWD.split("postgres").next().unwrap(), 0, 0).unwrap();
        assert_eq!((chosen.name.as_str(), chosen.uid, chosen.gid), ("nobody", 65534, 65533));
        assert_eq!(Account::choose("root:x:0:0::/root:/bin/sh", 0, 0), None);
    }

    #[test]
    fn others_stay_who_they_are() {
        let chosen = Account::choose(PASSWD, 1000, 100).unwrap();
        assert_eq!((chosen.uid, chosen.gid, chosen.change), (1000, 100, false));
    }
}
