"""Every behaviour of the sandbox, one row each: the scenario, what was sent, what the ESME saw.

The rows are the list to show; each is played over loopback and must come out word by word.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from services.sandbox.dialects import DIALECTS
from services.sandbox.reports import Outcome
from services.sandbox.smsc import Sandbox
from smpp.errors import BindRefusedError, SmppError
from smpp.values import MessageState
from tests.demonstrations.observer import (
    PATIENCE_S,
    Words,
    ids_in_words,
    in_full,
    in_words,
    messages,
    observing,
)
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
    words: Words = in_words

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


def status(name: str, **keys: object) -> str:
    """A scenario that refuses."""
    row = ", ".join([f"status: {name}", *[f"{key}: {value!r}" for key, value in keys.items()]])
    return f"responses: {{statuses: [{{{row}}}]}}"


def report(name: str, keys: str, saw: str, latency_ms: int = 0) -> Row:
    """How a receipt comes."""
    plan = keys if keys.startswith("{") else f"{{{keys}}}"
    latency = f"{{min: {latency_ms}, max: {latency_ms}}}"
    scenario = f"{{receipts: {plan}, responses: {{latency_ms: {latency}}}}}"
    return Row(f"receipt {name}", scenario, saw, receipts=True)


def magic(digits: str, saw: str, count: int = 1) -> Row:
    """A magic number of the customer's sandbox; what is late comes soon here."""
    scenario = "{base: test, receipts: {late_ms: {min: 300, max: 300}}}"
    return Row(
        f"magic number {digits}", scenario, saw, (f"99946700{digits}",) * count, receipts=True
    )


def dialect(name: str) -> Row:
    """A dialect, as its template has it."""
    template, date = DIALECTS[name]
    day = "9" * len(datetime(2026, 11, 23, tzinfo=UTC).strftime(date))
    written = template.format(
        id="#", sub=1, dlvrd=1, submit=day, done=day, stat="DELIVRD", name="DELIVERED", err="000"
    )
    saw = f"ok, deliver_sm 0x04 {written!r}"
    scenario = f"receipts: {{tlv: false, dialect: {name}}}"
    return Row(f"dialect {name}", scenario, saw, receipts=True, words=in_full)


DELIVERED = "ok, receipt DELIVERED"
MAGIC = [
    ("01", DELIVERED),
    ("02", "ok, receipt UNDELIVERABLE"),
    ("03", "ok, receipt EXPIRED"),
    ("04", "ok, receipt REJECTED"),
    ("05", "ok, receipt UNKNOWN"),
    ("11", f"THROTTLED x2, {DELIVERED}", 3),
    ("12", f"MSGQFUL x2, {DELIVERED}", 3),
    ("13", "INVDSTADR"),
    ("21", "ok"),
    ("22", DELIVERED),
    ("23", "receipt DELIVERED, ok"),
    ("24", "ok, receipt DELIVERED x2"),
    ("25", "ok, receipt ENROUTE, receipt DELIVERED"),
    ("26", "ok, receipt DELIVERED, receipt ENROUTE"),
    ("31", f"{DELIVERED}, MO 'STOP'"),
    ("32", f"{DELIVERED}, MO 'YES'"),
]
COUNTS, DATES = "sub:001 dlvrd:001", "submit date:9999999999 done date:9999999999"
BODY = f"{COUNTS} {DATES} stat:DELIVRD err:000 text:"
TLVS = "+receipted_message_id +message_state"
FORMS = [
    ("by text and TLV", "", f"deliver_sm 0x04 'id:# {BODY}' {TLVS}"),
    ("by TLV alone", "text: false", f"deliver_sm 0x04 '' {TLVS}"),
    ("by text alone", "tlv: false", f"deliver_sm 0x04 'id:# {BODY}'"),
    ("with esm_class 0", "is_unmarked: true, tlv: false", f"deliver_sm 0x00 'id:# {BODY}'"),
    ("as data_sm", "form: data_sm", f"data_sm 0x04 'id:# {BODY}' {TLVS} +message_payload"),
]
IDS = [
    ("in_response: decimal", "ok, 16 digits, receipt of 16 digits"),
    (
        "digits: 20",
        "ok, 20 digits with zeros before them, receipt of 20 digits with zeros before them",
    ),
    ("is_reused: true", "ok, 1 digits, receipt of 1 digits"),
    ("in_response: uuid, in_receipt: uuid", "ok, a UUID, receipt of a UUID"),
]
TWO = (NUMBER, "46701234500")
THREE = (NUMBER,) * 3
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
    # --- statuses ---
    Row("refused for good", status("ESME_RINVDSTADR"), "INVDSTADR"),
    Row("this handset's queue is full", status("ESME_RMSGQFUL", suffix="67"), "MSGQFUL, ok", TWO),
    Row("throttled, then delivered", status("ESME_RTHROTTLED", times=2), "THROTTLED x2, ok", THREE),
    Row("out of credit from now on", status("ESME_RSUBMITFAIL", from_s=0), "SUBMITFAIL x3", THREE),
    # --- receipts ---
    report("early", "early_share: 1", "receipt DELIVERED, ok", latency_ms=20),
    report("late", "{late_share: 1, late_ms: {min: 90, max: 90}}", "ok, receipt DELIVERED"),
    report("never", "never_share: 1", "ok"),
    report("twice", "twice_share: 1", "ok, receipt DELIVERED x2"),
    report("intermediate", "intermediate_share: 1", "ok, receipt ENROUTE, receipt DELIVERED"),
    report("out of order", "disorder_share: 1", "ok, receipt DELIVERED, receipt ENROUTE"),
    *[dialect(name) for name in DIALECTS],
    *[
        Row(f"receipt {name}", f"receipts: {{{keys}}}", f"ok, {saw}", receipts=True, words=in_full)
        for name, keys, saw in FORMS
    ],
    *[
        Row(f"ids {ids}", f"message_ids: {{{ids}}}", saw, receipts=True, words=ids_in_words)
        for ids, saw in IDS
    ],
    # --- outcomes ---
    *[magic(*row) for row in MAGIC],
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_an_esme_sees(row: Row, told: list[tuple[str, str, str]]) -> None:
    async with sandbox(row.scenario) as own, observing(own.port, row.words) as observer:
        sent = messages(*row.to, registered_delivery=int(row.receipts))
        await observer.submit_all(sent, at_once=row.at_once)
        await observer.until(row.saw)
        saw = str(observer)
    assert saw == row.saw
    told.append((row.name, row.sent, saw))


async def test_an_esme_sees_what_is_said_by_hand(told: list[tuple[str, str, str]]) -> None:
    async with (
        sandbox("outcomes: [{receipt: by_hand}]") as own,
        observing(own.port, in_words) as observer,
    ):
        await observer.submit_all(messages(NUMBER, registered_delivery=1), at_once=False)
        await observer.until("ok")
        own.by_hand.end(NUMBER, None, Outcome(state=MessageState.UNDELIVERABLE, error="001"))
        await observer.until("ok, receipt UNDELIVERABLE")
        saw = str(observer)
    assert saw == "ok, receipt UNDELIVERABLE"
    told.append(("receipt by hand", "1 submit_sm, receipts asked for", saw))


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
