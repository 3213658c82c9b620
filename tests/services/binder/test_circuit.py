"""When a connector stops by itself, and when it goes on."""

from services.binder.circuit import PATIENCE_ANSWERS, Circuit

NO_CREDIT, FULL = 0x45, 0x14


def test_what_says_that_nothing_will_pass_stops_it_at_once() -> None:
    circuit = Circuit(probe_s=30)
    assert circuit.room(0) is None
    circuit.refused(NO_CREDIT, 0, at_once=True)
    assert circuit.stopped_by == NO_CREDIT
    assert (circuit.room(29), circuit.wait_s(29)) == (0, 1)


def test_one_segment_goes_to_see_and_the_next_after_as_long() -> None:
    circuit = Circuit(probe_s=30)
    circuit.refused(NO_CREDIT, 0, at_once=True)
    assert circuit.room(30) == 1
    circuit.probe(30)
    assert circuit.room(31) == 0
    circuit.refused(NO_CREDIT, 31, at_once=False)
    assert circuit.room(60) == 0
    assert circuit.room(61) == 1
    circuit.passed()
    assert (circuit.room(61), circuit.stopped_by) == (None, None)


def test_the_same_refusal_for_minutes_on_end_stops_it() -> None:
    circuit = Circuit(patience_s=120)
    for second in range(0, 121, 10):
        assert circuit.stopped_by is None
        circuit.refused(FULL, second, at_once=False)
    assert circuit.stopped_by == FULL


def test_refusals_of_many_kinds_or_few_in_number_do_not() -> None:
    mixed, few = Circuit(patience_s=120), Circuit(patience_s=120)
    for second in range(0, 1000, 5):
        mixed.refused(FULL if second % 2 else NO_CREDIT, second, at_once=False)
    for second in range(PATIENCE_ANSWERS - 1):
        few.refused(FULL, second * 1000, at_once=False)
    assert mixed.stopped_by is few.stopped_by is None
