"""Row D6: parts of inbound messages that are lost, doubled and shuffled, under references that come
again while others of theirs still wait."""

import re
from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import NamedTuple

from heliograph.chaos.findings import told
from heliograph.chaos.receipts import STAGE
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import After, Stage
from pipeline import topics
from pipeline.records import Mo

REFERENCES = 256  # of a header of 8 bits: so many messages later the same one comes again
SENDERS = "4674"
PARTS = 3
SEPTETS = 153  # of a part
WORDS = re.compile("[0-9]{4}-[0-9]{3} ")  # nine septets: so that no part cuts one
ROUND_TIMEOUT_S = 30
HARM: tuple[dict[str, object], ...] = (  # what befalls every eighth message
    {"lost_parts": [2]},
    {"doubled_parts": [2]},
    {"parts_shuffled": True},
    {"parts_shuffled": True, "doubled_parts": [1, 3]},
    {"lost_parts": [1]},
    {"form": "udh_16", "parts_shuffled": True},
    {"form": "sar", "parts_shuffled": True, "doubled_parts": [3]},
    {},
)


class Tally(NamedTuple):
    """What came of the messages that were sent."""

    whole: int
    partial: int
    repeated: int
    mixed: int


def text_of(number: int, turn: int) -> str:
    """What a handset says in its turn: all of it tells whose it is."""
    word = f"{number:04}-{turn:03} "
    return word * (PARTS * SEPTETS // len(word))


def tally(found: Iterable[Mo]) -> Tally:
    """A message is mixed when its words are of several, or when it is whole and other words."""
    counts: Counter[str] = Counter()
    texts: Counter[str] = Counter()
    for mo in found:
        text = str(mo.text)
        words = set(WORDS.findall(text))
        is_own = len(words) == 1 and WORDS.sub("", text) == ""
        is_whole = len(text) == PARTS * SEPTETS
        if not is_own or mo.complete != is_whole:
            counts["mixed"] += 1
            continue
        counts["whole" if is_whole else "partial"] += 1
        texts[min(words)] += 1
    repeated = sum(count - 1 for count in texts.values())
    return Tally(counts["whole"], counts["partial"], repeated, counts["mixed"])


def scattered(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Each handset says one thing after another, each time under the same reference."""
    turns = max(2, scale.messages // REFERENCES)
    lost = sum("lost_parts" in HARM[number % len(HARM)] for number in range(REFERENCES))
    whole = REFERENCES - lost
    for turn in range(turns):
        for number in range(REFERENCES):
            order = {"from": f"{SENDERS}{number:07}", "to": "12345", "encoding": "gsm7"}
            harm = HARM[number % len(HARM)]
            stage.post("/mo", {**order, "text": text_of(number, turn), **harm})
        _await(stage, whole * (turn + 1), 0)
    _await(stage, whole * turns, lost * turns)

    def all_came(_: After) -> Check:
        found = _found(stage)
        figure = (
            f"{found.whole} of {whole * turns} whole, {found.partial} of {lost * turns} partial,"
            f" {found.repeated} repeated, {found.mixed} mixed"
        )
        return Check(figure, found == Tally(whole * turns, lost * turns, 0, 0))

    return Played(f"{turns} turns of {REFERENCES} references", checks=(all_came,))


def _await(stage: Stage, whole: int, partial: int) -> None:
    """So many have come."""

    def have_come() -> bool:
        found = _found(stage)
        return found.whole >= whole and found.partial >= partial

    stage.wait(have_come, ROUND_TIMEOUT_S)


def _found(stage: Stage) -> Tally:
    return tally(told(stage, topics.MO, Mo, SENDERS))


ROWS = (
    Row("D6", "MO in parts, lost, doubled, shuffled", "0 mixed, each told once", scattered, STAGE),
)
