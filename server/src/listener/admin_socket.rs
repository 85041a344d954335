use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;
use tokio_util::task::TaskTracker;

use super::{Context, connection, pause_after};

const ROOT: u32 = 0;

/// The Unix socket of the host's admin. Who may open it is decided twice: by its mode, in a folder that is the
/// server's alone, and by the user id of the process at its other end.
pub(super) struct AdminSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Binds the socket. One that lies there is left over: the lock of the data directory is ours.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => std::fs::remove_file(path)?,
            Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something else lies there")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path: path.to_owned() })
    }

    pub(super) async fn accept(&self, context: &Context, tasks: &TaskTracker) {
        let own = rustix::process::geteuid().as_raw();
        loop {
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    pause_after(&error).await;
                    continue;
                }
            };
            match stream.peer_cred().map(|peer| peer.uid()) {
                Ok(uid) if is_admin(uid, own) => {
                    let context = context.clone();
                    tasks.spawn(async move { connection::serve_unix(stream, uid, &context).await });
                }
                Ok(uid) => tracing::warn!(uid, "refused a user on the admin's Unix socket"),
                Err(error) => tracing::warn!(%error, "cannot tell who opened the admin's Unix socket"),
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // What stays behind is removed at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

const fn is_admin(uid: u32, own: u32) -> bool {
    uid == ROOT || uid == own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_and_the_servers_own_user_are_admins() {
        assert!(is_admin(0, 1000));
        assert!(is_admin(1000, 1000));
        assert!(!is_admin(1001, 1000));
        assert!(!is_admin(1000, 0));
    }

    #[tokio::test]
    async fn a_left_over_socket_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let socket = AdminSocket::bind(&path).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(socket);
        assert!(!path.exists());
        std::fs::write(&path, "").unwrap();
        assert!(AdminSocket::bind(&path).is_err());
        assert!(path.exists());
    }
}
