"""Keylime's registrar as a process group of its own: configured, started, measured, stopped."""

import contextlib
import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATIENCE = 60


class Registrar:
    def __init__(self, process, port):
        self.process = process
        self.port = port

    def cpu_seconds(self):
        """User and system time of all its processes (proc(5), fields 14 and 15 of stat)."""
        ticks = 0
        for pid in self.members():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def members(self):
        """Processes of its session: parent, manager and workers."""
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[3]) == self.process.pid and fields[0] != "Z":
                        yield int(entry.name)

    def stop(self):
        """Tells all at once: the parent alone does not heed SIGTERM, and workers that end before it are replaced."""
        for how, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                self.process.poll()
                left = sorted(self.members())
                if not left:
                    return
                for pid in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, how)
                time.sleep(0.2)
        raise SystemExit("the registrar does not stop")


@contextlib.contextmanager
def running(folder, templates):
    """A registrar on an empty database; stopped on the way out."""
    folder = folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    port = configure(folder, templates.resolve())
    environment = dict(os.environ, KEYLIME_DIR=str(folder / "data"))
    for component in ("registrar", "tenant", "verifier", "ca", "logging"):
        environment[f"KEYLIME_{component.upper()}_CONFIG"] = str(folder / "conf" / f"{component}.conf")
    program = pathlib.Path(sys.executable).with_name("keylime_registrar")
    log = folder / "registrar.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program], env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )
    server = Registrar(process, port)
    try:
        wait_until_ready(server, log)
        yield server
    finally:
        server.stop()


def configure(folder, templates):
    """Keylime's defaults, but for where it listens and its TLS files. Gives the port."""
    conf = folder / "conf"
    conf.mkdir(parents=True)
    upgrade = pathlib.Path(sys.executable).with_name("keylime_upgrade_config")
    subprocess.run(
        [upgrade, "--templates", templates, "--out", f"{conf}/", "--defaults"],
        check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
    )
    port, tls_port = free_ports(2)
    settings = {"ip": '"127.0.0.1"', "port": port, "tls_port": tls_port, "tls_dir": "default"}
    path = conf / "registrar.conf"
    text = path.read_text()
    for name, value in settings.items():
        text, changed = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        if changed != 1:
            raise SystemExit(f"{path} has no setting {name}")
    path.write_text(text)
    make_tls_files(folder / "data" / "cv_ca")
    return port


def free_ports(count):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def make_tls_files(folder):
    """What the second port wants to see at start; nobody calls it."""
    folder.mkdir(parents=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    (folder / "cacert.crt").write_bytes(certificate)
    (folder / "server-cert.crt").write_bytes(certificate)
    (folder / "server-private.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def wait_until_ready(server, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=1):
            return
        time.sleep(0.1)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
    raise SystemExit(f"the registrar did not start:\n{tail}")
