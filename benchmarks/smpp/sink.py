"""An SMSC that does next to nothing: the other end of every client under measurement.

    python -m benchmarks.smpp.sink scenario

Prints its port, serves one connection until it ends, and prints one line of JSON: what it saw, so
that a client which does other work than it says is found out. It parses of a PDU only the header,
answers what it must, and writes once for all that one read brought. While answers wait it spins,
for a timer that is a millisecond late would be measured as the client's. No loop, no library: a
blocking socket costs the least.
"""

import contextlib
import heapq
import json
import random
import re
import socket
import sys
import time
from dataclasses import asdict, dataclass
from struct import Struct

from benchmarks.smpp.scenario import SCENARIOS, Scenario
from benchmarks.smpp.work import RECIPIENT, SENDER, TEXT

HEADER = Struct(">IIII")
RESPONSE = Struct(">IIII9s")
RESPONSE_BIT = 0x80000000
SUBMIT_SM, SUBMIT_SM_RESP, DELIVER_SM, DELIVER_SM_RESP = 0x4, 0x80000004, 0x5, 0x80000005
BODIES = {0x9: b"sink\0\x02\x10\0\x01\x34"}  # bind_transceiver: our name, sc_interface_version 3.4
READ_OCTETS = 1 << 18
RECEIPT_TEXT = (
    b"id:%08x sub:001 dlvrd:001 submit date:2611231200 done date:2611231200"
    b" stat:DELIVRD err:000 text:Dear customer, your"
)
RECEIPT_BODY = (
    f"\0\1\1{RECIPIENT}\0\5\0{SENDER}\0\4".encode()
    + bytes(8)
    + bytes((len(RECEIPT_TEXT % 0),))
    + RECEIPT_TEXT
)
RECEIPT_OCTETS = 16 + len(RECEIPT_BODY % 0)
# a submit_sm's body: service_type, two addresses, three octets, two times, registered_delivery 1,
# three octets, sm_length 100 and the text
ASKED = re.compile(
    rb"[^\0]*\0..[^\0]*\0..[^\0]*\0...[^\0]*\0[^\0]*\0\x01...\x64" + re.escape(TEXT.encode()), re.S
)


@dataclass(slots=True)
class Tally:
    """What the sink saw."""

    messages: int = 0
    as_asked: int = 0  # of the first read: text and registered_delivery are those of the work
    read_first: int = 0
    receipts_answered: int = 0
    unanswered_max: int = 0
    cpu_s: float = 0.0


def receipt(number: int) -> bytes:
    """A deliver_sm with the receipt of the message of this sequence_number."""
    return HEADER.pack(RECEIPT_OCTETS, DELIVER_SM, 0, number) + RECEIPT_BODY % number


class Sink:
    """One connection."""

    def __init__(self, link: socket.socket, scenario: Scenario) -> None:
        self._link = link
        self._scenario = scenario
        self._due: list[tuple[float, bytes]] = []
        self._dice = random.Random(1)  # the same delays for everybody
        self.tally = Tally()

    def serve(self) -> None:
        """Until the peer unbinds or hangs up."""
        rest = b""
        while True:
            octets = self._read()
            if octets is None:
                continue
            if not octets:
                return
            rest = self._take(rest + octets if rest else octets)

    def _read(self) -> bytes | None:
        """What has arrived, None when answers are due first."""
        due = self._due
        if not due:
            return self._link.recv(READ_OCTETS)
        now = time.perf_counter()
        if due[0][0] <= now:
            batch = []
            while due and due[0][0] <= now:
                batch.append(heapq.heappop(due)[1])
            self._link.sendall(b"".join(batch))
        try:
            return self._link.recv(READ_OCTETS, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None

    def _take(self, octets: bytes) -> bytes:
        """Answer every whole PDU; returns what is left over."""
        at, size, unpack = 0, len(octets), HEADER.unpack_from
        numbers, receipts_answered = [], 0
        while at + 16 <= size:
            length, command, _, number = unpack(octets, at)
            if at + length > size:
                break
            if command == SUBMIT_SM:
                numbers.append(number)
            elif command == DELIVER_SM_RESP:
                receipts_answered += 1
            else:
                self._answer(command, number)
            at += length
        self.tally.receipts_answered += receipts_answered
        if numbers:
            if not self.tally.messages:
                self._inspect(octets)
            self._accept(numbers)
        return octets[at:]

    def _accept(self, numbers: list[int]) -> None:
        tally, pack = self.tally, RESPONSE.pack
        tally.messages += len(numbers)
        answers = [pack(25, SUBMIT_SM_RESP, 0, number, b"%08x\0" % number) for number in numbers]
        if self._scenario.is_delayed:
            self._delay(answers)
            return
        tally.unanswered_max = max(tally.unanswered_max, len(numbers))
        if self._scenario.has_receipts:
            answers += map(receipt, numbers)
        self._link.sendall(b"".join(answers))

    def _delay(self, answers: list[bytes]) -> None:
        now, scenario = time.perf_counter(), self._scenario
        for answer in answers:
            delay_s = self._dice.uniform(scenario.delay_min_s, scenario.delay_max_s)
            heapq.heappush(self._due, (now + delay_s, answer))
        self.tally.unanswered_max = max(self.tally.unanswered_max, len(self._due))

    def _answer(self, command: int, number: int) -> None:
        """Whatever else is asked, bind and unbind among it."""
        if not command & RESPONSE_BIT:
            body = BODIES.get(command, b"")
            header = HEADER.pack(16 + len(body), command | RESPONSE_BIT, 0, number)
            self._link.sendall(header + body)

    def _inspect(self, octets: bytes) -> None:
        at = 0
        while at + 16 <= len(octets):
            length, command, _, _ = HEADER.unpack_from(octets, at)
            if command == SUBMIT_SM and at + length <= len(octets):
                self.tally.read_first += 1
                self.tally.as_asked += ASKED.match(octets, at + 16) is not None
            at += length


def main(scenario: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        link, _ = listener.accept()
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sink = Sink(link, SCENARIOS[scenario])
    with contextlib.suppress(ConnectionError):  # a client may leave without a goodbye
        sink.serve()
    sink.tally.cpu_s = time.process_time()
    print(json.dumps(asdict(sink.tally)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
