"""An account of the configuration as SMPP needs it: one `EsmeConfig` a host, TLS files read."""

from pathlib import Path

from pipeline.config import ConnectorConfig, TlsConfig
from smpp import tls
from smpp.client import EsmeConfig
from smpp.values import BindType

BIND_TYPES = {"transceiver": BindType.TRANSCEIVER, "transmitter": BindType.TRANSMITTER}


def esme_configs(account: ConnectorConfig) -> list[EsmeConfig]:
    """How to bind to submit, at each host in turn; raises TlsError."""
    own = account.tls
    context = None if own is None else tls.client_context(*_files(own), _key_password(own))
    return [
        EsmeConfig(
            host=address.host,
            port=address.port,
            local_address=account.local_address,
            ssl=context,
            server_hostname=None if own is None else own.server_name,
            system_id=account.system_id,
            password=account.password.get_secret_value(),
            system_type=account.system_type,
            bind_type=BIND_TYPES[account.bind_type],
            window_requests_max=account.window,
            enquire_link_interval_s=account.enquire_link_s,
            response_timeout_s=account.response_timeout_s,
        )
        for address in account.addresses
    ]


def _files(own: TlsConfig) -> tuple[Path | None, Path | None, Path | None]:
    return own.ca_file, own.certificate_file, own.key_file


def _key_password(own: TlsConfig) -> str | None:
    return own.key_password.get_secret_value() if own.key_password else None
