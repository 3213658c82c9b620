"""What takes time to see: the watcher is told the time, so each row is a little timetable."""

from typing import Any

import pytest

from services.sandbox.examination.conformance import Tally
from services.sandbox.examination.parts import Parts
from services.sandbox.examination.watcher import Terms, Watcher
from smpp import pdu
from smpp.pdu import Pdu, SubmitSm
from smpp.values import CommandStatus, EsmClass
from smpp.wire import encode

CAME, WENT, PASSED, ENDED = "came", "went", "passed", "ended"

Moment = tuple[float, str, Pdu | None]


def submit(number: int, **fields: Any) -> SubmitSm:
    given = {"destination_addr": "46701234567", "short_message": b"m%d" % number}
    return SubmitSm(sequence_number=number, **(given | fields))


def part(number: int, text: bytes) -> SubmitSm:
    header = bytes((5, 0, 3, 7, 2, 1))
    return submit(number, esm_class=EsmClass.UDHI, short_message=header + text)


def answer(number: int, status: CommandStatus = CommandStatus.ESME_ROK) -> pdu.SubmitSmResp:
    return pdu.SubmitSmResp(sequence_number=number, command_status=status, message_id="1")


def bound() -> list[Moment]:
    return [
        (0, CAME, pdu.BindTransceiver(sequence_number=1, system_id="us")),
        (0, WENT, pdu.BindTransceiverResp(sequence_number=1)),
    ]


def play(moments: list[Moment]) -> Tally:
    tally = Tally()
    watcher = Watcher(tally, Terms(), Parts())
    for now, what, record in [*bound(), *moments]:
        if what == CAME and record is not None:
            watcher.came(encode(record), now)
        elif what == WENT and record is not None:
            watcher.went(encode(record), now)
        elif what == PASSED:
            watcher.pass_time(now)
        else:
            watcher.end(now, by_esme=False)
    return tally


def traffic(first: int, count: int, from_s: float, per_s: float) -> list[Moment]:
    """submit_sm at a steady rate, each answered at once."""
    return [
        moment
        for n in range(count)
        for moment in (
            (from_s + n / per_s, CAME, submit(first + n)),
            (from_s + n / per_s, WENT, answer(first + n)),
        )
    ]


def throttled_then(per_s: float) -> list[Moment]:
    throttled = answer(100, CommandStatus.ESME_RTHROTTLED)
    after = traffic(101, int(1.5 * per_s), 2.0 + 1 / per_s, per_s)
    return [
        *traffic(2, 40, 0, 20),
        (2.0, CAME, submit(100)),
        (2.0, WENT, throttled),
        *after,
        (5, PASSED, None),
    ]


DELIVER = pdu.DeliverSm(sequence_number=1, destination_addr="1", short_message=b"hello")
TAKEN = pdu.DeliverSmResp(sequence_number=1)
REFUSED = answer(2, CommandStatus.ESME_RINVDSTADR)
SAME = {"short_message": b"same"}
ROWS: list[tuple[list[str], list[Moment]]] = [
    ([], [(1, WENT, DELIVER), (2, CAME, TAKEN)]),
    (["response_in_time"], [(1, WENT, DELIVER), (12, CAME, TAKEN)]),
    (["response_comes"], [(1, WENT, DELIVER), (22, PASSED, None)]),
    (["response_comes"], [(1, WENT, DELIVER), (12, ENDED, None)]),
    ([], [(1, WENT, DELIVER), (2, ENDED, None)]),
    (
        ["response_comes", "response_in_time"],
        [(1, WENT, DELIVER), (22, PASSED, None), (30, CAME, TAKEN)],
    ),
    (["enquire_link"], [(91, PASSED, None)]),
    ([], [(80, CAME, pdu.EnquireLink(sequence_number=2)), (160, PASSED, None)]),
    ([], [(80, WENT, pdu.EnquireLink(sequence_number=9)), (81, PASSED, None)]),
    (["throttled"], throttled_then(20)),
    ([], throttled_then(10)),
    (
        ["refused_message"],
        [(1, CAME, submit(2, **SAME)), (1, WENT, REFUSED), (2, CAME, submit(3, **SAME))],
    ),
    (
        [],
        [(1, CAME, submit(2, **SAME)), (1, WENT, REFUSED), (70, CAME, submit(3, **SAME))],
    ),
    (
        [],
        [
            (1, CAME, submit(2, **SAME)),
            (1, WENT, answer(2, CommandStatus.ESME_RSYSERR)),
            (2, CAME, submit(3, **SAME)),
        ],
    ),
    (
        ["part_reference"],
        [(1, CAME, part(2, b"one")), (1, WENT, answer(2)), (2, CAME, part(3, b"other"))],
    ),
    (
        [],
        [(1, CAME, part(2, b"one")), (1, WENT, answer(2)), (70, CAME, part(3, b"other"))],
    ),
    (
        [],
        [
            (1, CAME, part(2, b"one")),
            (1, WENT, answer(2, CommandStatus.ESME_RSYSERR)),
            (2, CAME, part(3, b"one")),
        ],
    ),
    (
        [],
        [
            (1, CAME, submit(0x7FFF_FFFF)),
            (1, WENT, answer(0x7FFF_FFFF)),
            (1, CAME, submit(1)),
        ],
    ),
    (
        [],  # what crosses our unbind on the wire
        [
            (1, WENT, pdu.Unbind(sequence_number=5)),
            (1, CAME, submit(2)),
            (1, CAME, pdu.UnbindResp(sequence_number=5)),
        ],
    ),
]


@pytest.mark.parametrize(("rules", "moments"), ROWS)
def test_what_shows_in_time_is_found_and_nothing_else(
    rules: list[str], moments: list[Moment]
) -> None:
    tally = play(moments)
    assert sorted(tally.broken()) == sorted(rules), [
        tally.counts[name].told() for name in tally.broken()
    ]


def test_a_rule_nobody_had_occasion_to_break_is_not_held() -> None:
    tally = play([])
    assert "bind_once" in tally.held()
    assert "throttled" in tally.unexercised()
