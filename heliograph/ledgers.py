"""The sandboxes' ledgers: where they are, whose accounts they speak of, and what stands in them.

    NAME=PLACE   the ledger of connector NAME
    PLACE        of the connectors of the sandbox that is configured with this HTTP port or this
                 ledger_file; where none is, a single ledger is that of all connectors

PLACE is the base URL of a running sandbox, or the file one has written at its end.
"""

import json
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from heliograph.tallies import Account, Contract
from pipeline.config import Config
from pipeline.errors import HeliographError

HTTP_TIMEOUT_S = 30
JOURNALS = ("segments", "receipts", "mo", "binds")


@dataclass(frozen=True, slots=True)
class Ledger:
    """One ledger and the connectors whose submits stand in it."""

    name: str
    place: str
    connectors: tuple[str, ...]

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry, and what the sandbox says of itself; raises HeliographError."""
        try:
            is_url = urlsplit(self.place).scheme in ("http", "https")
            yield from _over_http(self.place) if is_url else _from_file(Path(self.place))
        except (OSError, ValueError) as error:
            raise HeliographError(f"the ledger {self.place} can't be read: {error}") from error


def ledgers(written: Iterable[str], config: Config) -> list[Ledger]:
    """The ledgers as written on a command line; raises HeliographError for what can't be told."""
    given = list(written)
    return [_ledger(one, config, is_only=len(given) == 1) for one in given]


def contracts(found: Iterable[Ledger], config: Config) -> dict[Account, Contract]:
    """What each account may do at each ledger: all its connectors together."""
    accounts: dict[Account, Contract] = {}
    for name, connectors in {ledger.name: ledger.connectors for ledger in found}.items():
        for connector in (config.connectors[connector] for connector in connectors):
            contract = accounts.setdefault((name, connector.system_id), Contract())
            contract.rate_per_s += connector.rate_per_s
            contract.binds += connector.binds
    return accounts


def _ledger(written: str, config: Config, *, is_only: bool) -> Ledger:
    name, is_named, place = written.partition("=")
    if is_named and name in config.connectors:
        return Ledger(name, place.rstrip("/"), (name,))
    place = written.rstrip("/")
    for name, sandbox in config.services.get("sandbox", {}).items():
        if _is_at(place, sandbox):
            return Ledger(name, place, _connectors_at(sandbox, config))
    if not is_only:
        names = ", ".join(config.connectors)
        raise HeliographError(
            f"--ledger {written}: whose ledger is it? Write NAME=..., with NAME one of {names}"
        )
    return Ledger("all", place, tuple(config.connectors))


def _is_at(place: str, sandbox: Mapping[str, Any]) -> bool:
    address = urlsplit(place)
    if address.scheme in ("http", "https"):
        return address.port == int(sandbox.get("http_port", 8775))
    return place == str(sandbox.get("ledger_file"))


def _connectors_at(sandbox: Mapping[str, Any], config: Config) -> tuple[str, ...]:
    port = int(sandbox.get("port", 2775))
    return tuple(
        name
        for name, connector in config.connectors.items()
        if connector.addresses[0].port == port and connector.system_id in sandbox["accounts"]
    )


def _over_http(url: str) -> Iterator[dict[str, Any]]:
    for journal in JOURNALS:
        yield from _lines(f"{url}/ledger/{journal}")
    yield {"journal": "statistics", **get_json(f"{url}/stats")}


def _lines(url: str) -> Iterator[dict[str, Any]]:
    with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
        for line in response:
            yield json.loads(line)


def _from_file(path: Path) -> Iterator[dict[str, Any]]:
    row: dict[str, Any] = {}
    with path.open("rb") as lines:
        for line in lines:
            row = json.loads(line)
            if not isinstance(row, dict) or "journal" not in row:
                raise ValueError("it holds a line that is no entry of a ledger")
            yield row
    if row.get("journal") != "statistics":
        raise ValueError("it does not end with the line `statistics`; the sandbox was killed")


def get_json(url: str) -> dict[str, Any]:
    """One JSON object from loopback."""
    with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
        found: dict[str, Any] = json.load(response)
    return found


def post_json(url: str, body: object) -> None:
    """Post one JSON object to loopback."""
    request = urllib.request.Request(  # noqa: S310
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S):  # noqa: S310
        pass
