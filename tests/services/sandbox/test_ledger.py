"""The ledger keeps what it has, in order, and says aloud what it could not take."""

import asyncio
import json
from pathlib import Path

import pytest

from services.sandbox.ledger import LEDGER_TLV, Journal, Ledger, keep, own_id, read_own_id
from tests.services.sandbox.loopback import DEADLINE_S, bound, sandbox


def lines(journal: Journal, after: int = 0) -> list[dict[str, object]]:
    return [json.loads(line) for line in b"".join(journal.chunks(after)).splitlines()]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"m1|2", ("m1", 2)),
        (b"m1|2\0", ("m1", 2)),
        ("räksmörgås|1".encode(), ("räksmörgås", 1)),
        (b"a|b|3", ("a|b", 3)),
        (b"m1", ("m1", None)),
        (b"m1|x", ("m1|x", None)),
        (b"|1", ("|1", None)),
        (b"\xff|1", ("\ufffd", 1)),
        (None, (None, None)),
    ],
)
def test_the_senders_id_is_read_from_the_vendor_tlv(
    octets: bytes | None, expected: tuple[str | None, int | None]
) -> None:
    assert read_own_id(octets) == expected


def test_the_vendor_tlv_is_found_among_others() -> None:
    assert own_id(((0x0204, b"\0\7"), (LEDGER_TLV, b"m1|1"))) == b"m1|1"
    assert own_id(()) is None


def test_an_entry_becomes_one_json_line_with_its_number_and_times_in_ms() -> None:
    journal = Journal("mine", ("own_id", "read_ms", "sent_ms", "status"), 10)
    journal.write((b"m1|2", 1_700_000_000_123_456_789, None, 0))
    assert lines(journal) == [
        {
            "journal": "mine",
            "n": 1,
            "message_id": "m1",
            "segment": 2,
            "read_ms": 1_700_000_000_123.457,
            "sent_ms": None,
            "status": 0,
        }
    ]


@pytest.mark.parametrize("after", [0, 1, 999, 1000, 1001, 2499, 2500, 9999])
def test_reading_goes_on_behind_any_number(after: int) -> None:
    journal = Journal("mine", ("x",), 10_000)
    for number in range(2500):
        journal.write((number,))
    assert [line["n"] for line in lines(journal, after)] == list(range(after + 1, 2501))


def test_a_full_journal_keeps_the_oldest_and_counts_the_rest() -> None:
    ledger = Ledger(2)
    for number in range(5):
        ledger.mo.write((number,) * 15)
    assert [line["mo"] for line in lines(ledger.mo)] == [0, 1]
    found = ledger.statistics()
    assert found["complete"] is False
    assert found["entries_max"] == 2
    assert found["entries"] == {"segments": 0, "receipts": 0, "mo": 2, "binds": 0}
    assert found["unrecorded"] == {"segments": 0, "receipts": 0, "mo": 3, "binds": 0}


def test_a_ledger_with_room_is_complete() -> None:
    assert Ledger(2).statistics()["complete"] is True


def test_a_bind_has_an_entry_when_it_opens_and_another_when_it_has_closed() -> None:
    ledger = Ledger(10)
    ledger.bind_opened(1, "us", "transceiver", "127.0.0.1:5", 1_000_000)
    ledger.bind_opened(2, "us", "receiver", "127.0.0.1:6", 2_000_000)
    ledger.bind_closed(1, "peer unbound", 3_000_000)
    found = [
        (e["bind"], e["bind_type"], e["opened_ms"], e["closed_ms"], e["why"])
        for e in lines(ledger.binds)
    ]
    assert found == [
        (1, "transceiver", 1, None, None),
        (2, "receiver", 2, None, None),
        (1, "transceiver", 1, 3, "peer unbound"),
    ]


async def test_the_binds_of_a_sandbox_stand_in_its_ledger_to_their_end() -> None:
    async with sandbox() as own:
        async with bound(own):
            (opened,) = lines(own.ledger.binds)
            assert (opened["account"], opened["bind"], opened["bind_type"]) == (
                "one",
                1,
                "transceiver",
            )
            assert str(opened["peer"]).startswith("127.0.0.1:")
        async with asyncio.timeout(DEADLINE_S):
            while own.statistics()["binds"]:
                await asyncio.sleep(0)
        _, closed = lines(own.ledger.binds)
        assert closed["opened_ms"] == opened["opened_ms"]
        assert (closed["bind"], bool(closed["closed_ms"]), bool(closed["why"])) == (1, True, True)


def test_a_ledger_is_kept_whole_with_what_was_said_of_it_last(tmp_path: Path) -> None:
    ledger, path = Ledger(10), tmp_path / "ledger.jsonl"
    ledger.mo.write((1,) * 15)
    ledger.bind_opened(1, "us", "transceiver", "127.0.0.1:5", 1_000_000)
    keep(ledger, {"faults": []}, path)
    keep(ledger, {"faults": []}, path)
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [row["journal"] for row in found] == ["mo", "binds", "statistics"]
    assert found[-1]["faults"] == []
