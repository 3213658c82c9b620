"""Whether a dead letter may go again, and as what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.burials import Again, Letter, Stays, again, death_of, document, read
from pipeline.codec import Codec
from pipeline.dead_letters import error_headers
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.ids import id_at
from pipeline.kafka.clients import Origin
from pipeline.records import Command, MtRequest, Record, Timer
from services.intake.core import Intake, Source
from tests.builders import REQUESTED_MS, mt_submit

CODEC = Codec()
HOUR_MS = 3_600_000
NOW_MS = REQUESTED_MS + HOUR_MS
JSON = b'{"to": "46701234567", "text": "secret words"}'
ERROR = UnreadableError("unknown_schema", "no schema is known as c301")


def letter(topic: str, octets: bytes | Record | None, own: Headers | None = None) -> Letter:
    origin = Origin(topic, 3, 41, REQUESTED_MS, own)
    value = CODEC.encode(octets, topic) if isinstance(octets, Record) else octets
    headers = error_headers(origin, "intake", ERROR)
    return Letter(topics.dlq_of(topic), 7, REQUESTED_MS + 5, b"46701234567", value, headers)


def decide(one: Letter, now_ms: int = NOW_MS) -> Again | Stays:
    return again(one, CODEC, {"default": 86_400, "acme": 600}.get, now_ms)


def request(one: Letter, now_ms: int = NOW_MS) -> MtRequest:
    decided = decide(one, now_ms)
    assert isinstance(decided, Again)
    return CODEC.decode_request(decided.octets, decided.headers)


def test_what_the_headers_say_is_read_back() -> None:
    assert death_of(letter(topics.MT_REQUEST, JSON)) == (
        "sms.mt.request",
        3,
        41,
        REQUESTED_MS,
        "intake",
        "unknown_schema",
        "no schema is known as c301",
    )
    bare = Letter("sms.mt.request.dlq", 7, REQUESTED_MS + 5, None, JSON, [])
    assert death_of(bare)[:4] == ("sms.mt.request", -1, -1, REQUESTED_MS + 5)


def test_a_request_goes_under_the_id_that_intake_would_have_given_it() -> None:
    first, second = (
        request(letter(topics.MT_REQUEST, JSON)),
        request(letter(topics.MT_REQUEST, JSON)),
    )
    source = Source(topics.MT_REQUEST, 3, 41, REQUESTED_MS)
    named = Intake(config()).decide(CODEC.decode_request(JSON), source, NOW_MS).record
    assert first.message_id == second.message_id == id_at(topics.MT_REQUEST, 3, 41)
    assert first.message_id == named.head.message_id  # type: ignore[attr-defined]


def config() -> Any:
    from pipeline.config import Config

    return Config()


@pytest.mark.parametrize(
    ("fields", "topic", "left_s"),
    [
        ({}, topics.MT_REQUEST, 86_400 - 3600),
        ({"validity_s": 7200}, topics.MT_REQUEST, 3600),
        ({"validity_s": 3601}, topics.MT_REQUEST, 1),
        ({"validity_s": 3600}, topics.MT_REQUEST, None),
        ({"validity_s": 60}, topics.MT_REQUEST, None),
        ({}, "sms.mt.request.tenant.acme.bulk", None),
        ({"validity_s": 7200}, "sms.mt.request.tenant.acme", 3600),
        ({"validity_s": 60, "send_at_ms": NOW_MS + 1}, topics.MT_REQUEST, 60),
        ({"validity_s": 60, "send_at_ms": NOW_MS - 30_000}, topics.MT_REQUEST, 30),
        ({"validity_s": 60, "send_at_ms": NOW_MS - 60_000}, topics.MT_REQUEST, None),
    ],
)
def test_a_request_has_the_time_that_is_left_of_its_validity(
    fields: dict[str, Any], topic: str, left_s: int | None
) -> None:
    one = letter(topic, MtRequest(to="46701234567", text="hi", **fields))
    decided = decide(one)
    if left_s is None:
        assert decided == Stays("its validity is over")
        return
    assert isinstance(decided, Again)
    assert decided.topic == topic
    assert CODEC.decode_request(decided.octets).validity_s == left_s


@given(st.integers(1, 7 * 86_400), st.integers(0, 8 * 86_400_000))
def test_no_request_lasts_longer_than_it_would_have(validity_s: int, after_ms: int) -> None:
    now_ms = REQUESTED_MS + after_ms
    one = letter(topics.MT_REQUEST, MtRequest(to="46701234567", text="hi", validity_s=validity_s))
    decided = decide(one, now_ms)
    deadline_ms = REQUESTED_MS + validity_s * 1000
    if isinstance(decided, Again):
        left_s = CODEC.decode_request(decided.octets).validity_s
        assert left_s is not None
        assert left_s >= 1
        assert now_ms + left_s * 1000 <= deadline_ms
    else:
        assert now_ms > deadline_ms - 1000


def test_the_headers_it_came_with_come_back_but_for_those_of_its_form() -> None:
    own: Headers = [
        ("traceparent", b"00-01"),
        ("ce_specversion", b"1.0"),
        ("ce_id", b"event-7"),
        ("Content-Type", b"application/json"),
        ("mine", None),
    ]
    decided = decide(letter(topics.MT_REQUEST, JSON, own))
    assert isinstance(decided, Again)
    assert decided.headers == [("traceparent", b"00-01"), ("mine", None)]
    assert decided.key == b"46701234567"
    assert CODEC.decode_request(decided.octets).message_id == "event-7"
    submit = letter("sms.mt.submit.slow.g1", mt_submit(), own)
    kept = decide(submit)
    assert isinstance(kept, Again)
    assert kept.headers == own


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (letter(topics.MT_REQUEST, b"\xc3\x01garbage"), "it still can't be read (unknown_schema)"),
        (letter(topics.MT_REQUEST, None), "it still can't be read (empty)"),
        (letter(topics.MT_REQUEST, b"{"), "it still can't be read (not_json)"),
        (
            letter(topics.MT_REQUEST, b'{"to": 1}'),
            "it is JSON, but does not fit the schema of a request",
        ),
        (letter("sms.mt.request.tenant.gone", JSON), "its tenant is configured no more"),
        (
            letter("sms.mt.submit.slow.g1", MtRequest(to="1", text="x")),
            "it still can't be read (unexpected_record)",
        ),
        (
            letter(topics.MT_REQUEST, JSON)._replace(topic="sms.command.dlq"),
            "it says it was in sms.mt.request, whose dead letters are not here",
        ),
    ],
)
def test_what_can_not_go_says_why(one: Letter, why: str) -> None:
    assert decide(one) == Stays(why)


def test_all_else_goes_as_it_is_for_its_reader_compares_the_deadline() -> None:
    submit = mt_submit(deadline_ms=NOW_MS - 1)
    one = letter("sms.mt.submit.slow.g1.priority", submit)
    decided = decide(one)
    assert decided == Again("sms.mt.submit.slow.g1.priority", one.key, one.octets, [])


def test_a_timer_does_not_wait_twice() -> None:
    timer = Timer(due_ms=NOW_MS, topic=topics.ROUTER_IN, key="k", value=b"v")
    one = letter("sms.timer.1024s", timer)
    assert one.topic == "sms.timer.dlq"
    decided = decide(one)
    assert isinstance(decided, Again)
    assert decided.topic == topics.timer(0)


def test_a_command_without_an_id_has_that_of_its_place() -> None:
    decided = decide(letter(topics.COMMAND, b'{"message_id": "m1", "action": "cancel"}'))
    assert isinstance(decided, Again)
    command = CODEC.decode_command(decided.octets)
    assert command.command_id == id_at(topics.COMMAND, 3, 41)
    own = Command(message_id=command.message_id, action="cancel", command_id="c1")
    kept = decide(letter(topics.COMMAND, own))
    assert isinstance(kept, Again)
    assert kept.octets == CODEC.encode(own, topics.COMMAND)


@pytest.mark.parametrize(
    "one",
    [
        letter(topics.MT_REQUEST, JSON),
        letter(topics.MT_REQUEST, b'{"to": 46701234567, "text": "secret words"}'),
        letter(topics.MT_REQUEST, b"{46701234567 secret words"),
        letter("sms.mt.submit.slow.g1", mt_submit(short_message=b"secret words")),
    ],
)
def test_masked_nothing_of_a_person_is_shown(one: Letter) -> None:
    shown = str(document(one, CODEC, is_masked=True))
    assert "6701234567" not in shown
    assert "secret" not in shown
    assert b"secret".hex() not in shown


def test_unmasked_all_is_shown_readable_or_in_hex() -> None:
    whole = document(letter(topics.MT_REQUEST, JSON), CODEC, is_masked=False)
    assert whole["value"]["text"] == "secret words"
    assert whole["record"] == "MtRequest"
    octets = document(letter(topics.MT_REQUEST, b"\xc3\x01x"), CODEC, is_masked=False)
    assert octets["hex"] == "c30178"
    assert octets["octets"] == 3


@pytest.mark.parametrize("octets", [JSON, b"{nonsense, and much of it"])
def test_what_is_longer_than_one_wants_is_cut_and_says_so(octets: bytes) -> None:
    one = letter(topics.MT_REQUEST, octets)
    whole = document(one, CODEC, len(octets), is_masked=False)
    assert whole["is_cut"] is False
    cut = document(one, CODEC, 4, is_masked=False)
    assert (cut["is_cut"], cut["octets"], cut["hex"]) == (True, len(octets), octets[:4].hex())
    assert (cut["key"], "value" in cut) == ("4670", False)
    masked = document(one, CODEC, 4, is_masked=True)
    assert (masked["is_cut"], "hex" in masked, "value" in masked) == (True, False, False)


@pytest.mark.parametrize("topic", [t.name for t in topics.catalog({}) if t.dlq])
def test_every_topic_with_dead_letters_says_what_its_records_are(topic: str) -> None:
    assert topics.records_of(topic)
    with pytest.raises(UnreadableError):
        read(CODEC, topic, b"", None)


@pytest.mark.parametrize(
    ("topic", "tenant"),
    [
        ("sms.mt.request", "default"),
        ("sms.mt.request.bulk", "default"),
        ("sms.mt.request.tenant.acme", "acme"),
        ("sms.mt.request.tenant.acme.priority", "acme"),
        ("sms.mt.request.dlq", None),
        ("sms.mt.request.tenant.acme.dlq", None),
        ("sms.mt.event", None),
    ],
)
def test_a_request_topic_says_whose_it_is(topic: str, tenant: str | None) -> None:
    assert topics.tenant_of(topic) == tenant


def test_a_topic_with_a_name_of_its_own_is_none_of_a_family() -> None:
    assert topics.records_of("sms.command.result") == ("CommandResult",)
    assert topics.records_of("sms.command.slow") == ("SmscCommand",)
    assert topics.records_of("nothing") == ()
