//! Programs that tests write.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program, its folder as well, so that it can be run at once. Another process writes it: while this one does, a
/// test beside it may start a program, which keeps the file open for writing, and Linux runs none that is (`ETXTBSY`,
/// execve(2)).
///
/// # Panics
/// If it cannot be written.
pub fn write(path: &Path, text: &str) {
    const WRITER: &str = r#"mkdir -p "${1%/*}" && cat > "$1" && chmod 755 "$1""#;
    let mut writer = Command::new("/bin/sh");
    writer.args(["-c", WRITER, "writer"]).arg(path).stdin(Stdio::piped());
    let written = writer.spawn().and_then(|mut writer| {
        if let Some(mut input) = writer.stdin.take() {
            input.write_all(text.as_bytes())?;
        }
        writer.wait()
    });
    assert!(written.is_ok_and(|status| status.success()), "cannot write {}", path.display());
}
