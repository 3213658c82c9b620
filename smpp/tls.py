"""TLS for both roles: 1.2 or newer, the other end verified unless that is plainly not wanted.

SMPP has no STARTTLS: a port speaks TLS from the first octet or not at all. The ESME checks the
SMSC's certificate and its name, which it also sends (SNI); `EsmeConfig.server_hostname` names it
where it is not the host that is connected to.
"""

import ssl
from pathlib import Path

from smpp.errors import TlsError


def client_context(
    ca_file: Path | None = None,
    certificate_file: Path | None = None,
    key_file: Path | None = None,
    key_password: str | None = None,
) -> ssl.SSLContext:
    """For an ESME: trusts the system's authorities, or only those of `ca_file`.

    The certificate and key (PEM; one file may hold both) are for an SMSC that wants to see one.
    Raises TlsError when a file can't be read or is not what it should be.
    """
    return _context(ssl.Purpose.SERVER_AUTH, ca_file, certificate_file, key_file, key_password)


def server_context(
    certificate_file: Path,
    key_file: Path | None = None,
    key_password: str | None = None,
    client_ca_file: Path | None = None,
) -> ssl.SSLContext:
    """For an SMSC: with `client_ca_file`, only ESMEs whose certificate it signed may connect.

    Raises TlsError when a file can't be read or is not what it should be.
    """
    context = _context(
        ssl.Purpose.CLIENT_AUTH, client_ca_file, certificate_file, key_file, key_password
    )
    if client_ca_file is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(
    purpose: ssl.Purpose,
    ca_file: Path | None,
    certificate_file: Path | None,
    key_file: Path | None,
    key_password: str | None,
) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(purpose, cafile=ca_file)
        if certificate_file is not None:
            # Without a password of ours an encrypted key would ask at the terminal, and hang.
            context.load_cert_chain(certificate_file, key_file, key_password or "")
    except (OSError, ValueError) as error:  # SSLError is an OSError
        files = ", ".join(str(file) for file in (ca_file, certificate_file, key_file) if file)
        raise TlsError(f"{files}: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
