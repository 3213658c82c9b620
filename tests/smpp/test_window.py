from hypothesis import given
from hypothesis import strategies as st

from smpp.pdu import (
    AlertNotification,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Pdu,
    SubmitSm,
    SubmitSmResp,
)
from smpp.values import SEQUENCE_NUMBER_MAX
from smpp.window import EXPIRED_REMEMBERED_S, EXPIRED_REQUESTS_MAX, Exchange, Window


def opened(window: Window, now: float = 0.0, context: object = None) -> int:
    return window.open(SubmitSm(), SubmitSmResp, now, context)


def answer(number: int) -> Pdu:
    return SubmitSmResp(sequence_number=number, message_id=str(number))


def test_numbers_begin_at_1_and_wrap_to_1() -> None:
    assert opened(Window(10, 5.0)) == 1
    window = Window(10, 5.0, SEQUENCE_NUMBER_MAX - 1)
    assert [opened(window), opened(window)] == [SEQUENCE_NUMBER_MAX, 1]


@given(
    st.sets(st.integers(1, 12) | st.integers(SEQUENCE_NUMBER_MAX - 4, SEQUENCE_NUMBER_MAX)),
    st.integers(0, 12) | st.integers(SEQUENCE_NUMBER_MAX - 4, SEQUENCE_NUMBER_MAX),
)
def test_a_number_in_flight_is_never_given_again(in_flight: set[int], last: int) -> None:
    window = Window(100, 5.0, last)
    for number in in_flight:
        window.in_flight[number] = Exchange(number, SubmitSmResp, 5.0, None)
    for _ in range(30):
        number = window.open(AlertNotification(), None, 0.0, None)
        assert 1 <= number <= SEQUENCE_NUMBER_MAX
        assert number not in in_flight


def test_answers_in_any_order_find_their_requests() -> None:
    window = Window(3, 5.0)
    numbers = [opened(window, context=name) for name in "abc"]
    assert window.room == 0
    closed = [window.close(answer(number)) for number in reversed(numbers)]
    assert [exchange.context for exchange in closed if exchange] == ["c", "b", "a"]
    assert (window.room, window.counts.unknown) == (3, 0)


def test_a_duplicate_and_an_unknown_response_are_counted_and_nothing_more() -> None:
    window = Window(3, 5.0)
    number = opened(window)
    assert window.close(answer(number)) is not None
    assert window.close(answer(number)) is None
    assert window.close(answer(77)) is None
    assert window.counts.unknown == 2


def test_a_response_of_another_command_ends_nothing() -> None:
    window = Window(3, 5.0)
    number = opened(window)
    assert window.close(EnquireLinkResp(sequence_number=number)) is None
    assert number in window.in_flight


def test_a_generic_nack_ends_any_request() -> None:
    window = Window(3, 5.0)
    exchange = window.close(
        GenericNack(sequence_number=window.open(EnquireLink(), EnquireLinkResp, 0.0, None))
    )
    assert exchange is not None
    assert isinstance(exchange.response, GenericNack)


def test_what_is_due_expires_and_frees_its_slot() -> None:
    window = Window(2, 5.0)
    opened(window, now=0.0, context="first")
    opened(window, now=1.0, context="second")
    assert window.deadline == 5.0
    assert [exchange.context for exchange in window.expire(5.0)] == ["first"]
    assert (window.room, window.deadline, window.counts.timed_out) == (1, 6.0, 1)


def test_a_late_response_is_told_as_late_and_only_once() -> None:
    window = Window(2, 5.0)
    number = opened(window, context="m1")
    window.expire(5.0)
    late = window.close(answer(number))
    assert late is not None
    assert (late.context, late.is_late, late.response) == ("m1", True, answer(number))
    assert window.close(answer(number)) is None
    assert (window.counts.late, window.counts.unknown) == (1, 1)


def test_an_expired_request_is_remembered_for_ten_minutes() -> None:
    window = Window(2, 5.0)
    number = opened(window)
    window.expire(5.0)
    window.expire(5.0 + EXPIRED_REMEMBERED_S)
    assert window.close(answer(number)) is None


def test_memory_of_expired_requests_is_bounded() -> None:
    window = Window(EXPIRED_REQUESTS_MAX + 1, 5.0)
    numbers = [opened(window) for _ in range(EXPIRED_REQUESTS_MAX + 1)]
    window.expire(5.0)
    assert window.close(answer(numbers[0])) is None
    assert window.close(answer(numbers[1])) is not None


def test_abandoning_tells_every_request_in_flight_once() -> None:
    window = Window(3, 5.0)
    numbers = [opened(window) for _ in range(3)]
    lost: list[Exchange] = window.abandon()
    assert [exchange.sequence_number for exchange in lost] == numbers
    assert all(exchange.response is None for exchange in lost)
    assert window.abandon() == []


def test_a_request_that_was_not_written_is_withdrawn() -> None:
    window = Window(1, 5.0)
    window.withdraw(opened(window))
    assert (window.room, window.deadline) == (1, float("inf"))
