"""ESMEs on raw sockets, each with one vice: the examiner finds that one and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest

from services.sandbox import scenario
from services.sandbox.examination import examiner as module
from services.sandbox.examination.conformance import RULES, Tally
from services.sandbox.examination.examiner import Examiner
from services.sandbox.examination.exercise import STEPS, Seen
from smpp import pdu, tlv
from smpp.backoff import BackoffConfig
from smpp.client import EsmeConfig
from smpp.errors import PduError
from smpp.framing import Framer
from smpp.keeper import Keeper
from smpp.pdu import RESPONSES, Bind, GenericNack, Pdu, SubmitSm, Unbind
from smpp.values import RESPONSE_BIT, CommandStatus, EsmClass, Npi, Ton
from smpp.wire import HEADER, decode, encode
from tests.services.sandbox.examination.test_watcher import ROWS as IN_TIME

DEADLINE_S = 20
UNBIND_NUMBER = 0x1000
REQUESTS = sum(len(made) for made in (s.made(Seen(), 0) for s in STEPS) if isinstance(made, list))

Answer = Callable[[Pdu], bytes]
REFUSED_BINDS = [pdu.BindTransmitterResp.command_id, pdu.BindTransceiverResp.command_id]


@asynccontextmanager
async def examiner(accounts: dict[str, str] | None = None) -> AsyncIterator[Examiner]:
    own = Examiner("127.0.0.1", 0, accounts or {}, scenario.parse("", "mine"))
    await own.start()
    try:
        yield own
    finally:
        await own.stop()


def submit(number: int = 2, **fields: Any) -> bytes:
    """A submit_sm with nothing to blame but what `fields` say."""
    good: dict[str, Any] = {
        "source_addr_ton": Ton.ALPHANUMERIC,
        "source_addr": "ACME",
        "dest_addr_ton": Ton.INTERNATIONAL,
        "dest_addr_npi": Npi.ISDN,
        "destination_addr": "46701234567",
        "short_message": b"hello",
    }
    return encode(SubmitSm(sequence_number=number, **(good | fields)))


def part(number: int, sequence: int, total: int = 2, text: bytes = b"part") -> bytes:
    header = bytes((5, 0, 3, 7, total, number))
    return submit(sequence, esm_class=EsmClass.UDHI, short_message=header + text)


def bind(number: int = 1, kind: type[Bind] = pdu.BindTransmitter, **fields: Any) -> bytes:
    given = {"system_id": "us", "password": "secret"}
    return encode(kind(sequence_number=number, **(given | fields)))


def changed(octets: bytes, at: int, value: bytes) -> bytes:
    return octets[:at] + value + octets[at + len(value) :]


def whole(octets: bytes) -> bytes:
    """With the command_length that it has."""
    return changed(octets, 0, len(octets).to_bytes(4, "big"))


def ok(request: Pdu) -> bytes:
    return encode(RESPONSES[type(request)](sequence_number=request.sequence_number))


@dataclass(slots=True)
class Raw:
    """One connection that knows no better than it is told. `answers` is how many requests of the
    SMSC it answers before it leaves, besides those that come before the answer to its unbind."""

    sends: tuple[bytes, ...] = ()
    binds: bytes = bind()
    answer: Answer = ok
    nack: Callable[[int], bytes] = lambda number: encode(
        GenericNack(sequence_number=number, command_status=CommandStatus.ESME_RINVCMDID)
    )
    answers: int = 0
    unbinds: bool = True

    async def play(self, port: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                with suppress(ConnectionError):  # the SMSC had enough
                    await self._talk(reader, writer)
            finally:
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.binds)
        framer, has_left = Framer(), False
        left = self.answers
        while octets := await reader.read(65536):
            for came in framer.feed(octets):
                _, command_id, status, number = HEADER.unpack_from(came)
                if status and command_id in REFUSED_BINDS:
                    return
                if not command_id & RESPONSE_BIT:
                    writer.write(self._reply(came, number))
                    left -= 1
                elif number == 1:
                    writer.write(b"".join(self.sends))
                elif number == UNBIND_NUMBER:
                    return
            if left <= 0 and not has_left:
                has_left = True
                if not self.unbinds:
                    return
                writer.write(encode(Unbind(sequence_number=UNBIND_NUMBER)))

    def _reply(self, came: bytes, number: int) -> bytes:
        try:
            return self.answer(decode(came))
        except PduError:
            return self.nack(number)


async def judged(*esmes: Raw, accounts: dict[str, str] | None = None) -> Tally:
    async with examiner(accounts) as own:
        for esme in esmes:
            await esme.play(own.port)
    return own.tally


LONG_ID = whole(submit()[:16] + b"\0" * 7 + b"4" * 30 + submit()[35:])

# What is sent between bind and unbind, and the rule that it breaks.
SENDS: list[tuple[str, tuple[bytes, ...]]] = [
    ("command_id", (bytes.fromhex("00000010000000fe0000000000000002"),)),
    ("command_status", (changed(submit(), 8, b"\0\0\0\1"),)),
    ("body", (whole(encode(pdu.EnquireLink(sequence_number=2)) + b"more"),)),
    ("body", (whole(submit()[:-3]),)),
    ("c_octet_string", (LONG_ID,)),
    ("tlv_stream", (whole(submit() + b"\x04\x24\0"),)),
    ("bind_once", (bind(2),)),
    ("bind_allows", (encode(pdu.DeliverSm(sequence_number=2, destination_addr="1")),)),
    ("enquire_link_calmly", tuple(encode(pdu.EnquireLink(sequence_number=n)) for n in (2, 3))),
    ("sequence_range", (submit(0x8000_0001),)),
    ("sequence_range", (submit(0),)),
    ("sequence_rises", (submit(9), submit(3))),
    ("sequence_free", (submit(2), submit(2))),
    ("response_asked", (encode(pdu.DeliverSmResp(sequence_number=77)),)),
    ("window", tuple(submit(n) for n in range(2, 13))),
    ("ton", (submit(source_addr_ton=7),)),
    ("npi", (submit(dest_addr_npi=2),)),
    ("number_digits", (submit(destination_addr="4670ABC"),)),
    ("number_digits", (submit(source_addr_ton=0, source_addr_npi=Npi.ISDN),)),
    ("plus_sign", (submit(destination_addr="+46701234567"),)),
    ("alphanumeric_npi", (submit(source_addr_npi=Npi.ISDN),)),
    ("destination", (submit(destination_addr=""),)),
    ("service_type", (submit(service_type="X"),)),
    ("esm_class", (submit(esm_class=EsmClass.DELIVERY_RECEIPT),)),
    ("priority_flag", (submit(priority_flag=4),)),
    ("registered_delivery", (submit(registered_delivery=3),)),
    ("registered_delivery", (submit(registered_delivery=0x20),)),
    ("replace_if_present", (submit(replace_if_present_flag=2),)),
    ("time_format", (submit(validity_period="tomorrow"),)),
    ("time_format", (submit(schedule_delivery_time="240101120000"),)),
    ("time_format", (submit(validity_period="249901120000000+"),)),
    ("data_coding", (submit(data_coding=0x0B),)),
    ("text_in_alphabet", (submit(data_coding=8, short_message=b"odd"),)),
    ("text_in_alphabet", (submit(data_coding=1, short_message=b"\xe4"),)),
    ("text_in_alphabet", (submit(short_message=b"\xff"),)),
    ("sm_length", (submit(short_message=b"a" * 255),)),
    ("text_once", (submit(tlvs=(tlv.MESSAGE_PAYLOAD.make(b"hello"),)),)),
    ("udh_readable", (submit(esm_class=EsmClass.UDHI, short_message=b"\x30text"),)),
    ("udh_flagged", (submit(short_message=bytes((5, 0, 3, 7, 2, 1)) + b"text"),)),
    (
        "numbered_once",
        (
            submit(
                esm_class=EsmClass.UDHI,
                short_message=bytes((5, 0, 3, 7, 2, 1)) + b"text",
                tlvs=(tlv.SAR_MSG_REF_NUM.make(7),),
            ),
        ),
    ),
    ("part_number", (part(3, 2),)),
    ("part_totals", (part(1, 2, 2), part(2, 3, 3))),
    ("tlv_known", (submit(tlvs=((0x0999, b"x"),)),)),
    ("tlv_length", (submit(tlvs=((tlv.USER_MESSAGE_REFERENCE.tag, b"\1"),)),)),
    ("tlv_once", (submit(tlvs=(tlv.SOURCE_PORT.make(1), tlv.SOURCE_PORT.make(2))),)),
    ("tlv_place", (submit(tlvs=(tlv.RECEIPTED_MESSAGE_ID.make("1"),)),)),
    ("tlv_place", (submit(tlvs=(tlv.SET_DPF.make(1),)),)),
]


@pytest.mark.parametrize(("rule", "sends"), SENDS)
async def test_what_an_esme_sends_wrong_is_found_and_nothing_else(
    rule: str, sends: tuple[bytes, ...]
) -> None:
    tally = await judged(Raw(sends))
    assert tally.broken() == [rule], [tally.counts[name].told() for name in tally.broken()]


ENDS: list[tuple[str, Raw]] = [
    ("command_length", Raw((b"\0\0\0\x0f" + submit()[4:],))),
    ("command_length", Raw((b"GET / HTTP/1.0\r\n\r\n",))),
    ("unbind_first", Raw(unbinds=False)),
    ("interface_version", Raw(binds=bind(interface_version=0x40))),
    ("bind_first", Raw(binds=submit(1) + bind(2))),
    ("tlv_version", Raw((submit(tlvs=((0x1501, b"x"),)),), bind(interface_version=0x33))),
    ("sequence_first", Raw(binds=bind(5))),
    (
        "bind_allows",
        Raw((encode(Unbind(sequence_number=UNBIND_NUMBER)) + submit(0x1001),), answers=99),
    ),
]


def with_status(request: Pdu, status: CommandStatus) -> bytes:
    kind = RESPONSES[type(request)]
    return encode(kind(sequence_number=request.sequence_number, command_status=status))


def on(kind: type[Pdu], reply: Answer) -> Answer:
    return lambda request: reply(request) if isinstance(request, kind) else ok(request)


def nacked(request: Pdu) -> bytes:
    return encode(GenericNack(sequence_number=request.sequence_number))


def has_reserved_tlv(request: Pdu) -> bool:
    return any(tag == 0x0999 for tag, _ in request.tlvs)


REFUSES_TLVS: Answer = lambda request: (  # noqa: E731
    with_status(request, CommandStatus.ESME_ROPTPARNOTALLWD)
    if has_reserved_tlv(request)
    else ok(request)
)
REFUSES: Answer = lambda request: (  # noqa: E731
    ok(request) if has_reserved_tlv(request) else with_status(request, CommandStatus.ESME_RX_P_APPN)
)

# How the requests of the SMSC are answered, and the rules that are broken by it.
ANSWERS: list[tuple[list[str], Answer]] = [
    ([], ok),
    (["response_asked"], on(pdu.EnquireLink, lambda request: ok(request) * 2)),
    (["response_body"], on(pdu.DeliverSm, lambda request: whole(ok(request)[:16]))),
    (
        ["deliver_message_id"],
        on(pdu.DeliverSm, lambda r: whole(ok(r)[:16] + b"17\0")),
    ),
    (["nack_only_unknown"], on(pdu.DataSm, nacked)),
    (["unknown_tlv_taken"], REFUSES_TLVS),
    (["delivery_taken"], on(pdu.DeliverSm, REFUSES)),
    (["body"], on(pdu.EnquireLink, lambda request: whole(ok(request) + b"\0"))),
    (
        ["tlv_place"],
        on(pdu.DataSm, lambda r: whole(ok(r) + b"\x04\x24\0\1x")),
    ),
    (
        ["response_command"],
        on(
            pdu.EnquireLink,
            lambda r: encode(pdu.UnbindResp(sequence_number=r.sequence_number)) + ok(r),
        ),
    ),
]


@pytest.mark.parametrize(("rules", "answer"), ANSWERS)
async def test_how_an_esme_answers_wrong_is_found_and_nothing_else(
    rules: list[str], answer: Answer
) -> None:
    tally = await judged(
        Raw(binds=bind(kind=pdu.BindTransceiver), answer=answer, answers=REQUESTS + 1)
    )
    assert tally.broken() == rules, [tally.counts[name].told() for name in tally.broken()]


NACKS: list[tuple[str, Callable[[int], bytes]]] = [
    ("nack_status", lambda number: encode(GenericNack(sequence_number=number))),
    ("nack_unknown", lambda number: encode(pdu.EnquireLinkResp(sequence_number=number))),
]


@pytest.mark.parametrize(("rule", "nack"), NACKS)
async def test_how_an_esme_takes_an_unknown_command(
    rule: str, nack: Callable[[int], bytes]
) -> None:
    tally = await judged(Raw(nack=nack, answers=2))
    assert tally.broken() == [rule]


async def test_a_receiver_that_submits_sends_what_its_bind_does_not_allow() -> None:
    tally = await judged(Raw((submit(),), bind(kind=pdu.BindReceiver)))
    assert tally.broken() == ["bind_allows"]


@pytest.mark.parametrize(("rule", "esme"), ENDS)
async def test_how_an_esme_begins_and_ends_wrong_is_found_and_nothing_else(
    rule: str, esme: Raw
) -> None:
    tally = await judged(esme)
    assert tally.broken() == [rule], [tally.counts[name].told() for name in tally.broken()]


async def test_a_wrong_password_tried_again_at_once_is_found() -> None:
    wrong = Raw(binds=bind(password="wrong"))
    tally = await judged(wrong, wrong, accounts={"us": "secret"})
    assert tally.broken() == ["refused_bind"]


async def test_a_storm_of_binds_is_found() -> None:
    tally = await judged(*[Raw() for _ in range(21)])
    assert tally.broken() == ["bind_calmly"]


async def test_what_no_bind_could_take_is_told() -> None:
    async with examiner() as own:
        await Raw(answers=2).play(own.port)
        skipped = own.skipped
    assert [line.split(":")[0] for line in skipped if "enquire_link" in line] == []
    assert "MO in UCS-2: no bind may receive, or it ended first" in skipped


@pytest.mark.parametrize("is_kept_up", [True, False])
async def test_an_esme_that_was_unbound_is_seen_to_bind_again_or_not(
    is_kept_up: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A keeper binds again; a second connection that nobody makes is awaited in vain."""
    if not is_kept_up:
        monkeypatch.setattr(module, "REBIND_S", 0.1)
    again_s = 0.01 if is_kept_up else 60
    bound = asyncio.Event()
    async with examiner() as own, asyncio.timeout(DEADLINE_S):
        config = EsmeConfig(host="127.0.0.1", port=own.port, system_id="us", password="secret")
        keeper = Keeper(
            [config],
            on_request=lambda esme, request: esme.respond(request),
            on_bound=lambda esme: bound.set(),
            on_change=lambda state, why: None,
            fail=lambda error: None,
            backoff=BackoffConfig(min_s=again_s, attempt_interval_s=again_s),
        )
        keeper.start()
        await bound.wait()
        bound.clear()
        await own.run(asyncio.Event(), for_s=0.1)
        if is_kept_up:
            await bound.wait()
        await keeper.stop()
    assert own.tally.broken() == ([] if is_kept_up else ["binds_again"])
    assert own.tally.counts["binds_again"].judged == 1


async def test_the_end_is_when_the_esme_has_unbound() -> None:
    async with examiner() as own, asyncio.timeout(DEADLINE_S):
        running = asyncio.create_task(own.run(asyncio.Event(), for_s=None))
        await Raw().play(own.port)
        await running


def test_every_rule_has_an_esme_that_breaks_it() -> None:
    named = {"binds_again", "bind_calmly", "refused_bind"}  # by a test of their own
    named |= {rule for rule, _ in [*SENDS, *ENDS, *NACKS]}
    named |= {rule for rules, _ in [*ANSWERS, *IN_TIME] for rule in rules}
    assert named == RULES.keys()
