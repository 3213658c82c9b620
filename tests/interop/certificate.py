"""A certificate for loopback, made anew for a run: PEM files, and stores as the JVM wants them."""

import shutil
import subprocess
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext, create_default_context

import pytest

SUBJECT = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")


def make(folder: Path) -> None:
    """key.pem and cert.pem by openssl, key.p12 and trust.p12 where there is a keytool."""
    _run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout key.pem -out cert.pem", folder)
    if shutil.which("keytool"):
        _run(
            "openssl pkcs12 -export -inkey key.pem -in cert.pem -out key.p12"
            " -passout pass:changeit",
            folder,
        )
        _run(
            "keytool -importcert -noprompt -alias peer -file cert.pem -keystore trust.p12"
            " -storetype PKCS12 -storepass changeit",
            folder,
        )


def server_context(folder: Path) -> SSLContext:
    """For our SMSC."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def client_context(folder: Path) -> SSLContext:
    """For our ESME: it trusts this certificate alone."""
    return create_default_context(cafile=folder / "cert.pem")


def _run(command: str, folder: Path) -> None:
    words = command.split()
    if not shutil.which(words[0]):
        pytest.skip(f"no {words[0]}")
    subject = SUBJECT if "req" in words else ()
    subprocess.run([*words, *subject], cwd=folder, check=True, capture_output=True, timeout=60)
