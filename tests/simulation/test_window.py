"""The window is in use whatever the round trip: at 150 ms four binds of ten do what they can."""

from random import Random

import pytest

from pipeline.ids import Msisdn
from services.binder.opt_outs import OptOuts
from services.binder.pacing import Pacer
from tests.builders import mt_submit
from tests.simulation import process
from tests.simulation.broker import Broker
from tests.simulation.carrier import Carrier, Temper
from tests.simulation.clock import EPOCH_MS, Clock

BINDS, WINDOW, ROUND_TRIP_S, END_S = 4, 10, 0.15, 6.0


def test_at_150_ms_the_full_window_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "WINDOW", WINDOW)
    monkeypatch.setattr(process, "QUEUE_MAX", 2000)
    clock, dice = Clock(), Random(1)
    temper = Temper(latency_s=(ROUND_TRIP_S, ROUND_TRIP_S), rate_per_s=100_000)
    carrier, broker = Carrier(clock, dice, temper), Broker(clock, dice, BINDS)
    for number in range(4000):
        submit = mt_submit(
            f"m{number}", recipient=Msisdn(f"46{number}"), deadline_ms=EPOCH_MS + 3_600_000
        )
        broker.submits[False, number % BINDS].append(submit)
    pacer = Pacer(10_000, 0.05)
    binder = process.Process(
        "binder-0", clock, broker, carrier, dice, pacer, OptOuts(), lambda lanes: None
    )
    binder.start()
    in_use: list[int] = []

    def look() -> None:
        in_use.append(sum(len(line.in_flight) for line in carrier.wires))
        clock.later(0.01, look)

    clock.later(1.0, look)
    clock.run(END_S, lambda: False)
    taken = sum(entry.at >= 1.0 for entry in carrier.ledger)
    assert taken >= 0.95 * (END_S - 1.0) * BINDS * WINDOW / ROUND_TRIP_S
    assert sum(in_use) / len(in_use) >= 0.95 * BINDS * WINDOW
