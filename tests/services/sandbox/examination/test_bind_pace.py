"""What is kept of accounts has a limit, whoever binds."""

import pytest

from services.sandbox.examination import bind_pace
from services.sandbox.examination.bind_pace import BindPace
from services.sandbox.examination.conformance import Tally
from smpp.values import CommandStatus


def test_names_that_nobody_has_are_forgotten_like_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bind_pace, "ACCOUNTS_KEPT", 3)
    tally = Tally()
    pace = BindPace(tally)
    for name in ("us", "a", "b", "c", "us"):
        pace.bind(name, CommandStatus.ESME_RINVSYSID, 1.0)
    assert tally.counts["refused_bind"].judged == 0
