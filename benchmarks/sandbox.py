"""submit_sm a second, each with a receipt, that one sandbox process carries on one core.

    .venv/bin/python -m benchmarks.sandbox [--messages 600000] [--binds 4] [--idle 996]

Starts a sandbox and speaks SMPP to it over blocking sockets, with ready-made octets, so that the
sandbox is what is measured: every submit_sm bears a ledger id and asks for a receipt, every answer
and receipt is read and counted, every receipt acknowledged. `--idle` more sessions are bound, as
transmitters that send nothing. Prints one line of JSON; CPU is that of the sandbox process, its
ledger included.
"""

import argparse
import json
import os
import secrets
import selectors
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from tempfile import TemporaryDirectory

from heliograph.launcher import Child, launcher
from heliograph.ledgers import get_json

HEADER = Struct(">IIII")
BIND_TRANSCEIVER, BIND_TRANSMITTER = 0x9, 0x2
SUBMIT_SM, SUBMIT_SM_RESP, DELIVER_SM = 0x4, 0x80000004, 0x5
DELIVER_SM_RESP = 0x80000005
TEXT = (
    b"Your parcel is on its way and arrives today between 14 and 16. Reply STOP to end. - ACME 00"
)
READ_OCTETS = 1 << 18
WARMUP_SHARE = 0.1
CONFIG = """
services:
  sandbox:
    bench: {{scenario: {scenario}, ledger_max: 10000000, accounts: {{us: "${{BENCH_PASSWORD}}"}}}}
"""


class Peer:
    """One bind over a blocking socket."""

    def __init__(
        self, port: int, password: str, number: int, command: int = BIND_TRANSCEIVER
    ) -> None:
        self.answered = self.received = self.sent = 0
        self._number = number
        self._rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = b"us\0" + password.encode() + b"\0\0\x34\0\0\0"
        self.socket.sendall(HEADER.pack(16 + len(body), command, 0, 1) + body)
        answer = self.socket.recv(READ_OCTETS)
        if HEADER.unpack_from(answer)[2]:
            sys.exit(f"the bind was refused: {answer.hex()}")

    def submit(self, count: int) -> None:
        """Write so many submit_sm."""
        octets = []
        for number in range(self.sent, self.sent + count):
            own = b"b%d-%d|1" % (self._number, number)
            body = b"".join(
                (
                    b"\0\x05\0ACME\0\x01\x0146%09d\0\0\0\0\0\0\x01\0\0\0" % (number % 10**9),
                    bytes((len(TEXT),)),
                    TEXT,
                    b"\x15\x01",
                    len(own).to_bytes(2, "big"),
                    own,
                )
            )
            octets.append(HEADER.pack(16 + len(body), SUBMIT_SM, 0, number + 2) + body)
        self.sent += count
        self.socket.sendall(b"".join(octets))

    def read(self) -> None:
        """Take what came, acknowledge receipts."""
        octets = self._rest + self.socket.recv(READ_OCTETS)
        at, end, answers = 0, len(octets), []
        while end - at >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(octets, at)
            if end - at < length:
                break
            if command == SUBMIT_SM_RESP:
                self.answered += 1
                if status:
                    sys.exit(f"submit_sm was refused: {status:#x}")
            elif command == DELIVER_SM:
                self.received += 1
                answers.append(HEADER.pack(17, DELIVER_SM_RESP, 0, sequence) + b"\0")
            at += length
        self._rest = octets[at:]
        if answers:
            self.socket.sendall(b"".join(answers))


@contextmanager
def sandbox(scenario: str, password: str) -> Iterator[Child]:
    """A sandbox process."""
    os.environ["BENCH_PASSWORD"] = password
    with TemporaryDirectory() as name, launcher(Path(name)) as own:
        config = Path(name) / "heliograph.yaml"
        config.write_text(CONFIG.format(scenario=scenario), encoding="utf-8")
        child = own.start("sandbox", "sandbox", "bench", "--config", str(config), "--free-ports")
        own.wait_up()
        yield child


def resident_mib(child: Child) -> float:
    """Resident memory of a process now."""
    pages = int(Path(f"/proc/{child.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def drive(peers: list[Peer], messages: int, window: int) -> None:
    """Keep `window` unanswered on every bind until `messages` more are answered and reported."""
    selector = selectors.DefaultSelector()
    for peer in peers:
        selector.register(peer.socket, selectors.EVENT_READ, peer)
    share = messages // len(peers)
    goals = {peer: peer.sent + share for peer in peers}
    for peer in peers:
        peer.submit(min(window, share))
    while sum(peer.received for peer in peers) < sum(goals.values()):
        ready = selector.select(timeout=30)
        if not ready:
            sys.exit("nothing came for 30 s")
        for key, _ in ready:
            peer = key.data
            peer.read()
            room = min(window - (peer.sent - peer.answered), goals[peer] - peer.sent)
            if room >= window // 4 or 0 < room == goals[peer] - peer.sent:
                peer.submit(room)
    selector.close()


def main() -> None:
    """Run as asked and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=600_000)
    parser.add_argument("--binds", type=int, default=4)
    parser.add_argument("--window", type=int, default=500)
    parser.add_argument("--idle", type=int, default=0)
    parser.add_argument("--scenario", default="fast")
    asked = parser.parse_args()
    password = secrets.token_hex(4)
    with sandbox(asked.scenario, password) as child:
        port = int(child.facts["smpp_port"])
        peers = [Peer(port, password, n) for n in range(asked.binds)]
        drive(peers, int(asked.messages * WARMUP_SHARE), asked.window)
        idle = [Peer(port, password, n, BIND_TRANSMITTER) for n in range(asked.idle)]
        before_s, before_mib, began_s = child.cpu_s(), resident_mib(child), time.perf_counter()
        drive(peers, asked.messages, asked.window)
        took_s, used_s = time.perf_counter() - began_s, child.cpu_s() - before_s
        statistics = get_json(f"{child.facts['http']}/stats")
        print(
            json.dumps(
                {
                    "messages": asked.messages,
                    "per_s": round(asked.messages / took_s),
                    "per_cpu_s": round(asked.messages / used_s),
                    "mib_before": round(before_mib),
                    "mib_after": round(resident_mib(child)),
                    "sessions": statistics["binds"],
                    "faults": statistics["faults"],
                    "ledger": statistics["ledger"]["entries"],
                }
            )
        )
        for peer in (*peers, *idle):
            peer.socket.close()


if __name__ == "__main__":
    main()
