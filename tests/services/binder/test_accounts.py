"""What the configuration says of an account, as SMPP needs it."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from pipeline.connectors import ConnectorConfig
from services.binder.accounts import ways
from smpp.errors import TlsError
from smpp.values import BindType


def account(**changed: Any) -> ConnectorConfig:
    needed = {"hosts": ("a:1", "b"), "system_id": "us", "password": "p", "rate_per_s": 1}
    return ConnectorConfig(**{**needed, **changed})


def test_every_host_is_bound_to_in_the_same_way() -> None:
    first, second = ways(account(bind_type="transmitter", local_address="10.0.0.1"))[False].configs
    assert (first.host, first.port, second.host, second.port) == ("a", 1, "b", 2775)
    assert {first.bind_type, second.bind_type} == {BindType.TRANSMITTER}
    assert first.local_address == "10.0.0.1"
    assert first.ssl is None


def test_tls_files_are_read_and_the_name_goes_along(tmp_path: Path) -> None:
    ca, own = tmp_path / "ca.pem", tmp_path / "own.pem"
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca))
    authority.issue_cert("us.example").private_key_and_cert_chain_pem.write_to_path(str(own))
    tls = {"ca_file": ca, "certificate_file": own, "server_name": "smsc.example"}
    first, second = ways(account(tls=tls))[False].configs
    assert first.ssl is not None
    assert first.ssl is second.ssl
    assert first.server_hostname == "smsc.example"


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    with pytest.raises(TlsError, match=r"empty\.pem"):
        ways(account(tls={"ca_file": empty}))
