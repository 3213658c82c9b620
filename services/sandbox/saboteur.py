"""Does to a connection what `faults` decided: spoils the last PDU written, stems or ends the rest.

A `Dam` takes the place of what a session has to write, so that nothing overtakes a PDU that leaves
octet by octet, and nothing follows one that is never to be whole. A link that is dammed already is
left alone: two faults in one stream of octets could not be told apart.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from typing import TypeAlias

from services.sandbox.faults import Faults, enquire_links
from services.sandbox.timers import Timers, now_ns
from services.sandbox.troubles import Fault
from smpp.server import SmscSession
from smpp.state import Why

DRIBBLE_NS = 1_000_000  # from one octet to the next


class Dam(list[bytes]):
    """What a session writes goes into `held`; only what is let through leaves."""

    def __init__(self, before: list[bytes], held: deque[bytes]) -> None:
        super().__init__(before)
        self.held = held

    def append(self, octets: bytes) -> None:
        self.held.append(octets)

    def let_through(self, octets: bytes) -> None:
        """One write."""
        super().append(octets)


Dribble: TypeAlias = tuple[SmscSession, Dam, Iterator[int]]


class Saboteur:
    """Counts, by name, what it did."""

    def __init__(self, timers: Timers) -> None:
        self.counts: Counter[str] = Counter()
        self._timers = timers
        self._leaving: set[asyncio.Task[None]] = set()

    def spoil_last(self, link: SmscSession, faults: Faults, row: Fault) -> None:
        """Spoil the PDU that was given to `link` just now."""
        outgoing = link.session.outgoing
        if link.session.is_bound and not isinstance(outgoing, Dam):
            self._spoil(link, faults, row, outgoing.pop())

    def spoil_own(self, link: SmscSession, faults: Faults, row: Fault) -> None:
        """Spoil a PDU of the carrier's own, an enquire_link."""
        if link.session.is_bound and not isinstance(link.session.outgoing, Dam):
            self._spoil(link, faults, row, enquire_links(1))

    def _spoil(self, link: SmscSession, faults: Faults, row: Fault, octets: bytes) -> None:
        self.counts[row.fault] += 1
        spoilt = faults.spoil(row, octets)
        if row.fault == "dribble":
            self._begin_to_dribble(link, spoilt)
            return
        link.write_raw(spoilt)
        if row.fault == "half_pdu":
            link.session.outgoing = Dam(link.session.outgoing, deque(maxlen=0))
        elif row.fault == "reset":
            link.abort(Why.ABORTED, "reset by the scenario")
        elif row.fault == "unbind":
            task = asyncio.get_running_loop().create_task(link.close())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    def _begin_to_dribble(self, link: SmscSession, octets: bytes) -> None:
        dam = Dam(link.session.outgoing, deque())
        link.session.outgoing = dam
        self._drip((link, dam, iter(octets)))

    def _drip(self, dribble: Dribble) -> None:
        link, dam, octets = dribble
        octet = next(octets, None)
        if octet is None:
            link.session.outgoing = [*dam, *dam.held]
        else:
            dam.let_through(bytes((octet,)))
            self._timers.at(now_ns() + DRIBBLE_NS, self._drip, dribble)
        link.write_raw(b"")  # nothing of its own: so that what was let through leaves
