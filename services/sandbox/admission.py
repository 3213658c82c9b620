"""Whether an ESME may bind: one table, tried in order; pure.

The first row that holds is the answer. What carriers say in a case differs; these are the usual
words. A wrong password costs attempts: after too many the account is closed for a while, even for
the right one, as carriers do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address

from services.sandbox.config import ANY_NAME, AccountConfig, BindType
from services.sandbox.deliveries import Bound
from smpp import pdu
from smpp.values import CommandStatus


@dataclass(frozen=True, slots=True)
class Knock:
    """One bind request, and all that decides about it; no `account` when nobody has that name."""

    account: AccountConfig | None
    bind: pdu.Bind
    host: str
    certificate_names: frozenset[str]
    bound: tuple[Bound, ...]
    is_locked: bool

    @property
    def bind_type(self) -> BindType:
        """As what it wants to bind."""
        return BIND_TYPES[type(self.bind)]


@dataclass(frozen=True, slots=True)
class Row:
    """One reason to refuse."""

    status: CommandStatus
    what: str
    holds: Callable[[Knock, AccountConfig], bool]


BIND_TYPES: dict[type[pdu.Bind], BindType] = {
    pdu.BindTransmitter: "transmitter",
    pdu.BindReceiver: "receiver",
    pdu.BindTransceiver: "transceiver",
}
UNKNOWN = CommandStatus.ESME_RINVSYSID


def _is_elsewhere(knock: Knock, account: AccountConfig) -> bool:
    if not account.allow:
        return False
    if not knock.host:  # it went before it was asked where it is
        return True
    address = ip_address(knock.host)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not any(address in network for network in account.allow)


def _is_full(limit: int | None, bound: Iterable[Bound]) -> bool:
    return limit is not None and sum(1 for _ in bound) >= limit


def _has_too_many(knock: Knock, account: AccountConfig) -> bool:
    binds, bound, kind = account.binds, knock.bound, knock.bind_type
    return (
        _is_full(binds.all, bound)
        or _is_full(getattr(binds, kind), [b for b in bound if b.bind_type == kind])
        or _is_full(binds.per_address, [b for b in bound if b.host == knock.host])
    )


def _is_unknown(names: frozenset[str], wanted: str | None) -> bool:
    return not names if wanted == ANY_NAME else wanted is not None and wanted not in names


def _is_wrong(knock: Knock, account: AccountConfig) -> bool:
    known, given = account.password.get_secret_value(), knock.bind.password
    return not compare_digest(known.encode(), given.encode())


ROWS = (
    Row(CommandStatus.ESME_RBINDFAIL, "closed after wrong passwords", lambda k, a: k.is_locked),
    Row(CommandStatus.ESME_RINVPASWD, "the password is another", _is_wrong),
    Row(CommandStatus.ESME_RBINDFAIL, "the address is not in `allow`", _is_elsewhere),
    Row(
        CommandStatus.ESME_RBINDFAIL,
        "the certificate is not `client_certificate`",
        lambda k, a: _is_unknown(k.certificate_names, a.client_certificate),
    ),
    Row(
        CommandStatus.ESME_RINVSYSTYP,
        "the system_type is another",
        lambda k, a: a.system_type not in (None, k.bind.system_type),
    ),
    Row(
        CommandStatus.ESME_RBINDFAIL,
        "the address_range is another",
        lambda k, a: a.address_range not in (None, k.bind.address_range),
    ),
    Row(
        CommandStatus.ESME_RBINDFAIL,
        "the bind type is not in `bind_types`",
        lambda k, a: k.bind_type not in a.bind_types,
    ),
    Row(CommandStatus.ESME_RALYBND, "there are as many as `binds` allows", _has_too_many),
)


def refusal(knock: Knock) -> CommandStatus | None:
    """The status of the first reason to refuse, None when there is none."""
    if knock.account is None:
        return UNKNOWN
    for row in ROWS:
        if row.holds(knock, knock.account):
            return row.status
    return None
