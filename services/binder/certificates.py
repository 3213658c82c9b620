"""When the certificates of a connector end: the SMSC's, as it showed it, and our own."""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509

from smpp.client import Esme


def own_expires_s(file: Path | None) -> float | None:
    """The end of the first of the certificates in a PEM file, in seconds since 1970 UTC.

    None where there is no such file, or nothing in it can be read: whoever binds says that.
    """
    if file is None:
        return None
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc.timestamp()
    except (OSError, ValueError):
        return None


def earliest_s(own_s: float | None, esmes: Iterable[Esme | None]) -> float | None:
    """What ends first: our own, or that of an SMSC we are bound to; None without TLS."""
    theirs = (esme.certificate_expires_s for esme in esmes if esme is not None)
    return min((end for end in (own_s, *theirs) if end is not None), default=None)
