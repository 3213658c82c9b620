"""An account of the configuration as SMPP needs it: how to bind, to submit or to receive only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ssl import SSLContext

from pipeline.connectors import ConnectorConfig, TlsConfig
from smpp import tls
from smpp.client import EsmeConfig
from smpp.values import BindType

BIND_TYPES = {"transceiver": BindType.TRANSCEIVER, "transmitter": BindType.TRANSMITTER}


@dataclass(frozen=True, slots=True)
class Way:
    """How to bind, each host in turn. A bind has to be made anew when the `mark` is another."""

    configs: Sequence[EsmeConfig]
    mark: object  # all but the window, with the TLS files' octets: a file may be renewed in place


def ways(account: ConnectorConfig) -> dict[bool, Way]:
    """The way to submit, and the one to receive only (True) where there is one; raises TlsError."""
    found = {False: _way(account, BIND_TYPES[account.bind_type])}
    if account.receiver is not None:
        own = {name: value for name, value in account.receiver if value and name != "binds"}
        found[True] = _way(account.model_copy(update=own), BindType.RECEIVER)
    return found


def _way(account: ConnectorConfig, bind_type: BindType) -> Way:
    own = account.tls
    context = None if own is None else _context(own)
    configs = [
        EsmeConfig(
            host=address.host,
            port=address.port,
            local_address=account.local_address,
            ssl=context,
            server_hostname=None if own is None else own.server_name,
            system_id=account.system_id,
            password=account.password.get_secret_value(),
            system_type=account.system_type,
            bind_type=bind_type,
            window_requests_max=account.window,
            enquire_link_interval_s=account.enquire_link_s,
            response_timeout_s=account.response_timeout_s,
        )
        for address in account.addresses
    ]
    without = [replace(config, ssl=None, window_requests_max=0) for config in configs]
    files = () if own is None else (own.ca_file, own.certificate_file, own.key_file)
    return Way(configs, (without, own, [file and file.read_bytes() for file in files]))


def _context(own: TlsConfig) -> SSLContext:
    password = own.key_password.get_secret_value() if own.key_password else None
    return tls.client_context(own.ca_file, own.certificate_file, own.key_file, password)
