"""Messages that are one word and nothing else, a word that concerns the messages to come: STOP,
START, HELP; pure.

"stop by at nine" is no opt-out. The words are those of all numbers and those of the number that
was written to; what a number's own word means goes first.
"""

from collections.abc import Mapping
from typing import Literal

from pipeline.ids import Msisdn
from pipeline.numbers import NumberConfig, bare, digits_of
from pipeline.records import Mo, OptOut
from services.correlator.config import CorrelatorConfig

Wish = Literal["stop", "start", "help"]
ACTIONS = {"stop": "out", "start": "in"}


class Wishes:
    """What the words mean, by number."""

    def __init__(self, own: CorrelatorConfig, numbers: Mapping[str, NumberConfig]) -> None:
        self._any = _table(own)
        self._of = {
            digits_of(name): {**self._any, **_table(number)} for name, number in numbers.items()
        }

    def said(self, mo: Mo) -> Wish | None:
        """What `mo` is, if it is one; a message of which parts are missing may say more."""
        if not isinstance(mo.text, str) or not mo.complete:
            return None
        return self._of.get(digits_of(mo.receiver), self._any).get(bare(mo.text))


def opt_out_of(mo: Mo, wish: Wish | None) -> OptOut | None:
    """The opt-out, or the way back in, that `mo` is; it speaks of the number it was sent to."""
    if wish not in ACTIONS:
        return None
    return OptOut(
        recipient=Msisdn(digits_of(mo.sender)),
        action=ACTIONS[wish],
        sender=digits_of(mo.receiver),
        source=f"mo/{mo.mo_id}",
        at_ms=mo.received_ms,
    )


def _table(words: CorrelatorConfig | NumberConfig) -> dict[str, Wish]:
    rows: tuple[tuple[Wish, tuple[str, ...]], ...] = (
        ("help", words.help_words),
        ("start", words.opt_in_words),
        ("stop", words.opt_out_words),
    )
    return {bare(word): wish for wish, written in rows for word in written}
