"""When a simulated carrier misbehaves, and what its octets then look like; pure, dice given.

A fault is a row of the scenario. With a share or a number it spoils the answer to a submit_sm,
every so many seconds a PDU of the carrier's own; either way it takes the octets of one good PDU
and gives those that are written instead. What is done besides to the connection (silence, octet by
octet, the end) is the shell's, by the fault's name.

A spoilt answer is spoilt on the wire only: the submit_sm was taken, stands in the ledger with its
status and has its receipts. That is what an ESME cannot know, and has to live with.
"""

from collections.abc import Callable
from random import Random

from services.sandbox.scenario import Scenario
from services.sandbox.troubles import Fault, Maintenance
from smpp.pdu import EnquireLink
from smpp.values import CommandStatus
from smpp.wire import encode

LENGTH_OCTETS = 4
SEQUENCE_AT = 12
HEADER_OCTETS = 16
GARBAGE_OCTETS = 64
COMMAND_LENGTHS = (0, 15, 0x7FFFFFFF, 0xFFFFFFFF)  # too short for a header, or beyond all memory
UNKNOWN_COMMAND_ID = 0x000000FF  # SMPP 3.4, table 5-1: reserved
FOREIGN_SEQUENCE_NUMBER = 0x70000000  # far above those of a session

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000

Spoil = Callable[[bytes, Fault, Random], bytes]


def header(command_length: int, command_id: int, sequence_number: int) -> bytes:
    """Four integers that need not be true."""
    numbers = (command_length, command_id, 0, sequence_number)
    return b"".join(number.to_bytes(4, "big") for number in numbers)


def enquire_links(number: int) -> bytes:
    """So many enquire_link, under numbers that are nobody's."""
    return b"".join(
        encode(EnquireLink(sequence_number=FOREIGN_SEQUENCE_NUMBER + n)) for n in range(number)
    )


def _with_length(octets: bytes, row: Fault, dice: Random) -> bytes:
    claimed = row.command_length
    if claimed is None:
        claimed = dice.choice(COMMAND_LENGTHS)
    return claimed.to_bytes(LENGTH_OCTETS, "big") + octets[LENGTH_OCTETS:]


def _with_other_sequence(octets: bytes, row: Fault, dice: Random) -> bytes:
    other = FOREIGN_SEQUENCE_NUMBER.to_bytes(4, "big")
    return octets[:SEQUENCE_AT] + other + octets[HEADER_OCTETS:]


UNKNOWN = header(HEADER_OCTETS, UNKNOWN_COMMAND_ID, FOREIGN_SEQUENCE_NUMBER)

# What is written for the octets of a good PDU; as they are where no row stands.
SPOILT: dict[str, Spoil] = {
    "never_answer_submit": lambda octets, row, dice: b"",
    "reset": lambda octets, row, dice: b"",
    "repeated_response": lambda octets, row, dice: octets * 2,
    "wrong_sequence": _with_other_sequence,
    "half_pdu": lambda octets, row, dice: octets[: len(octets) // 2],
    "command_length": _with_length,
    "garbage": lambda octets, row, dice: dice.randbytes(GARBAGE_OCTETS) + octets,
    "unknown_command": lambda octets, row, dice: UNKNOWN + octets,
    "enquire_flood": lambda octets, row, dice: enquire_links(row.count or 1) + octets,
}


class Faults:
    """Whose turn it is, of the faults of a scenario."""

    def __init__(self, scenario: Scenario, dice: Random) -> None:
        rows = [row for row in scenario.faults if row.every_s is None]
        self.of_binds = [row for row in rows if row.fault == "never_answer_bind"]
        self.of_submits = [row for row in rows if row.fault != "never_answer_bind"]
        self.periodic = [row for row in scenario.faults if row.every_s is not None]
        self._dice = dice

    def on_bind(self) -> Fault | None:
        """What happens to a bind."""
        return self._turn(self.of_binds, 0)

    def on_submit(self, number: int) -> Fault | None:
        """What happens to the answer to the `number`-th submit_sm of a bind, from 1."""
        return self._turn(self.of_submits, number)

    def spoil(self, row: Fault, octets: bytes) -> bytes:
        """What is written instead of the octets of a good PDU."""
        spoil = SPOILT.get(row.fault)
        return octets if spoil is None else spoil(octets, row, self._dice)

    def _turn(self, rows: list[Fault], number: int) -> Fault | None:
        for row in rows:
            if row.share is None:
                if row.after == number:
                    return row
            elif self._dice.random() < row.share:
                return row
        return None


def delay_ns(row: Fault) -> int:
    """How much later the answer is written."""
    return (row.after_ms or 0) * NS_PER_MS


def bind_refusal(windows: tuple[Maintenance, ...], since_ns: int) -> CommandStatus | None:
    """The status of a bind so long after the scenario began; None outside of maintenance."""
    for window in windows:
        if 0 <= since_ns - int(window.from_s * NS_PER_S) < int(window.for_s * NS_PER_S):
            return window.status
    return None
