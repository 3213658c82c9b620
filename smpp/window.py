"""Requests in flight: sequence numbers, answers, deadlines. SMPP 3.4 sections 2.7, 2.9 and 5.1.4.

A request becomes an `Exchange`, and the same object is what the application hears of in the end:
with its response, or without one when the deadline passed or the link was lost. A response after
the deadline is not lost either: the exchange is remembered for a while and told a second time,
marked late. All requests have one response time, so the dict's order is the order of deadlines.
"""

from dataclasses import dataclass
from math import inf
from typing import Any

from smpp.congestion import Congestion
from smpp.pdu import GenericNack, Pdu
from smpp.values import SEQUENCE_NUMBER_MAX

EXPIRED_REQUESTS_MAX = 10_000  # remembered for a late response
EXPIRED_REMEMBERED_S = 600.0


@dataclass(slots=True)
class Exchange:
    """One request of ours and what became of it. `answer_by` is in the session's seconds."""

    sequence_number: int
    answered_by: type[Pdu]
    answer_by: float
    context: Any  # the caller's own
    response: Pdu | None = None
    is_late: bool = False


@dataclass(slots=True)
class WindowCounts:
    """What a window has seen, for the metrics; unknown responses are never fatal."""

    timed_out: int = 0
    late: int = 0
    unknown: int = 0  # no request has this sequence number, or one of another command


class Window:
    """The unanswered requests of one session, at most `congestion.allowed` of the application's."""

    __slots__ = ("_expired", "_last", "congestion", "counts", "in_flight", "response_timeout_s")

    def __init__(self, requests_max: int, response_timeout_s: float, last: int = 0) -> None:
        """`last` is the sequence number before the first one of this session."""
        self.congestion = Congestion(requests_max)
        self.response_timeout_s = response_timeout_s
        self.in_flight: dict[int, Exchange] = {}
        self.counts = WindowCounts()
        self._expired: dict[int, Exchange] = {}
        self._last = last

    @property
    def room(self) -> int:
        """Requests that may still be sent; enquire_link and unbind pass a full window."""
        room = self.congestion.allowed - len(self.in_flight)
        return room if room > 0 else 0

    @property
    def deadline(self) -> float:
        """When the oldest request times out; infinite when there is none."""
        return next(iter(self.in_flight.values())).answer_by if self.in_flight else inf

    def open(self, request: Pdu, answered_by: type[Pdu] | None, now: float, context: object) -> int:
        """Number a request and await its answer, if it has one; returns the sequence number."""
        number = self._last + 1
        while number in self.in_flight or number > SEQUENCE_NUMBER_MAX:
            number = number + 1 if number < SEQUENCE_NUMBER_MAX else 1
        request.sequence_number = self._last = number
        if answered_by is not None:
            self.in_flight[number] = Exchange(
                number, answered_by, now + self.response_timeout_s, context
            )
        return number

    def withdraw(self, number: int) -> None:
        """The request was not written after all."""
        self.in_flight.pop(number, None)

    def close(self, response: Pdu) -> Exchange | None:
        """The exchange that this response ends or repairs; None when nobody asked."""
        number = response.sequence_number
        exchange = self.in_flight.get(number)
        if exchange is not None and (
            type(response) is exchange.answered_by or type(response) is GenericNack
        ):
            del self.in_flight[number]
            exchange.response = response
            return exchange
        return self._close_late(response)

    def expire(self, now: float) -> list[Exchange]:
        """The exchanges whose answer is due; a late one is still recognised for a while."""
        due = []
        for exchange in self.in_flight.values():
            if exchange.answer_by > now:
                break
            due.append(exchange)
        for exchange in due:
            del self.in_flight[exchange.sequence_number]
            self._expired.pop(exchange.sequence_number, None)  # newest last, whatever wrapped
            self._expired[exchange.sequence_number] = exchange
        self.counts.timed_out += len(due)
        self._forget(now)
        return due

    def abandon(self) -> list[Exchange]:
        """Every exchange in flight, unanswered: the link is gone."""
        lost = list(self.in_flight.values())
        self.in_flight.clear()
        self._expired.clear()
        return lost

    def _close_late(self, response: Pdu) -> Exchange | None:
        exchange = self._expired.get(response.sequence_number)
        if exchange is None or type(response) not in (exchange.answered_by, GenericNack):
            self.counts.unknown += 1
            return None
        del self._expired[response.sequence_number]
        exchange.response = response
        exchange.is_late = True
        self.counts.late += 1
        return exchange

    def _forget(self, now: float) -> None:
        while self._expired:
            number, oldest = next(iter(self._expired.items()))
            is_old = oldest.answer_by + EXPIRED_REMEMBERED_S <= now
            if not is_old and len(self._expired) <= EXPIRED_REQUESTS_MAX:
                return
            del self._expired[number]
