"""What a support desk can say."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.story import STEPS
from services.telemetry.reasons import ENDS, RECEIPTS, WORDS, in_words, why
from services.tracker import states
from tests.builders import REQUESTED_MS, mt_event

ROOT = Path(__file__).parents[3]
PLACES = {  # by whom a reason is made: which argument it is
    "Refusal": 0,
    "Fault": 0,
    "Check": 0,
    "ContentCheck": 0,
    "Row": 0,
    "Outcome": 1,
}
ROWS = {"services/router/policy.py": 0, "services/router/limits.py": 1}
NAMED = {  # constants that stand for a reason
    "services/router/pumping.py": ("REASON",),
    "services/tracker/ways.py": ("TIMEOUT", "NO_RECEIPT"),
    "heliograph/unresolved.py": ("REASON",),
    "pipeline/stops.py": ("COMMAND",),
}


def said() -> Iterator[str]:
    """Every reason that stands in the code as it is."""
    for path in sorted((ROOT / "services").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "sandbox" in name:
                continue
            made = node.func.value if isinstance(node.func, ast.Subscript) else node.func
            who = made.id if isinstance(made, ast.Name) else getattr(made, "attr", "")
            at = ROWS.get(name, -1) if who == "Row" else PLACES.get(who, -1)
            if 0 <= at < len(node.args):
                told = node.args[at]
                if isinstance(told, ast.Constant) and isinstance(told.value, str):
                    yield told.value
    for name, constants in NAMED.items():
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        found = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        } | {"COMMAND": "command"}
        yield from (str(found[constant]) for constant in constants)


def test_every_reason_that_the_code_can_say_has_words() -> None:
    reasons = set(said())
    assert {"bad_number", "no_route", "quota_exceeded", "link_lost", "dlr_timeout"} <= reasons
    assert reasons - WORDS.keys() == set()


def test_no_words_are_kept_for_what_nobody_says() -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("services", "pipeline", "heliograph")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "reasons.py"
    )
    plain = {reason for reason in WORDS if ":" not in reason}
    assert {reason for reason in plain if f'"{reason}"' not in text} == set()


def test_every_state_of_a_message_begins_a_sentence_and_every_receipt_has_words() -> None:
    assert ENDS.keys() == states.TERMINAL | {
        states.SCHEDULED,
        states.WAITING,
        states.ROUTED,
        states.SENDING,
        states.ACCEPTED,
        states.PARTIAL,
    }
    assert {name.lower() for name in states.RECEIPT_STATES} - {"delivered"} <= RECEIPTS.keys()


@pytest.mark.parametrize("words", [*WORDS.values(), *RECEIPTS.values()])
def test_words_fit_into_a_sentence(words: str) -> None:
    assert words[0].islower()
    assert words[-1] not in ".;:,"
    assert len(words) <= 90


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [
        ("no_route", None, "no route leads to this recipient"),
        ("ESME_RINVDSTADR", None, "the carrier refused it: the destination address is invalid"),
        ("ESME_RINVDSTADR", 0x0B, "the destination address is invalid (ESME_RINVDSTADR)"),
        ("0x0000040B", None, "an error of this SMSC's vendor (0x0000040B)"),
        ("undeliverable:1b", None, "the carrier could not deliver it (its error 1b)"),
        ("undeliverable", None, "the carrier could not deliver it"),
        ("not_to_lotteries", None, "not_to_lotteries"),
        ("0xnumber_x", None, "0xnumber_x"),
    ],
)
def test_a_reason_is_told(reason: str, status: int | None, words: str) -> None:
    assert words in in_words(reason, status)


ONE = {"segment": 1, "segments": 1, "connector": "slow"}
ACCEPTED = mt_event(event="segment_accepted", state="accepted", **ONE)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([], ""),
        ([mt_event(connector="slow")], "It waits to be written to the carrier slow."),
        (
            [mt_event(), ACCEPTED],
            "The carrier slow has taken it, and has not yet said what became of it.",
        ),
        (
            [
                ACCEPTED,
                mt_event(
                    event="receipt",
                    state="delivered",
                    terminal=True,
                    receipt_state="DELIVERED",
                    at_ms=REQUESTED_MS + 900,
                    **ONE,
                ),
                mt_event(event="duplicate", state="delivered", reason="duplicate"),
            ],
            "It was delivered by the carrier slow at 2026-09-21 14:13:20 UTC, 0.9 s after it was "
            "asked for.",
        ),
        (
            [mt_event(event="rejected", state="rejected", terminal=True, reason="bad_number")],
            "It was refused at 2026-09-21 14:13:20 UTC: the recipient is no phone number.",
        ),
        (
            [
                ACCEPTED,
                mt_event(
                    event="receipt",
                    state="undeliverable",
                    terminal=True,
                    reason="rejected:7",
                    **ONE,
                ),
            ],
            "The carrier slow took it, but did not deliver it: the carrier or the network refused "
            "it (its error 7).",
        ),
        (
            [
                mt_event(
                    event="segment_cancelled",
                    state="cancelled",
                    terminal=True,
                    reason="campaign spring",
                    **ONE,
                )
            ],
            "It was cancelled at 2026-09-21 14:13:20 UTC: an operator has stopped it (campaign "
            "spring).",
        ),
        (
            [mt_event(event="segment_unknown", state="unknown", reason="link_lost", **ONE)],
            "Nobody knows whether it has arrived: the connection to the carrier broke before its "
            "answer came.",
        ),
    ],
)
def test_one_sentence_says_what_became_of_it(events: list[object], sentence: str) -> None:
    assert why(events) == sentence  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("state", ENDS)
def test_whatever_the_events_it_is_one_sentence(kind: str, state: str) -> None:
    told = why([mt_event(event=kind, state=state, reason="no_way_left")])
    assert "{" not in told
    assert told[0].isupper()
    assert told.endswith(".")
    assert ". " not in told
