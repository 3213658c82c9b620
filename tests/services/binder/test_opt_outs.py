"""Who may not be written to, for what."""

import pytest

from pipeline.ids import Msisdn
from pipeline.records import OptOut
from services.binder import opt_outs
from services.binder.opt_outs import LIFE_MS, OptOuts
from tests.builders import REQUESTED_MS, mt_submit

NUMBER = Msisdn("46701234567")


def row(action: str = "out", at_ms: int = REQUESTED_MS, **about: str) -> OptOut:
    return OptOut(recipient=NUMBER, action=action, source="mo/1", at_ms=at_ms, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "class_", "holds"),
    [
        ({}, "promotional", True),
        ({}, "billed", True),
        ({}, "transactional", False),
        ({}, "otp", False),
        ({"tenant": "default"}, "promotional", True),
        ({"tenant": "other"}, "promotional", False),
        ({"sender": "ACME"}, "promotional", True),
        ({"sender": "12345"}, "promotional", False),
        ({"tenant": "default", "sender": "ACME"}, "promotional", True),
    ],
)
def test_an_opt_out_is_about_what_it_names(about: dict[str, str], class_: str, holds: bool) -> None:
    own = OptOuts()
    own.put(NUMBER, row(**about))
    assert own.forbids(mt_submit(class_=class_)) is holds
    assert not own.forbids(mt_submit(class_=class_, recipient="46"))
    own.put(NUMBER, row("in"))
    assert not own.rows


def test_who_comes_back_to_one_sender_still_wants_nothing_of_the_other() -> None:
    own = OptOuts()
    own.put(NUMBER, row(sender="ACME"))
    own.put(NUMBER, row(sender="12345"))
    own.put(NUMBER, row("in", sender="12345"))
    assert own.forbids(mt_submit(class_="promotional"))
    assert not own.forbids(mt_submit(class_="promotional", source_addr="12345"))


def test_what_is_older_than_any_message_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    own = OptOuts()
    own.put("1", row())
    own.put("2", row(at_ms=REQUESTED_MS + LIFE_MS + 1))
    assert list(own.rows) == ["2"]
    monkeypatch.setattr(opt_outs, "RECIPIENTS_MAX", 3)
    for number in "3456":
        own.put(number, row(at_ms=REQUESTED_MS + LIFE_MS + 2))
    assert list(own.rows) == ["4", "5", "6"]
