# The user of the server, and what was added to udev and to the desktop. Nothing is enabled and nothing is started; a server
# that runs already goes on with the new program.
root="${DPKG_ROOT:-}"
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers --root="${root:-/}" gatehouse.conf
else
    getent group tss >/dev/null || groupadd --system tss
    getent passwd gatehouse >/dev/null || useradd --system --user-group --no-create-home \
        --home-dir /var/lib/gatehouse --shell /usr/sbin/nologin --comment "Gatehouse server" gatehouse
fi
if command -v update-desktop-database >/dev/null; then
    update-desktop-database --quiet "$root/usr/share/applications" || true
fi
if [ -z "$root" ] && [ -d /run/udev ] && command -v udevadm >/dev/null; then
    udevadm control --reload || true
    udevadm trigger --subsystem-match=tpmrm || true
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload || true
    if [ "$upgraded" = yes ]; then systemctl try-restart gatehouse.service || true; fi
fi
