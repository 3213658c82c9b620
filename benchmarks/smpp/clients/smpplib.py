"""smpplib: blocking, so one thread fills the window and reads an answer, turn about."""

import logging
import socket
from time import perf_counter

import smpplib.client

from benchmarks.smpp.work import (
    PASSWORD,
    RECIPIENT,
    SENDER,
    SYSTEM_ID,
    TEXT,
    TIMED,
    Work,
    ready,
    report,
    work,
)

OCTETS = TEXT.encode()


class Sender:
    """Its counts are fed by the client's handlers."""

    def __init__(self, asked: Work) -> None:
        self._asked = asked
        self._began: dict[int, float] = {}
        self._in_flight = 0
        self._receipts_due = 0
        self.latencies: list[float] = []
        self._client = client = smpplib.client.Client(
            asked.host, asked.port, timeout=120, allow_unknown_opt_params=True
        )
        client.set_message_sent_handler(self._on_answer)
        client.set_message_received_handler(self._on_receipt)
        client.connect()
        client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # it has no other way
        client.bind_transceiver(system_id=SYSTEM_ID, password=PASSWORD)

    def send(self, messages: int) -> None:
        """So many, with their answers and receipts."""
        self._receipts_due += messages * self._asked.has_receipts
        for number in range(messages):
            while self._in_flight == self._asked.window:
                self._client.read_once()
            began = 0.0 if number % TIMED else perf_counter()
            request = self._client.send_message(
                source_addr_ton=5,
                source_addr=SENDER,
                dest_addr_ton=1,
                dest_addr_npi=1,
                destination_addr=RECIPIENT,
                short_message=OCTETS,
                registered_delivery=1,
            )
            self._in_flight += 1
            if began:
                self._began[request.sequence] = began
        while self._in_flight or self._receipts_due:
            self._client.read_once()

    def close(self) -> None:
        self._client.unbind()
        self._client.disconnect()

    def _on_answer(self, pdu: object) -> None:
        self._in_flight -= 1
        began = self._began.pop(pdu.sequence, None)  # type: ignore[attr-defined]
        if began is not None:
            self.latencies.append(perf_counter() - began)

    def _on_receipt(self, pdu: object) -> None:
        self._receipts_due -= 1


def main(asked: Work) -> None:
    logging.disable()
    sender = Sender(asked)
    sender.send(asked.warmup)
    sender.latencies.clear()
    ready()
    began = perf_counter()
    sender.send(asked.messages)
    report(asked.messages, perf_counter() - began, sender.latencies)
    sender.close()


if __name__ == "__main__":
    main(work())
