"""When the certificates of a connector end."""

import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

from services.binder.certificates import earliest_s, own_expires_s


def esme(end_s: float | None) -> Any:
    return SimpleNamespace(certificate_expires_s=end_s)


@pytest.mark.parametrize(
    ("own_s", "esmes", "end_s"),
    [
        (None, [], None),
        (None, [None, esme(None)], None),
        (5.0, [None], 5.0),
        (5.0, [esme(3.0), esme(None), esme(9.0)], 3.0),
        (2.0, [esme(3.0)], 2.0),
    ],
)
def test_the_first_to_end_counts(
    own_s: float | None, esmes: list[Any], end_s: float | None
) -> None:
    assert earliest_s(own_s, esmes) == end_s


def test_our_own_is_read_from_its_file(tmp_path: Path) -> None:
    end = datetime.datetime(2031, 5, 6, 7, 8, 9, tzinfo=datetime.UTC)
    leaf = trustme.CA().issue_cert("esme.example", not_after=end)
    file = tmp_path / "esme.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(str(file))
    assert own_expires_s(file) == end.timestamp()


@pytest.mark.parametrize("octets", [None, b"", b"-----BEGIN CERTIFICATE-----\nno\n"])
def test_what_is_no_certificate_has_no_end(octets: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "esme.pem"
    if octets is not None:
        file.write_bytes(octets)
    assert own_expires_s(file) is None
    assert own_expires_s(None) is None
