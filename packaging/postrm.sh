# The data directory holds keys and the audit log: who removes the package may still want them.
root="${DPKG_ROOT:-}"
if command -v update-desktop-database >/dev/null; then
    update-desktop-database --quiet "$root/usr/share/applications" || true
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
