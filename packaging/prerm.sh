# A server that is removed does not run on, and does not come back.
if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl --no-reload disable --now gatehouse.service || true
fi
