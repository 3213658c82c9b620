"""The demo's requests: every kind a customer sends, from a seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from pipeline import topics
from pipeline.codec import Codec
from pipeline.ids import MessageId
from pipeline.records import Binary, MtRequest

PLAIN = "Your parcel {n} is on its way and arrives today between 14 and 16. Reply STOP to end."
EMOJI = "Grattis på födelsedagen {n}! 🎂🎈 Хорошего дня"
LONG = (
    "Dear customer {n}, the annual meeting is moved to the large hall on the second floor. "
    "Doors open at 17:30, coffee is served, and the agenda with all enclosures {{see page 2}} can "
    "be read at the entrance. Members who can't attend may vote by proxy until Friday noon. "
    "Questions are answered by the board every weekday between nine and four. Warm welcome!"
)
OTP = "{n} is your code. It is valid for five minutes; tell it to nobody."
PORT_HEADER = bytes.fromhex("0605040b8423f0")  # WAP push port as a 16-bit application port element

# How many of 100 requests are of each kind.
SHARES = {
    "plain": 46,
    "emoji": 14,
    "long": 10,
    "otp": 10,
    "binary": 6,
    "flash": 6,
    "bad_number": 2,
    "bad_sender": 2,
    "repeat": 3,
    "mismatch": 1,
}


@dataclass(frozen=True, slots=True)
class Sending:
    """One request as it is published."""

    topic: str
    value: bytes
    message_id: MessageId
    kind: str


def sendings(count: int, seed: int, codec: Codec, run: str) -> Iterator[Sending]:
    """`count` requests; `run` makes their ids unlike those of other runs."""
    dice = random.Random(seed)
    kinds, weights = list(SHARES), list(SHARES.values())
    earlier: list[MtRequest] = []
    for number in range(count):
        kind = dice.choices(kinds, weights)[0]
        if kind in ("repeat", "mismatch") and not earlier:
            kind = "plain"
        if kind == "repeat":
            request = dice.choice(earlier)
        elif kind == "mismatch":
            request = msgspec.structs.replace(
                dice.choice(earlier), text="Another text.", binary=None
            )
        else:
            request = _request(kind, MessageId(f"{run}-{number}"), number, dice)
            if not kind.startswith("bad_"):
                earlier.append(request)
        topic = topics.MT_REQUEST_BY_LANE["priority" if request.class_ == "otp" else "normal"]
        value = codec.encode(request, topic) if dice.random() < 0.5 else _json(request)
        assert request.message_id is not None
        yield Sending(topic, value, request.message_id, kind)


def _request(kind: str, message_id: MessageId, number: int, dice: random.Random) -> MtRequest:
    country = dice.choice(("4670", "4479"))
    to = f"+{country}{dice.randrange(10_000_000):07}"
    base = MtRequest(message_id=message_id, to=to, from_="ACME")
    change = msgspec.structs.replace
    match kind:
        case "emoji":
            return change(base, text=EMOJI.format(n=number))
        case "long":
            return change(base, text=LONG.format(n=number))
        case "otp":
            return change(base, text=OTP.format(n=f"{number:06}"), class_="otp", validity_s=300)
        case "binary":
            return change(base, binary=Binary(data=dice.randbytes(60), udh=PORT_HEADER))
        case "flash":
            return change(base, text=f"Alarm {number}: door open", flash=True)
        case "bad_number":
            return change(base, to="not-a-number", text=PLAIN.format(n=number))
        case "bad_sender":
            return change(base, from_="MYBANK", text=PLAIN.format(n=number))
        case _:
            return change(base, text=PLAIN.format(n=number))


def _json(request: MtRequest) -> bytes:
    """As a producer without Avro writes it: only what differs from the defaults."""
    defaults = {field.encode_name: field.default for field in msgspec.structs.fields(MtRequest)}
    fields = msgspec.to_builtins(request)
    return msgspec.json.encode(
        {name: value for name, value in fields.items() if value != defaults[name]}
    )
