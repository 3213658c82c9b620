"""The network that serves a number, as MCC and MNC: by its prefix, or, where numbers may be taken
along to another network, by whoever knows of it; pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

from pipeline.countries import country_of
from pipeline.ids import Msisdn
from services.router.prefixes import Prefixes

_WRITTEN = re.compile(r"(\d{3})[- ]?(\d{2,3})", re.ASCII)


class Network(NamedTuple):
    """A network: three digits of its country, two or three of its own; its name where known."""

    code: str
    name: str = ""


class Portability(Protocol):
    """Who knows of single numbers where they have been taken to."""

    def network_of(self, recipient: Msisdn) -> str | None:
        """The code of its network; None where that is not known, or not in time."""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Portability by a table of whole numbers."""

    numbers: Prefixes[Network]

    def network_of(self, recipient: Msisdn) -> str | None:
        """The code of its network, where the number is in the table."""
        found = self.numbers.exact(recipient)
        return None if found is None else found.code


@dataclass(frozen=True, slots=True)
class Networks:
    """Who knows of single numbers, one after the other; then the table of prefixes."""

    ports: Sequence[Portability]
    prefixes: Prefixes[Network] | None

    def network_of(self, recipient: Msisdn) -> str | None:
        """The code of its network, None where nobody knows."""
        for port in self.ports:
            if (code := port.network_of(recipient)) is not None:
                return code
        found = self.prefixes.longest(recipient) if self.prefixes is not None else None
        return None if found is None else found.code

    def name_of(self, code: str) -> str:
        """What the table of prefixes calls a network; "" where it has no name for it."""
        known = () if self.prefixes is None else self.prefixes.values
        return next((own.name for own in known if own.code == code and own.name), "")


class Whereabouts:
    """Where a recipient is, found out when it is first asked and the same from then on."""

    def __init__(self, recipient: Msisdn, network_of: Callable[[Msisdn], str | None]) -> None:
        self._recipient = recipient
        self._network_of = network_of

    @cached_property
    def country(self) -> str | None:
        """ISO 3166 code, None for a number of no country."""
        return country_of(self._recipient)

    @cached_property
    def network(self) -> str | None:
        """MCC and MNC, None where it is not known."""
        return self._network_of(self._recipient)


def unknown(_recipient: Msisdn) -> str | None:
    """No network is known."""
    return None


NOWHERE = Whereabouts(Msisdn(""), unknown)


def code_of(written: str) -> str:
    """MCC and MNC as digits, of 24001 or 240-01; ValueError for what is none."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        raise ValueError(f"network {written!r} must be MCC and MNC, such as 24001 or 240-01")
    return found[1] + found[2]
