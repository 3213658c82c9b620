"""Conversations as a pcap file, and what Wireshark's dissector says to them.

The file holds raw IPv4 packets made up around the octets that the relays kept: every conversation
has a client port of its own, every chunk is a TCP segment, and nothing is ever lost or reordered.
"""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from struct import pack

from tests.interop.relay import Conversation

SMPP_PORT = 2775
LINK_RAW_IPV4 = 228  # LINKTYPE_IPV4 of the pcap format
LOOPBACK = bytes((127, 0, 0, 1))
PUSH_ACK = 0x18
SEGMENT_OCTETS_MAX = 32_768
TIMEOUT_S = 60


@dataclass(frozen=True)
class Verdict:
    """How many PDUs Wireshark found, and what it complains of: "malformed", expert messages."""

    pdus: int
    complaints: list[str]


def write(conversations: Iterable[Conversation], path: Path) -> None:
    """All conversations into one file, each after the other."""
    octets = pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, LINK_RAW_IPV4)
    for number, conversation in enumerate(conversations):
        octets += _packets(conversation, 10_000 + number)
    path.write_bytes(octets)


def judge(tshark: str, path: Path) -> Verdict:
    """What Wireshark reads in the file."""
    pdus = _fields(tshark, path, "smpp", "smpp.command_id")
    complaints = _fields(
        tshark,
        path,
        "_ws.malformed || (_ws.expert && smpp)",
        *("frame.number", "_ws.malformed", "_ws.expert.message", "smpp.command_id"),
    )
    return Verdict(sum(len(line.split(",")) for line in pdus), complaints)


def _fields(tshark: str, path: Path, wanted: str, *names: str) -> list[str]:
    command = [tshark, "-n", "-r", str(path), "-d", f"tcp.port=={SMPP_PORT},smpp"]
    command += ["-Y", wanted, "-T", "fields"]
    command += [word for name in names for word in ("-e", name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return done.stdout.splitlines()


def _packets(conversation: Conversation, port: int) -> bytes:
    """The segments of one conversation, each acknowledging what came from the other side."""
    sent = {True: 1, False: 1}
    packets = b""
    for is_from_esme, chunk in conversation.chunks:
        for at in range(0, len(chunk), SEGMENT_OCTETS_MAX):
            part = chunk[at : at + SEGMENT_OCTETS_MAX]
            ports = (port, SMPP_PORT) if is_from_esme else (SMPP_PORT, port)
            numbers = sent[is_from_esme], sent[not is_from_esme]
            tcp = pack(">HHIIBBHHH", *ports, *numbers, 5 << 4, PUSH_ACK, 65_535, 0, 0) + part
            ip = pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + LOOPBACK + LOOPBACK
            packets += pack("<IIII", 0, 0, len(ip + tcp), len(ip + tcp)) + ip + tcp
            sent[is_from_esme] += len(part)
    return packets
