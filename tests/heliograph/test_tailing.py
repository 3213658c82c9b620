"""What `tail` shows of a record."""

from typing import Any

import pytest

from heliograph.saying import say
from heliograph.tailing import Seen, Wanted, decoded, document, lines_of
from heliograph.unmasking import allowed
from pipeline import topics
from pipeline.codec import Codec
from pipeline.errors import HeliographError
from pipeline.kafka.clients import Origin
from pipeline.records import Record
from tests.builders import REQUESTED_MS, mt_event, mt_submit

CODEC = Codec()


def seen(topic: str, record: Record | bytes | None, key: bytes = b"m1") -> Seen:
    octets = CODEC.encode(record, topic) if isinstance(record, Record) else record
    return Seen(Origin(topic, 3, 42, REQUESTED_MS, None), key, octets)


@pytest.mark.parametrize(
    ("topic", "record", "kind"),
    [
        (topics.MT_EVENT, mt_event(), "MtEvent"),
        (f"{topics.MT_EVENT}.dlq", mt_event(), "MtEvent"),
        (f"{topics.MT_REQUEST}s.of.mine", mt_event(), "MtEvent"),  # by no tenant's form
        (topics.MT_STATUS, mt_event(), "MtEvent"),  # whatever has no place there is seen
        (topics.MT_REQUEST, b'{"to": "46701234567", "text": "hi"}', "MtRequest"),
        (f"{topics.MT_REQUEST}.bulk.dlq", b'{"to": "46701234567", "text": "hi"}', "MtRequest"),
        (topics.COMMAND, b'{"message_id": "m1", "action": "query"}', "Command"),
        (topics.MT_STATUS, None, "deleted"),
        (topics.MT_STATUS, b"\xc3\x01garbage", None),
        (topics.MT_REQUEST, b'{"to": 46701234567}', None),
        (topics.MT_REQUEST, b"{46701234567", None),
    ],
)
def test_whatever_it_is_it_is_shown_without_a_number(
    topic: str, record: Any, kind: str | None
) -> None:
    one = seen(topic, record, b"46701234567")
    found, value = decoded(CODEC, one)
    assert found == kind
    shown = document(one, found, value, is_masked=True)
    assert "6701234567" not in str(shown)
    [line] = lines_of(shown)
    assert line.startswith("2026-09-21T14:13:20.000+00:00  3/42  46…567  ")
    assert "6701234567" not in line


def test_unmasked_all_of_it_is_shown() -> None:
    one = seen("sms.mt.submit.slow.g1", mt_submit(), b"46701234567")
    kind, value = decoded(CODEC, one)
    shown = document(one, kind, value, is_masked=False)
    assert shown["key"] == "46701234567"
    assert shown["value"]["destination_addr"] == "46701234567"


@pytest.mark.parametrize(
    ("where", "message_id", "is_taken"),
    [
        ([], None, True),
        (["state=routed"], None, True),
        (["state=rejected"], None, False),
        (["state=routed", "connector=slow"], None, True),
        (["terminal=false"], None, True),
        (["requested_ms=1790000000000"], None, True),
        (["head.tenant=acme"], None, True),
        (["tenant=default"], None, True),
        (["campaign=spring"], None, True),
        (["campaign=null"], None, False),
        (["nothing=null"], None, True),
        ([], "m1", True),
        ([], "m2", False),
    ],
)
def test_fields_are_compared_as_they_are_written(
    where: list[str], message_id: str | None, is_taken: bool
) -> None:
    record = {
        "message_id": "m1",
        "state": "routed",
        "terminal": False,
        "tenant": "default",
        "connector": "slow",
        "requested_ms": 1_790_000_000_000,
        "head": {"tenant": "acme", "campaign": "spring"},
    }
    assert Wanted.of(where, message_id, "10m").takes(record) is is_taken


@pytest.mark.parametrize(
    ("since", "since_s"), [("30s", 30), ("10m", 600), ("2h", 7200), ("7d", 604_800), ("all", None)]
)
def test_a_time_is_written_with_its_unit(since: str, since_s: int | None) -> None:
    assert Wanted.of((), None, since).since_s == since_s


@pytest.mark.parametrize(
    ("where", "since", "words"),
    [
        (["state"], "10m", "--where state: write FIELD=VALUE"),
        ([], "10", "--since 10: write 30s"),
        ([], "yesterday", "--since yesterday: write 30s"),
    ],
)
def test_what_is_not_understood_is_told(where: list[str], since: str, words: str) -> None:
    with pytest.raises(HeliographError, match=words):
        Wanted.of(where, None, since)


def test_unmasked_goes_to_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert allowed(False) is False
    with pytest.raises(HeliographError, match="to a terminal only"):
        allowed(True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert allowed(True) is True
    assert "numbers and texts of people follow" in capsys.readouterr().err


def test_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    say(["a", 1], {"a": 1})
    assert capsys.readouterr().out == "a\n1\n"


def test_what_a_client_wrote_moves_no_cursor() -> None:
    one = seen(
        topics.MT_REQUEST, b'{"to": "46701234567", "text": "a\xc2\x9bJ"}', b"\x1b[2J\nk\xc2\x9b"
    )
    kind, value = decoded(CODEC, one)
    [line] = lines_of(document(one, kind, value, is_masked=False))
    assert "3/42  �[2J�k�  MtRequest" in line
    assert "a�J" in line
    assert "\n" not in line
