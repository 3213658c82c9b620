"""What is kept of long messages is forgotten with them, possible or not."""

from services.sandbox.examination.parts import AGAIN_S, Parts
from smpp.pdu import SubmitSm
from smpp.values import EsmClass


def part(number: int, text: bytes) -> SubmitSm:
    header = bytes((5, 0, 3, 7, 2, number))
    return SubmitSm(
        destination_addr="46701234567", esm_class=EsmClass.UDHI, short_message=header + text
    )


def test_a_part_beyond_its_total_is_forgotten_with_its_message() -> None:
    parts = Parts()
    for now, text in ((0.0, b"one"), (AGAIN_S + 1, b"other")):
        assert dict(parts.verdicts(part(9, text), now))["part_reference"]
        parts.taken(part(9, text))
