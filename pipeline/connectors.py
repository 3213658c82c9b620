"""One SMPP account of ours, as the configuration describes it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pipeline.secret import Password, ReadablePath, Secret, SecretText
from pipeline.sections import Section

DEFAULT_PROFILE = "default"
Host = Annotated[str, Field(min_length=1)]
SMPP_PORT = 2775


class Address(NamedTuple):
    """Where something listens."""

    host: str
    port: int


def _address(written: str) -> Address:
    found = re.fullmatch(r"(?:\[([^\]\s]+)\]|([^:\[\]\s]+))(?::(\d{1,5}))?", written)
    port = int(found[3] or SMPP_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise ValueError(f"{written!r} is no host, host:port or [IPv6 address]:port")
    return Address(found[1] or found[2], port)


def _is_address(written: str) -> str:
    _address(written)
    return written


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str) else written


Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_is_address)], ...],
    Field(min_length=1),
    BeforeValidator(_several),
]


class TlsConfig(Section):
    """TLS to an SMSC: 1.2 or newer, its certificate and name are verified. Files are PEM."""

    ca_file: ReadablePath | None = None
    """Who may have signed its certificate; the system's authorities if unset."""
    certificate_file: ReadablePath | None = None
    """Ours, for an SMSC that wants to see one; it may hold the key too."""
    key_file: ReadablePath | None = None
    key_password: Secret | None = None
    server_name: str | None = None
    """The name in the SMSC's certificate, where it is not the host."""

    @model_validator(mode="after")
    def _key_has_a_certificate(self) -> Self:
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("key_file: of no use without certificate_file")
        return self


class ReceiverConfig(Section):
    """Binds that only receive; what is left out is as the connector has it."""

    binds: Annotated[int, Field(ge=1, le=64)] = 1
    """Receiver r is leased with partition r, so never more than the connector's own binds."""
    hosts: Hosts | None = None
    system_id: Annotated[str, Field(min_length=1, max_length=15)] | None = None
    password: Password | None = None


class ConnectorConfig(Section):
    """One SMPP account of ours at a carrier."""

    profile: str = DEFAULT_PROFILE
    hosts: Hosts
    """One or several `host` or `host:port`: each attempt to bind is the next one's turn."""
    local_address: Host | None = None
    """Of ours, to connect from, for carriers that let in only one."""
    tls: TlsConfig | None = None
    system_id: Annotated[str, Field(min_length=1, max_length=15)]
    password: Password
    system_type: Annotated[str, Field(max_length=12)] = ""
    bind_type: Literal["transceiver", "transmitter"] = "transceiver"
    receiver: ReceiverConfig | None = None
    """For accounts whose receipts and MO come on binds of their own."""
    binds: Annotated[int, Field(ge=1, le=64)] = 1
    """Submitting binds the account allows: the partitions of this generation's submit topics."""
    generation: Annotated[int, Field(ge=1, le=1000)] = 1
    """One more with every change of `binds`; the binder's page says how."""
    window: Annotated[int, Field(ge=1, le=1000)] = 10
    """Unanswered requests allowed on one bind."""
    rate_per_s: Annotated[float, Field(gt=0, le=100_000)]
    """Segments per second of the whole account, by contract."""
    bulk_queue_s: Annotated[float, Field(ge=20, le=3600)] = 120
    """So many seconds of its rate may be queued for it before what is bulk waits elsewhere."""
    enquire_link_s: Annotated[float, Field(ge=1, le=600)] = 60
    response_timeout_s: Annotated[float, Field(ge=1, le=600)] = 120
    sandbox: bool = False
    """For test tenants, and for nobody else."""
    rate_scope: Literal["account", "session", "group"] = "account"
    """Whose rate it is: of all binds together, an equal part each bind's own, or a group's."""
    rate_group: str | None = None
    """With scope group: the one of `rate_groups` whose rate this account shares with others."""
    key: Literal["recipient", "sender"] = "recipient"
    """What of a message decides its partition: everything of one is one process's."""
    sender_rate_per_s: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Segments per second of each sender, by contract; needs key: sender."""
    sender_rates: Mapping[str, Annotated[float, Field(gt=0, le=100_000)]] = {}
    """The same of senders that have another one, by source_addr."""
    strict_order: bool = False
    """One segment in flight per recipient: the next one waits for the outcome of the one before."""

    @property
    def generations(self) -> range:
        """Those there may be topics of, the newest last."""
        return range(1, self.generation + 1)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """The hosts and their ports."""
        return tuple(_address(written) for written in self.hosts)

    def secrets(self) -> dict[str, SecretText]:
        """Every secret of it, by its place."""
        found = {"password": self.password}
        if self.receiver is not None and self.receiver.password is not None:
            found["receiver.password"] = self.receiver.password
        if self.tls is not None and self.tls.key_password is not None:
            found["tls.key_password"] = self.tls.key_password
        return found


class RateGroupConfig(Section):
    """What several connectors may send together."""

    rate_per_s: Annotated[float, Field(gt=0, le=100_000)]
    """Segments per second of all of them, by contract; their own `rate_per_s` counts for nothing.
    """
