"""What somebody should look at now: a table of conditions; pure.

The names are those of the alert rules (infra/prometheus), which wake people; this is for who looks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from services.telemetry.connectors import BOUND, DRAINED, STOPPED
from services.telemetry.snapshot import Alert, Connector, Letters
from services.telemetry.view import Unsent

SHARE_MAX = 1 / 3  # of a validity
ORPHANS_MAX = 0.01
BEHIND_MAX = 10_000  # records

OF_CONNECTORS: Mapping[str, tuple[Callable[[Connector], bool], str]] = {
    "ConnectorStopped": (
        lambda one: one.state == STOPPED,
        "{one.name} refuses everything: {one.stop}.",
    ),
    "BindDown": (
        lambda one: one.state != DRAINED and one.all_binds[0] < one.all_binds[1],
        "{one.name} has {one.all_binds[0]} of {one.all_binds[1]} binds and is {one.state}.",
    ),
    "Throttled": (
        lambda one: one.state == BOUND and one.is_throttled,
        "{one.name} takes {one.rate_per_s:g} of {one.contract_per_s:g} segments a second.",
    ),
    "Orphans": (
        lambda one: (one.orphan_share or 0) > ORPHANS_MAX,
        "{one.name} sends receipts that fit no message: {one.orphan_share:.1%} of them.",
    ),
}


class Alarms:
    """Keeps since when each condition holds."""

    def __init__(self) -> None:
        self._since_ms: dict[tuple[str, str | None], int] = {}

    def told(
        self,
        connectors: Iterable[Connector],
        letters: Iterable[Letters],
        unsent: Sequence[Unsent],
        behind: int,
        now_ms: int,
    ) -> tuple[Alert, ...]:
        """What holds now, the longest first."""
        found = {
            (name, about): words
            for name, about, words in (
                *_of_connectors(connectors),
                *_of_letters(letters),
                *_of_unsent(unsent),
                *_of_telemetry(behind),
            )
        }
        self._since_ms = {key: self._since_ms.get(key, now_ms) for key in found}
        alerts = [
            Alert(name=name, about=about, words=words, since_ms=self._since_ms[name, about])
            for (name, about), words in found.items()
        ]
        return tuple(sorted(alerts, key=lambda alert: alert.since_ms))


Told = Iterator[tuple[str, str | None, str]]  # name, about what, words


def _of_connectors(connectors: Iterable[Connector]) -> Told:
    for one in connectors:
        for name, (holds, words) in OF_CONNECTORS.items():
            if holds(one):
                yield name, one.name, words.format(one=one)


def _of_letters(letters: Iterable[Letters]) -> Told:
    for one in letters:
        yield "DeadLetters", one.topic, f"Nobody has dealt with {one.open:,} in {one.topic}."


def _of_unsent(unsent: Sequence[Unsent]) -> Told:
    own = [one for one in unsent if not one.test]
    for connector in sorted({one.connector or "" for one in own}):
        share = max(one.share for one in own if (one.connector or "") == connector)
        if share > SHARE_MAX:
            about = connector or None
            where = f" for {connector}" if connector else ""
            yield "OldestUnsent", about, f"The oldest unsent{where} has {share:.0%} of its time."


def _of_telemetry(behind: int) -> Told:
    if behind > BEHIND_MAX:
        yield "TelemetryBehind", None, f"What is seen here is old: {behind:,} records to read."
