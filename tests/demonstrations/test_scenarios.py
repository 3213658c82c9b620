"""Every behaviour of the sandbox, one row each: the scenario, what was sent, what the ESME saw.

The rows are the list to show; each is played over loopback and must come out word by word.
"""

from dataclasses import dataclass

import pytest

from services.sandbox.smsc import Sandbox
from smpp.errors import BindRefusedError, SmppError
from tests.demonstrations.observer import PATIENCE_S, messages, observing
from tests.services.sandbox.loopback import sandbox

NUMBER = "46701234567"
LATE_MS = int(PATIENCE_S * 1000) + 60


@dataclass(frozen=True)
class Row:
    """One behaviour; `to` are the destinations of the submit_sm."""

    name: str
    scenario: str
    saw: str
    to: tuple[str, ...] = (NUMBER,)
    at_once: bool = False
    receipts: bool = False

    @property
    def sent(self) -> str:
        """In words."""
        how = " at once" if self.at_once else ""
        return f"{len(self.to)} submit_sm{how}" + (", receipts asked for" * self.receipts)


def fault(name: str, saw: str, keys: str = "", after: int = 2, count: int = 3) -> Row:
    """A fault of the wire with the answer to one of several submit_sm."""
    scenario = f"faults: [{{fault: {name}, after: {after}{keys}}}]"
    return Row(f"fault {name}{keys}", scenario, saw, (NUMBER,) * count)


def limit(name: str, keys: str, saw: str, count: int = 4) -> Row:
    """A limit and what is above it."""
    return Row(f"limit: {name}", f"limits: {{{keys}}}", saw, (NUMBER,) * count, at_once=True)


BROKEN = "ok, unanswered, end: the peer broke the protocol"

ROWS = [
    Row("nothing special", "", "ok, receipt DELIVERED", receipts=True),
    # --- the wire ---
    fault("never_answer_submit", "ok, no response, ok"),
    fault("late_response", "ok x2, no response, late ok", f", after_ms: {LATE_MS}", after=3),
    fault("repeated_response", "ok x3, 1 PDU that answers nothing"),
    fault("wrong_sequence", "ok, no response, ok, 1 PDU that answers nothing"),
    fault("half_pdu", "ok, no response x2"),
    fault("dribble", "ok x3"),
    fault("command_length", BROKEN, ", command_length: 0", count=2),
    fault("command_length", BROKEN, ", command_length: 15", count=2),
    fault("command_length", BROKEN, ", command_length: 0x7FFFFFFF", count=2),
    fault("command_length", BROKEN, ", command_length: 0xFFFFFFFF", count=2),
    fault("garbage", BROKEN, count=2),
    fault("unknown_command", "ok x3, 1 PDU unreadable"),
    fault("enquire_flood", "ok x3", ", count: 1000"),
    fault("reset", "ok, unanswered, end: the connection was lost", count=2),
    fault("unbind", "ok x2, end: the peer unbound", count=2),
    # --- limits ---
    limit("a sliding second", "rate_per_s: 2", "ok x2, THROTTLED x2"),
    limit("a leaky bucket", "rate_per_s: 1, counting: leaky, bucket: 3", "ok x3, THROTTLED"),
    limit("another status", "rate_per_s: 2, status_above: ESME_RMSGQFUL", "ok x2, MSGQFUL x2"),
    limit("dropped above", "rate_per_s: 2, above: drop", "ok x2, no response x2"),
    limit(
        "disconnected above",
        "rate_per_s: 2, above: disconnect",
        "unanswered x4, end: the connection was lost",
    ),
    limit("penalty box", "rate_per_s: 3, above: penalty, penalty_s: 60", "ok x3, THROTTLED"),
    Row(
        "limit: a window of 2",
        "{limits: {window: 2}, responses: {latency_ms: {min: 20, max: 20}}}",
        "THROTTLED x2, ok x2",
        (NUMBER,) * 4,
        at_once=True,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_an_esme_sees(row: Row, told: list[tuple[str, str, str]]) -> None:
    async with sandbox(row.scenario) as own, observing(own.port) as observer:
        sent = messages(*row.to, registered_delivery=int(row.receipts))
        await observer.submit_all(sent, at_once=row.at_once)
        await observer.until(row.saw)
        saw = str(observer)
    assert saw == row.saw
    told.append((row.name, row.sent, saw))


# --- binds ----------------------------------------------------------------------------------------


async def bind_in_words(own: Sandbox) -> str:
    """Bind, lose the connection, and say what came of it."""
    try:
        async with observing(own.port, bind_timeout_s=PATIENCE_S) as observer:
            own.drop()
            await observer.esme.ended()
    except BindRefusedError as error:
        return error.status.name.removeprefix("ESME_R")
    except SmppError:
        return "no response"
    return "bound and lost"


BINDS = [
    ("fault never_answer_bind", "faults: [{fault: never_answer_bind, share: 1}]", "no response"),
    (
        "ghosts hold the places",
        "limits: {binds: 1, ghosts_s: 60}",
        "bound and lost, ALYBND",
    ),
    ("maintenance", "maintenance: [{from_s: 0, for_s: 60}]", "BINDFAIL"),
]


@pytest.mark.parametrize(("name", "scenario", "saw"), BINDS, ids=[row[0] for row in BINDS])
async def test_an_esme_binds(
    name: str, scenario: str, saw: str, told: list[tuple[str, str, str]]
) -> None:
    async with sandbox(scenario) as own:
        count = saw.count(",") + 1
        seen = ", ".join([await bind_in_words(own) for _ in range(count)])
    assert seen == saw
    told.append((name, f"{count} bind_transceiver", seen))
